"""The key and the hash of an item from one decode: what is asked of each item of a file, whose keys are compared."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from dynasmith.items.digest import general_hash
from dynasmith.items.digest_code import CONTENTS, digest_lines
from dynasmith.items.key import KeySchema, KeyType, key_bytes, key_of
from dynasmith.items.number import number_text
from dynasmith.items.shape_inference import FIRST, ItemShape, ShapeLearner
from dynasmith.items.wire import RawItem
from dynasmith.limits import PARTITION_KEY_VALUE_MAX_BYTES

_LENGTHS: Final = tuple(length.to_bytes(4, "big") for length in range(PARTITION_KEY_VALUE_MAX_BYTES + 1))
"""Longer keys are read the general way."""

_BYTES: Final[dict[KeyType, str]] = {
    "S": "{}.encode()",
    "N": "number_text(decimal({})).encode()",
    "B": "base64({}, strict_mode=True)",
}


def keyed_reader(key: KeySchema, *, first: int = FIRST) -> Callable[[RawItem | bytes], tuple[bytes, bytes]]:
    """A function that reads the items of one table: what ``key_bytes`` and ``item_hash`` (as 16 bytes) say of each.

    It has memory (of names of attributes, never of values), for one thread. A key costs 1 us beside its digest. Raises
    ItemInvalid as ``item_hash`` does, then as ``key_of``.
    """

    def general(raw: RawItem | bytes, tree: Any) -> tuple[bytes, bytes]:
        made = general_hash(raw, tree)
        return key_bytes(key_of(raw, key)), made

    return ShapeLearner(general, lambda shape: key_and_hash_source(shape, key), CONTENTS, first=first)


def key_and_hash_source(shape: ItemShape, key: KeySchema) -> tuple[str, dict[str, Any]]:
    """The code of a digest, and the key from the same values. Every item that was learnt had its key, of its type."""
    lines, names = digest_lines(shape)
    names |= {"LENGTHS": _LENGTHS, "number_text": number_text, "decimal": Decimal}
    fields = {name: attribute for attribute, name, _, _ in shape.known()}
    parts = []
    for number, part in enumerate(key.parts):
        lines.append(f"p{number} = {_BYTES[part.type].format(f'v.{fields[part.name]}.v')}")
        parts.append(f"LENGTHS[len(p{number})], p{number}, ")
    lines += ["k = hasher()", f"k.update(join(({''.join(parts)})))", "return k.digest(), h.digest()"]
    return "\n ".join(["def read(v):", *lines]), names
