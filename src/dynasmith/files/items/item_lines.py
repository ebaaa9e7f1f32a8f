"""Items as lines of text: what a file, or standard output, gets of a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.errors import DataError, ItemInvalid
from dynasmith.files.items.destination import Style
from dynasmith.items.plain import inexact_kind, plain_from_item
from dynasmith.items.wire import decode_item
from dynasmith.ports.items import DeadLetter, Item


class ItemLines:
    """The lines of a style; ``key`` names the key attributes, for messages. CSV has the lines of DynamoDB JSON."""

    def __init__(self, style: Style, key: Sequence[str]) -> None:
        self._style = style
        self._key = key

    def text(self, items: Sequence[Item]) -> tuple[bytes, list[DeadLetter]]:
        """The lines of a page, and what has no form in them. Raises DataError for what plain JSON cannot hold."""
        if self._style not in ("plain", "plain-lossy"):
            return _enveloped(items), []
        lines: list[bytes] = []
        dead: list[DeadLetter] = []
        for item in items:
            try:
                whole = decode_item(item)
                if self._style == "plain":
                    self._check_exact(whole)
                lines.append(plain_from_item(whole) + b"\n")
            except ItemInvalid as error:
                dead.append(DeadLetter(code="rejected", reason=error.message, item=bytes(item)))
        return b"".join(lines), dead

    def _check_exact(self, item: Mapping[str, Any]) -> None:
        """Raise DataError for an item that plain JSON cannot hold: it would come back as another one."""
        for name, value in item.items():
            if kind := inexact_kind(value):
                key = ", ".join(f"{name}={item.get(name)}" for name in self._key)
                raise DataError(
                    f"Item {key} has {kind} in attribute {name}, which plain JSON cannot hold.",
                    hint="cancel this job and export with --format dynamodb, or with plain-lossy, which writes sets as "
                    "lists and binary as base64 text",
                )


def _enveloped(items: Sequence[Item]) -> bytes:
    """A line for each item, all joined at once."""
    if not items:
        return b""
    inner = b'}\n{"Item":'.join(items)
    if inner.count(b"\n") >= len(items) or b"\r" in inner:
        # A line break in JSON stands between tokens only, so taking it out changes nothing.
        inner = b'}\n{"Item":'.join([bytes(item).translate(None, b"\r\n") for item in items])
    return b'{"Item":%b}\n' % inner
