"""A table that is written as a definition reads back as that very table."""

from hypothesis import HealthCheck, given, settings

from dynasmith.files.reading import read_text
from dynasmith.tables.document import Node
from dynasmith.tables.parse import Parsed, Reading, parse
from dynasmith.tables.render import render_json, render_yaml
from dynasmith.tables.table import Table
from strategies import tables


def _read(text: str, suffix: str) -> Parsed:
    node = read_text(text, f"t{suffix}", suffix)
    assert isinstance(node, Node), node
    return parse([node], Reading())


@given(tables())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_yaml_reads_back_as_the_same_table(table: Table) -> None:
    text = render_yaml([table])
    parsed = _read(text, ".yaml")
    assert [finding.sentence for finding in parsed.errors] == []
    assert parsed.tables == (table,), text


@given(tables())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_json_reads_back_as_the_same_table(table: Table) -> None:
    parsed = _read(render_json([table]), ".json")
    assert [finding.sentence for finding in parsed.errors] == []
    assert parsed.tables == (table,)
