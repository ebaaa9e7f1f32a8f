"""For the tests of definitions: read one that stands in a test, and a sound table to break."""

import copy
import json
from textwrap import dedent
from typing import Any

from dynasmith.files.documents import read_text
from dynasmith.tables.findings import DefinitionFinding
from dynasmith.tables.parse import ParsedDefinitions, ParseOptions, parse
from dynasmith.tables.table import Table

SOUND: dict[str, Any] = {
    "name": "orders",
    "attributes": [{"name": "customer_id", "type": "S"}, {"name": "order_id", "type": "S"}],
    "key_schema": [
        {"attribute_name": "customer_id", "key_type": "HASH"},
        {"attribute_name": "order_id", "key_type": "RANGE"},
    ],
}


def sound(**changes: Any) -> dict[str, Any]:
    """A sound table with some keys changed; None removes one."""
    table = {**copy.deepcopy(SOUND), **changes}
    return {key: value for key, value in table.items() if value is not None}


def gsi(name: str, partition: str = "customer_id", **more: Any) -> dict[str, Any]:
    """A global index on an attribute of the sound table."""
    return {"name": name, "key_schema": [{"attribute_name": partition, "key_type": "HASH"}], **more}


def lsi(name: str, sort: str, **more: Any) -> dict[str, Any]:
    """A local index of the sound table."""
    schema = [
        {"attribute_name": "customer_id", "key_type": "HASH"},
        {"attribute_name": sort, "key_type": "RANGE"},
    ]
    return {"name": name, "key_schema": schema, **more}


def read(text: str, reading: ParseOptions | None = None, suffix: str = ".yaml") -> ParsedDefinitions:
    """What a text says; a text of no format gives its finding."""
    file = f"tables/orders{suffix}"
    node = read_text(dedent(text).lstrip("\n"), file, suffix)
    if isinstance(node, DefinitionFinding):
        return ParsedDefinitions(tables=(), findings=(node,))
    return parse([node], reading or ParseOptions())


def read_tables(*tables: dict[str, Any], reading: ParseOptions | None = None, **more: Any) -> ParsedDefinitions:
    """What a document with these tables says."""
    return read(json.dumps({"tables": list(tables), **more}, indent=1), reading, ".json")


def one(parsed: ParsedDefinitions) -> Table:
    """The only table of a document without mistakes."""
    assert [finding.sentence for finding in parsed.errors] == []
    (table,) = parsed.tables
    return table


def only(parsed: ParsedDefinitions) -> DefinitionFinding:
    """The only finding."""
    sentences = [finding.sentence for finding in parsed.findings]
    assert len(sentences) == 1, sentences
    return parsed.findings[0]
