"""A resource policy in one spelling, so that what was written and what the service answers compare equal."""

import json
from typing import Any

from dynasmith.tables.document_shape import canonical_json


def canonical_policy(policy: str | dict[str, Any]) -> str:
    """The policy as canonical JSON text: sorted keys, no spaces. ValueError where the text is no JSON object."""
    value = json.loads(policy) if isinstance(policy, str) else policy
    if not isinstance(value, dict):
        raise ValueError("a policy is a JSON object")  # noqa: TRY004  # wrong text, not a wrong call
    return canonical_json(value)
