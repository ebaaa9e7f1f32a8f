"""One document in three formats: the same values, each with its own line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.files.json_text import read_json
from dynasmith.files.text_error import BrokenText
from dynasmith.files.toml_text import read_toml
from dynasmith.files.yaml_text import plain_scalar, read_yaml

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(values, st.sampled_from((None, 1, "\t")), st.booleans())
def test_json_reads_what_the_standard_library_reads(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_json(text, "f").plain() == value


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \n\\u', max_size=40))
def test_json_refuses_what_the_standard_library_refuses(text: str) -> None:
    try:
        expected = json.loads(text, object_pairs_hook=_no_pair_twice, parse_constant=_no_constant)
    except ValueError:
        with pytest.raises(BrokenText) as broken:
            read_json(text, "f")
        assert 1 <= broken.value.line <= text.count("\n") + 1
        return
    assert read_json(text, "f").plain() == expected


def _no_pair_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is said twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"a": 1,\n "b" 2}', 2, "is not JSON: a colon after \"b\" is expected, not '2'"),
        ('{"a": 1\n "b": 2}', 2, "is not JSON: a comma or } is expected, not '\"'"),
        ("{'a': 1}", 1, 'is not JSON: a name in double quotes, such as "name" is expected, not "\'"'),
        ('{"a":\n[1, 2', 2, "is not JSON: it ends before the [ of line 2 is closed"),
        ('{"a": "x', 1, "is not JSON: unterminated string starting"),
        ('{"a": NaN}', 1, "is not JSON: a value is expected, not 'N'"),
        ("{} {}", 1, "is not JSON: it goes on after its end with '{'"),
        ("[" * 100, 1, "is not JSON: it is nested deeper than 64"),
    ],
)
def test_broken_json_says_what_and_where(text: str, line: int, message: str) -> None:
    with pytest.raises(BrokenText) as broken:
        read_json(text, "f")
    assert (broken.value.line, broken.value.message) == (line, message)


YAML = """\
# orders
tables:
  - name: orders
    key_schema:
      - attribute_name: id

      - {attribute_name: other, key_type: RANGE}
    description: |
      two
      lines
"""
JSON = """\
{"tables": [
  {"name": "orders",
   "key_schema": [
     {"attribute_name": "id"},

     {"attribute_name": "other", "key_type": "RANGE"}
   ],
   "description": "two\\nlines\\n"}
]}
"""
TOML = '''\
# orders
[[tables]]
name = "orders"  # a = [
description = """
two
lines
"""

[[tables.key_schema]]
attribute_name = "id"
[[tables.key_schema]]
attribute_name = 'other'
"key_type" = "RANGE"
'''


@pytest.mark.parametrize(
    ("node", "lines"),
    [
        (read_yaml(YAML, "f"), (2, 3, 3, 4, 5, 7, 7, 8)),
        (read_json(JSON, "f"), (1, 2, 2, 3, 4, 6, 6, 8)),
        (read_toml(TOML, "f"), (2, 2, 3, 9, 9, 11, 13, 4)),
    ],
    ids=["yaml", "json", "toml"],
)
def test_every_value_knows_its_line_and_path(node: Any, lines: tuple[int, ...]) -> None:
    ways: list[tuple[tuple[str | int, ...], str]] = [
        (("tables",), "tables"),
        (("tables", 0), "tables[0]"),
        (("tables", 0, "name"), "tables[0].name"),
        (("tables", 0, "key_schema"), "tables[0].key_schema"),
        (("tables", 0, "key_schema", 0), "tables[0].key_schema[0]"),
        (("tables", 0, "key_schema", 1), "tables[0].key_schema[1]"),
        (("tables", 0, "key_schema", 1, "key_type"), "tables[0].key_schema[1].key_type"),
        (("tables", 0, "description"), "tables[0].description"),
    ]
    for (way, path), line in zip(ways, lines, strict=True):
        found = node.get(*way)
        assert (found.path, found.line) == (path, line)
    assert node.plain() == {
        "tables": [
            {
                "name": "orders",
                "key_schema": [{"attribute_name": "id"}, {"attribute_name": "other", "key_type": "RANGE"}],
                "description": "two\nlines\n",
            }
        ]
    }


def test_toml_finds_lines_in_lists_inline_tables_and_dotted_keys() -> None:
    node = read_toml(
        "a.b = [ # first\n"
        '  {name = "x]", type = "S"}, # ]\n'
        "  {name = 'y\"', n = 1.50},\n"
        "]\n"
        '[environments."eu prod".tags]\n'
        "'k.v' = 2024-01-02\n",
        "f",
    )
    assert [node.nearest("a", "b", 1, "n").line, node.nearest("a", "b", 0).column] == [3, 3]
    last = node.nearest("environments", "eu prod", "tags", "k.v")
    assert (last.value, last.line, last.path) == ("2024-01-02", 6, 'environments["eu prod"].tags["k.v"]')
    assert (node.nearest("a", "b", 1, "n").value, node.nearest("a", "b", 1, "n").text) == (1.5, "1.50")


def test_yaml_anchors_and_merge_keys_are_followed() -> None:
    node = read_yaml(
        "base: &base {a: 1, b: 2}\nmine: {<<: *base, b: 3}\nboth: {<<: [{a: 9}, *base], '<<': text}\n", "f"
    )
    assert node.plain("mine") == {"a": 1, "b": 3}
    assert node.plain("both") == {"a": 9, "b": 2, "<<": "text"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [*x]", "a[0] holds itself through an alias"),
        ("a: !Ref b", "uses the tag !Ref, and a definition has no tags"),
        ("a: !!int '5'", "uses the tag !!int, and a definition has no tags"),
        ("a: !!set {b, c}", "uses the tag !!set, and a definition has no tags"),
        ("a: !!python/object/apply:os.system [b]", "and a definition has no tags"),
        ("? [a]\n: b", "a key must be text"),
        ("a: 1\nb:\n  - c: 1\n    c: 2", "b[0].c is defined twice, first in line 3"),
        ("a: 1\n---\nb: 2", "is not YAML: but found another document"),
        ("a: \x07", "is not YAML: "),
        ("[" * 70 + "]" * 70, " is nested deeper than 64"),
    ],
)
def test_yaml_that_means_no_document_is_refused(text: str, message: str) -> None:
    with pytest.raises(BrokenText) as broken:
        read_yaml(text, "f")
    assert message in broken.value.message


def test_aliases_do_not_multiply_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(BrokenText, match="holds more than 500000 values"):
        read_yaml("\n".join(lines), "f")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("N", "N"),
        ("12:30", "12:30"),
        ("2024-01-02", "2024-01-02"),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("True", True),
        ("~", None),
        ("", None),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-12", -12),
        (".inf", ".inf"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)
