"""Resource policies: one spelling to keep and send, one form to compare, and words for the table's own ARNs."""

import json
import re
from typing import Any, Final

from dynasmith.tables.document_shape import canonical_json

TABLE_ARN: Final = "{table_arn}"
STREAM_ARN: Final = "{stream_arn}"
"""What a definition says for the ARN of its own table and of that table's stream."""

_ROOT = re.compile(r"arn:[a-z0-9-]+:iam::(\d{12}):root\Z")
_LISTED = ("Action", "NotAction", "Resource", "NotResource")


def canonical_policy(policy: str | dict[str, Any]) -> str:
    """The policy as canonical JSON text: sorted keys, no spaces. ValueError where the text is no JSON object."""
    value = json.loads(policy) if isinstance(policy, str) else policy
    if not isinstance(value, dict):
        raise ValueError("a policy is a JSON object")  # noqa: TRY004  # wrong text, not a wrong call
    return canonical_json(value)


def same_policy(one: str | None, other: str | None) -> bool:
    """Whether two policies say the same, however they are spelt: the order of statements, actions and resources means
    nothing, nor does one element against a list of one, an account against its root, or the case of an action."""
    if one is None or other is None or one == other:
        return one == other
    return policy_form(one) == policy_form(other)


def policy_form(text: str) -> str:
    """A policy without what means nothing; equal for policies that say the same. Other text stays as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, dict):
        return text
    statements = [_statement(each) for each in _list(value.get("Statement"))]
    form = {
        **{name: part for name, part in value.items() if part},
        "Version": value.get("Version") or "2008-10-17",  # what IAM takes where none is said
        "Statement": sorted(statements, key=canonical_json),
    }
    return canonical_json(form)


def placed(text: str, table_arn: str, stream_arn: str) -> str:
    """A policy with the ARNs that its words stand for; a word whose ARN is not known yet (empty) stays."""
    for word, arn in ((TABLE_ARN, table_arn), (STREAM_ARN, stream_arn)):
        text = text.replace(word, arn) if arn else text
    return text


def with_words(text: str, table_arn: str, stream_arn: str) -> str:
    """A policy with words in place of the table's own ARNs: what `placed` makes that policy of again."""
    for word, arn in ((STREAM_ARN, stream_arn), (TABLE_ARN, table_arn)):
        text = re.sub(re.escape(arn) + r"(?![A-Za-z0-9_.:-])", word, text) if arn else text
    return text


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: object) -> list[str]:
    """A value or a list of them as a set of texts, sorted: 5, "5" and true, "true" are one to a policy."""
    return sorted({each if isinstance(each, str) else json.dumps(each) for each in _list(value)})


def _statement(statement: object) -> Any:
    if not isinstance(statement, dict):
        return statement
    form: dict[str, Any] = {}
    for name, part in statement.items():
        if name in ("Action", "NotAction"):
            form[name] = sorted({each.lower() for each in _texts(part)})
        elif name in _LISTED:
            form[name] = _texts(part)
        elif name in ("Principal", "NotPrincipal"):
            form[name] = _principals(part)
        elif name == "Condition" and isinstance(part, dict):
            form[name] = {operator: _condition(keys) for operator, keys in part.items()}
        elif part:
            form[name] = part
    return form


def _principals(part: object) -> Any:
    """``*`` is every AWS principal; an account's number is its root."""
    if not isinstance(part, dict):
        return {"AWS": [part]}
    return {kind: sorted({_ROOT.sub(r"\1", each) for each in _texts(value)}) for kind, value in part.items()}


def _condition(keys: object) -> Any:
    """Names of condition keys have no case, and one value is a list of one."""
    if not isinstance(keys, dict):
        return keys
    return {name.lower(): _texts(value) for name, value in keys.items()}
