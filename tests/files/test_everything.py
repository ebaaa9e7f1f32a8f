"""The definition that shows every key: it is read whole, with doubts at most, and its own words come back."""

from pathlib import Path

from msgspec import UnsetType

from dynasmith.files.definitions import load_definitions
from dynasmith.tables.table import Table

EVERYTHING = Path(__file__).with_name("everything.yaml")
# A table without a witness Region, and what only an on-demand table has, cannot stand beside the rest.
LEFT_OUT = {"witness_region"}


def test_the_definition_with_every_key_is_read() -> None:
    found = load_definitions([EVERYTHING], "prod", {})
    (table,) = found.tables
    assert {finding.severity for finding in found.findings} <= {"warning"}
    assert table.deletion_protection is True
    assert table.tags == {"team": "checkout", "env": "dev"}
    unset = {name for name in Table.__struct_fields__ if isinstance(getattr(table, name), UnsetType)}
    assert unset == LEFT_OUT
