"""reference/definition.md of the site, written from the tree of keys that the parser reads."""

from __future__ import annotations

from typing import Final

from dynasmith.files.project_settings import PROJECT
from dynasmith.tables.definition_keys import TABLE
from pages.definition_keys import keys_of
from pages.key_examples import example_of

_HEAD: Final = """\
# Definition files and the project file: reference

This page is made from the tree of keys that the parser itself reads; a test
holds the two together. How to write definitions, with examples: [the guide](../guide/definitions.md).

A definition file is JSON, YAML or TOML with these keys:

| key | value | what it says |
| --- | --- | --- |
| `tables` **needed** | list of tables | The tables; see below. |
| `environments` | map of names to `{tables: [...]}` | What differs in an environment, merged by name. |
| `$schema` | text | The JSON Schema (`dynasmith schema`), for editors; not read. |

What a table does not mention is not managed: it is left as it is. `null` says the same, so that an environment can
let go of a setting. `[]` says that none is wanted, `{enabled: false}` that something is off.
"""
_MISTAKES: Final = """\
## Mistakes

Every mistake is told at once, with its place. [Mistakes of definitions](definition-mistakes/index.md) has a page for
each code, those of the service's rules among them.
"""
_PROJECT: Final = """\
## The project file

`dynasmith.toml`, or `[tool.dynasmith]` in `pyproject.toml`, found upward from the working directory or `--directory`.
`--config` names another one, or a definition file. Without one, `tables_config.json` in the working directory serves.
The environments `local` (the embedded engine on `http://127.0.0.1:8000`) and `aws` exist without being declared.
Files and folders are relative to the project file. Secrets stand in it as `${VAR}` only.
"""


def definition_page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD, "## A table\n", *keys_of(TABLE, example_of=example_of), _MISTAKES]
    return "\n".join([*parts, _PROJECT, *keys_of(PROJECT)]).rstrip("\n") + "\n"
