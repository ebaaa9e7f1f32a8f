"""A table that is written as a definition reads back as that very table."""

import pytest
from hypothesis import HealthCheck, given, settings

from dynasmith.files.documents import read_text
from dynasmith.tables.document import Node
from dynasmith.tables.document_of import document_of
from dynasmith.tables.parse import ParsedDefinitions, ParseOptions, parse
from dynasmith.tables.render import bare_name, render_json, render_yaml
from dynasmith.tables.table import Access, Key, KeyAttribute, Table
from strategies import tables


def _read(text: str, suffix: str) -> ParsedDefinitions:
    node = read_text(text, f"t{suffix}", suffix)
    assert isinstance(node, Node), node
    return parse([node], ParseOptions())


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


def test_the_file_looks_as_a_person_would_write_it() -> None:
    text = """\
# made by import
tables:
  - name: orders
    attributes:
      - {name: id, type: S}
      - {name: status, type: S}
    key_schema:
      - {attribute_name: id, key_type: HASH}
    billing_mode: PAY_PER_REQUEST
    global_secondary_indexes:
      - name: by_status
        key_schema:
          - {attribute_name: status, key_type: HASH}
        projection: {type: INCLUDE, attributes: [note, total]}
    stream: {view_type: NEW_AND_OLD_IMAGES}
    point_in_time_recovery: {enabled: true, recovery_days: 35}
    kinesis_destination: {enabled: false}
    resource_policy:
      Statement:
        - {Action: "dynamodb:GetItem", Effect: Deny}
      Version: "2012-10-17"
    triggers:
      - {function: f, filter_pattern: {eventName: [INSERT]}}
    tags: {team: checkout, "no": "yes", price: "$${x}", when: "2024-01-02"}
    items:
      - {id: "1", ratio: 0.5, none: null}
"""
    parsed = _read(text.replace("{function: f, filter_pattern: {eventName: [INSERT]}}", "{function: f}"), ".yaml")
    assert parsed.findings == ()
    again = render_yaml(parsed.tables, comment="made by import")
    assert again == text.replace("{function: f, filter_pattern: {eventName: [INSERT]}}", "{function: f}")


def test_a_filter_pattern_is_written_as_a_map() -> None:
    table = _read(
        "tables: [{name: abc, attributes: [{name: i, type: S}], key_schema: [{attribute_name: i, key_type: HASH}],"
        ' stream: {view_type: KEYS_ONLY}, triggers: [{function: f, filter_pattern: \'{"b": [1], "a": ["x"]}\'}]}]',
        ".yaml",
    ).tables[0]
    assert document_of(table)["triggers"] == [{"function": "f", "filter_pattern": {"a": ["x"], "b": [1]}}]
    assert _read(render_yaml([table]), ".yaml").tables == (table,)


@pytest.mark.parametrize(
    ("name", "bare"), [("p-orders-s", "orders"), ("orders-s", "orders-s"), ("p-orders", "p-orders"), ("p--s", "p--s")]
)
def test_prefix_and_suffix_are_taken_off_where_both_are_there(name: str, bare: str) -> None:
    assert bare_name(name, "p-", "-s") == bare


def test_names_come_back_with_prefix_and_suffix() -> None:
    key = Key(partition=(KeyAttribute(name="id", type="S"),))
    table = Table(name="p-orders-s", key=key)
    for text, file in (
        (render_yaml([table], prefix="p-", suffix="-s"), ".yaml"),
        (render_json([table], prefix="p-", suffix="-s"), ".json"),
    ):
        node = read_text(text, f"t{file}", file)
        assert isinstance(node, Node)
        assert "name" in text
        assert parse([node], ParseOptions(prefix="p-", suffix="-s")).tables == (table,)


def test_no_table_is_an_empty_list() -> None:
    assert render_yaml([], comment="none") == "# none\ntables: []\n"


def test_access_to_all_indexes_reads_back_as_that_and_not_as_an_index_of_that_name() -> None:
    entry = "{name: abc, attributes: [{name: i, type: S}], key_schema: [{attribute_name: i, key_type: HASH}], access: "
    for written in ("all", "[all]", "[by_status, all]"):
        table = _read(f"tables: [{entry}[{{role: app, allow: [read], indexes: {written}}}]}}]", ".yaml").tables[0]
        assert table.access == (Access(role="app", allow=("read",), indexes="all"),)
        assert _read(render_yaml([table]), ".yaml").tables == (table,)
