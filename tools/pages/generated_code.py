"""reference/generated-code.md of the site, written from the generators: the code that is made for one sample item."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from dynasmith.items.digest_code import digest_source
from dynasmith.items.item_reader import native_source
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.items.key_and_hash import key_and_hash_source
from dynasmith.items.shape_inference import ItemShape
from dynasmith.items.specialized_reader import plan_source
from dynasmith.items.writer import writer_source

SAMPLE: Final[tuple[dict[str, dict[str, Any]], ...]] = (
    {
        "id": {"S": "order-1"},
        "total": {"N": "12.50"},
        "paid": {"BOOL": True},
        "tags": {"SS": ["gift"]},
        "address": {"M": {"city": {"S": "London"}}},
        "note": {"S": "leave it at the door"},
    },
    {
        "id": {"S": "order-2"},
        "total": {"N": "3"},
        "paid": {"BOOL": False},
        "tags": {"SS": ["new"]},
        "address": {"M": {"city": {"S": "Paris"}}},
    },
)
"""Two items of one table; the second has no ``note``."""

_KEY: Final = KeySchema((KeyPart("id", "S"),))

_HEAD: Final = """# Generated code

A transform that touches every attribute, a digest and a transform that changes the same attributes of every item run
code that dynasmith makes for the items of one table. This page shows that code for two sample items:

```json
{items}
```

The first items of a table (64) are read one value at a time. What they have in common is their shape: the attributes,
their types, and which of them some items lack (`note` here). Then a decoder for exactly this shape is made: a msgspec
struct whose fields are `v.f0`, `v.f1` ... in the order in which the attributes were seen first; `.v` is the content of
the one type that an attribute had. Beside it, straight-line code is made that reads the struct.

An item of another shape raises in the decoder or in the code, and is then read one value at a time, which also decides
what is wrong with it. So this code never decides what is right, only how fast. No text of an item becomes code:
attribute names and values are arguments, shown here as assignments above it.
"""


def shape_of(items: tuple[dict[str, dict[str, Any]], ...]) -> ItemShape:
    """What the items have in common."""
    shape = ItemShape()
    for item in items:
        shape.learn(item)
    return shape


def generated_code_page() -> str:
    """The whole page, in Markdown."""
    shape = shape_of(SAMPLE)
    foreseen, values, _, _ = plan_source(shape, ["total"], ["total"])
    sections = (
        ("Reading whole items", "`v` is a decoded item; the result is what a transform gets.", *native_source(shape)),
        (
            "Writing whole items",
            "`v` is an item as a transform left it; its values go into a tree that is made once and encoded as JSON.",
            *writer_source(shape),
        ),
        (
            "Changing the same attributes of every item",
            "For a transform that assigns `total` in every item: only `total` is decoded, and put into the item again.",
            foreseen,
            values,
        ),
        ("Hashing an item", "The hash of the [digest `ds1`](digest.md).", *digest_source(shape)),
        (
            "The key and the hash of an item",
            "For items of files, whose keys are compared: the hash of the key `id`, and that of the item.",
            *key_and_hash_source(shape, _KEY),
        ),
    )
    items = "\n".join(msgspec.json.encode(item).decode() for item in SAMPLE)
    return _HEAD.replace("{items}", items) + "".join(_section(*section) for section in sections)


def _section(title: str, text: str, source: str, names: Mapping[str, Any]) -> str:
    code = _formatted("\n".join([*_constants(source, names), source]))
    return f"\n## {title}\n\n{text}\n\n```python\n{code}```\n"


def _constants(source: str, names: Mapping[str, Any]) -> Iterator[str]:
    """The texts and bytes that the code is given by name, as assignments."""
    used = set(re.findall(r"\b[a-zA-Z_]\w*\b", source))
    for name, value in names.items():
        if name in used and isinstance(value, str | bytes | int):
            yield f"{name} = {value!r}"


def _formatted(source: str) -> str:
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "-"]
    return subprocess.run(ruff, input=source, capture_output=True, text=True, check=True).stdout
