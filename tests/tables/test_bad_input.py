"""The list of bad input: each mistake gives one clear sentence with file, line and path, and several come at once."""

from typing import Any

import pytest

from definitions import SOUND, gsi, only, read, read_tables, sound


@pytest.mark.parametrize(
    ("text", "suffix", "sentence"),
    [
        (
            '{"tables": [\n  {"name": "a",}\n]}',
            ".json",
            "tables/orders.json:2: is not JSON: there is a comma before }",
        ),
        ("tables:\n  - name: [a\n", ".yaml", "tables/orders.yaml:2: is not YAML: "),
        ("[[tables]\nname = 1\n", ".toml", "tables/orders.toml:1: is not TOML: expected ']]' at the end of an array"),
        ("just: [some, words", "", "tables/orders:1: is not JSON, YAML or TOML (is not YAML: "),
        ("", ".json", "tables/orders.json:1: is not JSON: it ends where a value is expected"),
        ("- a\n- b\n", ".yaml", "tables/orders.yaml:1: is not a map with the key tables (begin with tables:)"),
        ("tables: []\ntables: []\n", ".yaml", "tables/orders.yaml:2: tables is defined twice, first in line 1"),
        ('{"a": 1, "a": 2}', ".json", "tables/orders.json:1: a is defined twice, first in line 1"),
    ],
)
def test_what_is_no_document_says_where(text: str, suffix: str, sentence: str) -> None:
    finding = only(read(text, suffix=suffix))
    assert finding.sentence.startswith(sentence)
    assert finding.severity == "error"


def test_tables_missing() -> None:
    assert only(read("{}", suffix=".json")).sentence == "tables/orders.json:1: a definition file needs tables"


def test_an_empty_file_has_no_tables() -> None:
    assert only(read("# nothing yet\n")).sentence == "tables/orders.yaml:1: a definition file needs tables"


def test_tables_misspelt_is_one_mistake() -> None:
    finding = only(read("tabels: []\n"))
    assert finding.sentence == ("tables/orders.yaml:1: tabels is not a key of a definition file (did you mean tables?)")


def test_tables_that_are_no_list() -> None:
    assert only(read("tables: {name: a}\n")).sentence == "tables/orders.yaml:1: tables expects a list, not a map"


TABLE_MISTAKES: list[tuple[str, dict[str, Any], str, str]] = [
    ("no name", sound(name=None), "D004", "tables[0] lacks name (a table needs it)"),
    ("bad name", sound(name="my orders"), "D020", "tables[0].name is 'my orders', which contains ' ' "),
    ("short name", sound(name="ab"), "D020", "tables[0].name is 'ab', which has 2 characters "),
    (
        "unknown key",
        sound(
            key_schema=[{"attribute_name": "order_id", "key_type": "HASH"}], attributes=SOUND["attributes"][1:], tag={}
        ),
        "D003",
        "tables[0].tag is not a key of a table (did you mean tags?)",
    ),
    (
        "key attribute without type",
        sound(attributes=[{"name": "customer_id", "type": "S"}]),
        "D032",
        (
            "tables[0].key_schema[1].attribute_name is order_id, which has no type in attributes "
            "(add {name: order_id, type: S} to attributes)"
        ),
    ),
    (
        "unused typed attribute",
        sound(attributes=[*SOUND["attributes"], {"name": "total", "type": "N"}]),
        "D033",
        (
            "tables[0].attributes[2] is total, which no key of the table or of an index uses "
            "(remove it: only key attributes are declared, items may have any other)"
        ),
    ),
    (
        "unknown type",
        sound(attributes=[{"name": "customer_id", "type": "STRING"}, {"name": "order_id", "type": "S"}]),
        "D006",
        'tables[0].attributes[0].type expects one of S, N, B, not "STRING"',
    ),
    (
        "two partition keys",
        sound(
            key_schema=[
                {"attribute_name": "customer_id", "key_type": "HASH"},
                {"attribute_name": "order_id", "key_type": "HASH"},
            ]
        ),
        "D030",
        (
            "tables[0].key_schema has two partition keys (key_type: HASH): customer_id, order_id "
            "(a table has exactly one key_schema entry with key_type: HASH)"
        ),
    ),
    (
        "provisioned without capacity",
        sound(billing_mode="PROVISIONED"),
        "D050",
        (
            "tables[0] is billed PROVISIONED and has no capacity "
            "(add provisioned_throughput: {read: ..., write: ...}, or autoscaling of read and write)"
        ),
    ),
    (
        "21 GSIs",
        sound(global_secondary_indexes=[gsi(f"by_{number}") for number in range(21)]),
        "D043",
        (
            "tables[0].global_secondary_indexes has 21 global indexes, at most 20 are allowed "
            "(raise gsi_per_table in [limits] where the account's quota is higher)"
        ),
    ),
]


@pytest.mark.parametrize(
    ("table", "code", "words"), [case[1:] for case in TABLE_MISTAKES], ids=[c[0] for c in TABLE_MISTAKES]
)
def test_each_mistake_of_a_table_is_one_sentence(table: dict[str, Any], code: str, words: str) -> None:
    parsed = read_tables(table)
    finding = only(parsed)
    assert finding.code == code
    place, _, rest = finding.sentence.partition(": ")
    assert rest.startswith(words)
    assert place.startswith("tables/orders.json:")
    assert parsed.tables == ()


def test_the_same_name_twice_names_both_places() -> None:
    parsed = read_tables(sound(), sound(description="again"))
    assert only(parsed).sentence == (
        "tables/orders.json:26: tables[1] is named orders, as is tables[0] in tables/orders.json:3 "
        "(a table is defined once)"
    )


def test_a_misspelt_key_says_line_path_and_what_was_meant() -> None:
    finding = only(
        read(
            """
            tables:
              - name: orders
                attributes:
                  - {name: customer_id, type: S}
                key_schema:
                  - attribute_nam: customer_id
                    key_type: HASH
            """
        )
    )
    assert finding.sentence == (
        "tables/orders.yaml:6: tables[0].key_schema[0].attribute_nam is not a key of a key_schema entry "
        "(did you mean attribute_name?)"
    )


def test_several_mistakes_come_at_once_and_a_broken_table_hides_no_other() -> None:
    parsed = read_tables(
        *(case[1] | {"name": case[1].get("name", "")} for case in TABLE_MISTAKES[1:]), sound(name="fine")
    )
    codes = [finding.code for finding in parsed.errors]
    for case in TABLE_MISTAKES[1:]:
        assert case[2] in codes, case[0]
    assert [table.name for table in parsed.tables] == ["fine"]


def test_one_table_with_mistakes_of_form_and_of_rules_tells_both() -> None:
    parsed = read_tables(
        sound(
            billing_mode="PROVISIONED",
            time_to_live={"attribut": "x"},
            tags={"aws:mine": "x", "cost": 5},
            encryption={"type": "CUSTOMER"},
        )
    )
    assert sorted(finding.code for finding in parsed.findings) == ["D003", "D005", "D050", "D073", "D074"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("hash_key: id", "did you mean key_schema with key_type: HASH?"),
        ("ttl: expires_at", "did you mean time_to_live: {attribute: ...}?"),
        ("pitr: true", "did you mean point_in_time_recovery?"),
        ("gsi: []", "did you mean global_secondary_indexes?"),
        ("zzz: 1", "its keys are name, description, attributes"),
    ],
)
def test_words_from_elsewhere_are_understood(said: str, hint: str) -> None:
    parsed = read(
        f"""
        tables:
          - name: orders
            attributes: [{{name: id, type: S}}]
            key_schema: [{{attribute_name: id, key_type: HASH}}]
            {said}
        """
    )
    assert only(parsed).hint.startswith(hint)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("deletion_protection: yes", 'expects true or false, not "yes" (write true)'),
        ("deletion_protection: off", 'expects true or false, not "off" (write false)'),
        ("description: 5", 'expects text, not the number 5 (put it in quotes: "5")'),
        ("description: true", 'expects text, not the boolean true (put it in quotes: "true")'),
        ("tags: {zip: 0123}", 'expects text, not the number 0123 (put it in quotes: "0123")'),
        ("tags: [a]", "expects a map, not a list"),
        ("stream: true", "expects a map: stream, not the boolean true (write {enabled: true})"),
        ("point_in_time_recovery: {recovery_days: '7'}", 'expects a whole number, not "7" (write it without quotes)'),
        ("point_in_time_recovery: {recovery_days: 36}", "must be between 1 and 35, not 36"),
        ("point_in_time_recovery: {recovery_days: 1.5}", "expects a whole number, not the number 1.5"),
        ("table_class: standard", 'expects one of STANDARD, STANDARD_INFREQUENT_ACCESS, not "standard" '),
        ("tags: 5", "expects a map, not the number 5"),
        ("access_patterns: ['']", "tables[0].access_patterns[0] must not be empty"),
        ("access_patterns: [[a]]", "tables[0].access_patterns[0] expects text, not a list"),
        ("access_patterns: one", 'expects a list, not "one"'),
        ("warm_throughput: {read: 1e999}", "expects a whole number, not the number 1e999"),
        ("warm_throughput: {read: true}", "expects a whole number, not the boolean true"),
        ("warm_throughput: {read: 0}", "must be at least 1, not 0"),
        ("items: [{id: a, n: 0.12345678901234567890}]", "has more digits than a plain number keeps: 0.1234"),
        ("items: [{id: a, n: [123456789012345678901234567890123456789]}]", "tables[0].items[0].n[0] has more digits"),
        ("description: {}", "expects text, not a map"),
        ("table_class: " + "S" * 70, 'not "' + "S" * 57 + '..."'),
        ("items: [5]", "expects a map: an item, plain or as DynamoDB JSON, not the number 5"),
        ("key_schema: []", "is defined twice"),
    ],
)
def test_values_of_the_wrong_kind_are_named(said: str, sentence: str) -> None:
    parsed = read(
        f"""
        tables:
          - name: orders
            attributes: [{{name: id, type: S}}]
            key_schema: [{{attribute_name: id, key_type: HASH}}]
            {said}
        """
    )
    assert sentence in only(parsed).sentence
    assert only(parsed).line == 5


def test_words_that_yaml_1_1_takes_for_booleans_are_text_where_text_is_wanted() -> None:
    parsed = read(
        """
        tables:
          - name: orders
            attributes: [{name: on, type: N}]
            key_schema: [{attribute_name: on, key_type: HASH}]
            tags: {country: NO, launched: 2024-01-02, at: 12:30, off: y}
        """
    )
    (table,) = parsed.tables
    assert table.key.names == ("on",)
    assert table.tags == {"country": "NO", "launched": "2024-01-02", "at": "12:30", "off": "y"}


def test_a_file_that_names_no_table_is_only_a_warning() -> None:
    finding = only(read("tables: []\n"))
    assert (finding.severity, finding.sentence) == ("warning", "tables/orders.yaml:1: tables names no table")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("{", "is not JSON: "), (5, "expects JSON as text, or a map, not the number 5"), ("[" * 9999, "is not JSON: ")],
)
def test_a_filter_pattern_that_is_no_json_is_named(pattern: object, words: str) -> None:
    trigger = {"function": "f", "filter_pattern": pattern}
    finding = only(read_tables(sound(triggers=[trigger], stream={"view_type": "KEYS_ONLY"})))
    assert finding.path == "tables[0].triggers[0].filter_pattern"
    assert finding.message.startswith(words)


def test_numbers_of_items_keep_their_digits_or_are_refused() -> None:
    item = {"customer_id": "c", "order_id": "o", "n": 10**60, "f": 0.1, "d": 1234567890123456789012345678901234567 * 10}
    assert read_tables(sound(items=[item])).tables[0].items == (item,)
