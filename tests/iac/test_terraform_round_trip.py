"""What is written for Terraform is read back from the state that it becomes, with the same managed settings."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.iac.hcl import HclBlock, HclExpression, HclJson
from dynasmith.iac.readers.formats import foreign_tables
from dynasmith.iac.terraform import REQUIRED, terraform_resources
from dynasmith.tables.table import Table, known
from iac.test_readers import _comparable, _plain, tables_of
from iac.test_terraform_schema import ARN, single_keys
from strategies import tables

REFERENCES = {"name": "orders", "id": "orders", "arn": ARN, "stream_arn": f"{ARN}/stream/2026"}


def value_of(value: Any) -> Any:
    """An argument as a state has it."""
    match value:
        case HclJson(inner):
            return json.dumps(value_of(inner))
        case HclExpression(text):
            found = re.sub(r"\$\{[a-z_]+\.[\w-]+\.([a-z_]+)\}", lambda each: REFERENCES[each[1]], text)
            return json.loads(found) if found.startswith('"') else REFERENCES.get(text.rpartition(".")[2])
        case dict():
            return {name: value_of(each) for name, each in value.items()}
        case list() | tuple():
            return [value_of(each) for each in value]
        case _:
            return value


def values_of(block: HclBlock) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in block.body:
        if isinstance(entry, HclBlock):
            found.setdefault(entry.words[0], []).append(values_of(entry))
        else:
            found[entry[0]] = value_of(entry[1])
    return found


def state_of(table: Table, version: int) -> dict[str, Any]:
    """`terraform show -json` of the resource of the table."""
    made = terraform_resources([table], {}, provider=version)
    resources = [
        {"address": each.address, "type": each.words[1], "mode": "managed", "values": values_of(each)}
        for each in made.blocks
        if each.words[0] == "resource"
    ]
    root = {"resources": resources}
    return {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": root}}


@pytest.mark.parametrize("version", REQUIRED)
@given(table=tables(name="orders"))
def test_a_state_reads_back_as_its_table(version: int, table: Table) -> None:
    wanted = _with_key_arn(_plain(single_keys(table) if version < 6 else table))
    (back,) = tables_of(foreign_tables(state_of(wanted, version), "the file", "terraform", {}, {}))
    said, read = _comparable(wanted), _comparable(back)
    for field in FIELDS:
        if getattr(wanted, field) is not UNSET:
            assert getattr(read, field) == getattr(said, field), field
    if back.indexes is not UNSET or version < 6:  # version 6 may have resources for them, which are not read
        parts = [[(each.name, each.key, each.projection) for each in known(one.indexes, ())] for one in (read, said)]
        assert parts[0] == parts[1]


FIELDS = (
    *("key", "stream", "recovery", "encryption", "table_class", "deletion_protection", "tags", "time_to_live"),
    *("local_indexes", "kinesis_stream", "resource_policy"),
)
"""What the resource of a table and its neighbours say of any table; capacity moves with billing."""


def _with_key_arn(table: Table) -> Table:
    """A key that is named by its ARN: an alias is looked up, and the state has the ARN."""
    encryption = known(table.encryption, None)
    if encryption is None or encryption.key is UNSET:
        return table
    return replace(table, encryption=replace(encryption, key="arn:aws:kms:us-east-1:123456789012:key/1f"))
