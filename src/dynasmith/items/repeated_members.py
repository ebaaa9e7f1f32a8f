"""Members that come twice in one JSON object: parsers keep the last one and drop the others without a word."""

import json
import re
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.value import NOT_JSON

_decode: Final = msgspec.json.Decoder(float_hook=str).decode
_encode: Final = msgspec.json.Encoder().encode
_ESCAPED_COLON: Final = re.compile(rb"\\u003[aA]")


def check_members(text: bytes) -> None:
    """Raise ItemInvalid where an object in ``text`` has two members of one name. About 1 us for a small item.

    Text that is not JSON passes: its reader says what is wrong with it.
    """
    try:
        # Each member has a colon, and one that is dropped takes its colon with it.
        if text.count(b":") == _encode(_decode(text)).count(b":") and _ESCAPED_COLON.search(text) is None:
            return
        json.loads(text, object_pairs_hook=_object, parse_int=str, parse_float=str)
    except (*NOT_JSON, ValueError):
        return


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise ItemInvalid(f"The member {twice[:60]!r} comes twice in one object.", hint="keep one of them")
    return found
