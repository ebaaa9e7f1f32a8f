"""What an item counts of the 1 MB of a page of Query or Scan: the service's stored form, not the size that it charges.

The form is not documented. Its parts are as the authors of dynalite measured them on the service: a name is one byte, a
string has one to three bytes for its length, and what an item needs beside its attributes grows with its sort key.
"""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.measures.sizes import binary_bytes, number_bytes, text_bytes

_BLOCK_BYTES = 3072
_BLOCK_OVERHEAD_BYTES = 18
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


def page_bytes(item: Mapping[str, Any], sort_key: str | None) -> int:
    """The bytes that an item takes of a page."""
    rest = sum(1 + _stored(value) for name, value in item.items() if name != sort_key)
    key_bytes = _plain(item[sort_key]) if sort_key is not None and sort_key in item else 0
    blocks = 1 + (1 + rest) // _BLOCK_BYTES
    return 2 + rest + blocks * (_BLOCK_OVERHEAD_BYTES + key_bytes)


def _plain(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return text_bytes(content)
    return number_bytes(content) if kind == "N" else binary_bytes(content)


def _stored(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        length = text_bytes(content)
        return length + (1 if length < 128 else 2 if length < 16384 else 3)
    if kind in {"N", "B"}:
        return _plain(value) + 1
    if kind in _SETS:
        return 1 + sum(1 + _plain({_SETS[kind]: member}) for member in content)
    if kind == "L":
        return 3 + sum(1 + _stored(member) for member in content)
    if kind == "M":
        return 3 + sum(2 + _stored(member) for member in content.values())
    return int(kind == "BOOL")
