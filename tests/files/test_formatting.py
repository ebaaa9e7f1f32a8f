"""fmt: the style, what stays, idempotence over made documents, and that nothing changes what a document says."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import DefinitionError, UsageError
from dynasmith.files.documents import read_text
from dynasmith.files.layout_styles.definition_format import format_file, format_text
from dynasmith.tables.document import Node
from example_counts import examples

ROOT = Path(__file__).parents[2]
YAML = """\


# yaml-language-server: $schema=x
tables:
- name:   orders   # the name
  # about attributes
  attributes:
      - {name: pk, type: S}
      -   name:  sk
          type : 'S'


      # the last one
  description: |
     two
       lines

     end
  tags: {a: b,
     c: d}
  long: one
    two

    three
  # end of orders
-
    name: "b # no comment"
    key_schema: &key
    - attribute_name: pk

      key_type: HASH
    other: *key
# the end\x20\x20

"""
FORMATTED = """\
# yaml-language-server: $schema=x
tables:
  - name: orders   # the name
    # about attributes
    attributes:
      - {name: pk, type: S}
      - name: sk
        type: 'S'

      # the last one
    description: |
       two
         lines

       end
    tags: {a: b,
       c: d}
    long: one
      two

      three
    # end of orders
  -
    name: "b # no comment"
    key_schema: &key
      - attribute_name: pk

        key_type: HASH
    other: *key
# the end
"""


def test_the_style_of_yaml() -> None:
    assert format_text(YAML, "a.yaml") == FORMATTED
    assert format_text(FORMATTED, "a.yaml") == FORMATTED
    assert format_text(YAML.replace("\n", "\r\n"), "a.yml") == FORMATTED


def test_the_style_of_json_and_toml() -> None:
    text = '{"tables":[ {"name":"a","n":1.50,"e":[],"o":{}, "deep":{"a":[1,\n2]}} ]}'
    shown = '{\n  "tables": [\n    {\n      "name": "a",\n      "n": 1.50,\n      "e": [],\n      "o": {},\n'
    shown += '      "deep": {\n        "a": [\n          1,\n          2\n        ]\n      }\n    }\n  ]\n}\n'
    assert format_text(text, "a.json") == shown
    toml = dedent("""
        # first
          a=1


        "b.c" . d   =  "x = y"  # kept
        list = [
           1, # one
        ]
        text = '''
          a = 1\x20\x20
        '''
        # about the section
        [[tables]]
        name="a"
    """)
    assert format_text(toml, "a.toml") == dedent("""\
        # first
        a = 1

        "b.c" . d = "x = y"  # kept
        list = [
           1, # one
        ]
        text = '''
          a = 1\x20\x20
        '''

        # about the section
        [[tables]]
        name = "a"
    """)


_names = st.sampled_from(["name", "tables", "a-b", "x y", "true", "12", "é", "n:m", "#h"])
_scalars: Any = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), st.text("ab #:-'\"\n\\{}[],&*é\t", max_size=12)
)
_documents = st.dictionaries(
    _names,
    st.recursive(
        _scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(_names, one, max_size=3), max_leaves=12
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@st.composite
def _yaml_texts(draw: st.DrawFn) -> str:
    """A document as many a tool or person writes it: indented by one to seven, flat lists, comments, blank lines."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, indentless and flat)

    flat = draw(st.booleans())
    text = yaml.dump(
        draw(_documents), Dumper=Dumper, indent=draw(st.integers(2, 7)), allow_unicode=True, sort_keys=False,
        default_flow_style=draw(st.sampled_from([False, None])), width=draw(st.sampled_from([20, 80])),
    )  # fmt: skip
    lines = []
    for line in text.split("\n"):
        for more in draw(st.lists(st.sampled_from(["", "  ", "# c", "    # c  "]), max_size=1)):
            lines += [more]
        lines.append(line)
    return "\n".join(lines)


def _plain(text: str, name: str) -> str:
    node = read_text(text, name, Path(name).suffix)
    assert isinstance(node, Node), (text, node)
    return repr(node.plain())


@given(_yaml_texts())
@examples(150)
def test_yaml_says_the_same_and_stays_as_it_is(text: str) -> None:
    node = read_text(text, "a.yaml", ".yaml")
    if not isinstance(node, Node):
        return  # a comment within a text made another document of it
    found = format_text(text, "a.yaml")
    assert _plain(found, "a.yaml") == _plain(text, "a.yaml")
    assert format_text(found, "a.yaml") == found
    assert not any(line.endswith(" ") and line.strip().startswith("#") for line in found.split("\n")[:1])


@given(_documents, st.sampled_from([None, 1, 3]))
@examples(100)
def test_json_says_the_same_and_stays_as_it_is(document: dict[str, Any], indent: int | None) -> None:
    import json

    text = json.dumps(document, indent=indent)
    found = format_text(text, "a.json")
    assert json.loads(found) == document
    assert format_text(found, "a.json") == found


def test_every_example_is_formatted_and_stays(tmp_path: Path) -> None:
    files = [file for file in (ROOT / "examples").rglob("*") if file.suffix in (".yaml", ".yml", ".json", ".toml")]
    assert len(files) > 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        if isinstance(read_text(text, file.name, file.suffix), Node):
            found = format_text(text, file.name)
            assert format_text(found, file.name) == found, file
            copy = tmp_path / file.name
            copy.write_text(text, encoding="utf-8")
            copy.chmod(0o640)
            assert format_file(copy, write=True) == (text, found)
            assert (copy.read_text(encoding="utf-8"), copy.stat().st_mode & 0o777) == (found, 0o640)
            assert format_file(copy, write=True) == (found, found)


def test_what_cannot_be_read_stays(tmp_path: Path) -> None:
    for name, content in (("a.yaml", b"a: [1"), ("a.json", b"{"), ("a.toml", b"a ="), ("b.yaml", b"- a")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DefinitionError):
            format_file(tmp_path / name, write=True)
        assert (tmp_path / name).read_bytes() == content
    (tmp_path / "c.yaml").write_bytes(b"a: \xff")
    for wrong in ("c.yaml", "absent.yaml", "."):
        with pytest.raises(UsageError):
            format_file(tmp_path / wrong, write=True)
    (tmp_path / "linked.yaml").write_text("a:   1\n")
    (tmp_path / "link.yaml").symlink_to("linked.yaml")
    format_file(tmp_path / "link.yaml", write=True)
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "linked.yaml").read_text() == "a: 1\n"
    assert sorted(each.name for each in tmp_path.iterdir() if each.name.startswith(".")) == []
