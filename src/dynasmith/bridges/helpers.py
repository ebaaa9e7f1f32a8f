"""Functions that stand in the modules that are written: between values and the forms of other libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HelperSource:
    """The code of one helper, the imports that it needs, and the names that it uses."""

    code: str
    imports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


HELPERS: Final = {
    "PYNAMODB_TIME": HelperSource(
        '''\
def _to_pynamodb_time(value: datetime) -> str:
    """The text of UTCDateTimeAttribute, which ends in +0000."""
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "+0000"


def _from_pynamodb_time(text: str) -> datetime:
    """The time of such a text; years before 1000 may lack their zeros."""
    return datetime.fromisoformat(text.zfill(31))


PYNAMODB_TIME = (_to_pynamodb_time, _from_pynamodb_time)''',
        ("from datetime import UTC, datetime",),
        ("datetime",),
    ),
    "JSON_TEXT": HelperSource("JSON_TEXT = (json.dumps, json.loads)", ("import json",)),
    "NUMBER_BOOL": HelperSource(
        '''\
def _to_number(value: bool) -> int:
    """A bool as 0 or 1."""
    return int(value)


NUMBER_BOOL = (_to_number, bool)'''
    ),
    "BASE64_BYTES": HelperSource(
        "BASE64_BYTES = (base64.b64encode, base64.b64decode)",
        ("import base64",),
    ),
    "BASE64_SET": HelperSource(
        '''\
def _to_base64(values: set[bytes]) -> set[bytes]:
    """Each member as its base64 text."""
    return {base64.b64encode(value) for value in values}


def _from_base64(values: set[bytes]) -> set[bytes]:
    """The members of such a set."""
    return {base64.b64decode(value) for value in values}


BASE64_SET = (_to_base64, _from_base64)''',
        ("import base64",),
    ),
    "BASE64_TEXT": HelperSource(
        '''\
def _to_base64_text(value: bytes) -> str:
    """Bytes as base64 text."""
    return base64.b64encode(value).decode("ascii")


def _from_base64_text(value: str | bytes) -> bytes:
    """The bytes of such a text; bytes are what they are."""
    return value if isinstance(value, bytes) else base64.b64decode(value)


BASE64_TEXT = (_to_base64_text, _from_base64_text)''',
        ("import base64",),
    ),
    "ISO_MILLISECONDS": HelperSource(
        '''\
def _to_milliseconds(value: datetime) -> str:
    """The text of a JavaScript date: three digits of a second, and Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


ISO_MILLISECONDS = (_to_milliseconds, datetime.fromisoformat)''',
        ("from datetime import UTC, datetime",),
        ("datetime",),
    ),
    "new_uid": HelperSource(
        '''\
def new_uid(size: int) -> str:
    """A random text of letters and digits that are not mistaken for each other."""
    return "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(size))''',
        ("import secrets",),
    ),
    "each": HelperSource(
        '''\
def each(pair: tuple[Callable[[Any], Any], Callable[[Any], Any]]) -> Any:
    """A pair for lists of values that have this pair each."""
    encode, decode = pair

    def encode_each(values: list[Any]) -> list[Any]:
        return [encode(value) for value in values]

    def decode_each(values: list[Any]) -> list[Any]:
        return [decode(value) for value in values]

    return encode_each, decode_each''',
        ("from collections.abc import Callable", "from typing import Any"),
    ),
}
"""The helpers by the name that expressions use, in the order in which they stand."""
