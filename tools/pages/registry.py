"""Which page is written by what."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from dynasmith.project.schemas import SCHEMAS, schema_text
from pages.definition import definition_page
from pages.findings import findings_page
from pages.generated_code import generated_code_page
from pages.model_reference import model_reference_page
from pages.permissions import permissions_page
from pages.strict_rules import strict_rules_page

REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "definition.md": definition_page,
    "findings.md": findings_page,
    "generated-code.md": generated_code_page,
    "models.md": model_reference_page,
    "permissions.md": permissions_page,
    "strict-rules.md": strict_rules_page,
    **{f"../schemas/{name}.schema.json": partial(schema_text, name) for name in SCHEMAS},
}
"""Files of ``REFERENCE`` and what makes their text."""
