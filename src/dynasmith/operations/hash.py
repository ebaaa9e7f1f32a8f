"""``{hash: customer_id}``: a value that is replaced by its keyed hash, the same in every table, keys included."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Self

from dynasmith.items.value import kind_of
from dynasmith.operations.fields import Fields, listed, shown
from dynasmith.operations.keyed_operation import KeyedOperation, OnOther, on_other_of, refused_value
from dynasmith.operations.operation import Item
from dynasmith.operations.text_parts import part_name, part_pattern
from dynasmith.tables.attribute_path import GONE, AttributePath, read_path


@dataclass(frozen=True, slots=True)
class Hash(KeyedOperation):
    """Replace strings, numbers and binary by their hash: ``Hash("customer_id")``.

    A whole number becomes one of 37 digits, written as text too; a UUID becomes a UUID; other text 32 letters and
    digits, binary 16 bytes. So 42, "42" and the 42 in "USER#42" still belong together.

    With ``parts`` only parts of a text are replaced: ``Hash("pk", ("USER#{id}", "PROFILE"))`` hashes what stands at
    ``{id}``. The first one that a text meets counts; a text that meets none stops the job. ``only`` names the
    parts that are hashed; without it all are.
    """

    WORD: ClassVar[str] = "hash"

    attribute: str
    parts: Sequence[str] = ()
    only: Sequence[str] = ()
    on_error: OnOther = field(default="stop", kw_only=True)
    path: AttributePath = field(init=False, repr=False, compare=False)
    patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.parts,) if isinstance(self.parts, str) else listed(self.parts)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "only", listed(self.only))
        KeyedOperation.__post_init__(self)
        object.__setattr__(self, "path", read_path(self.attribute))
        object.__setattr__(self, "patterns", tuple(pattern for each in self.parts if (pattern := part_pattern(each))))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A path, perhaps what the texts there look like, and which of their parts are hashed."""
        attribute, templates = fields.path("hash"), fields.texts("parts")
        only = fields.names("only", least=1) if fields.has("only") else ()
        parts: set[str] = set()
        for each in templates:
            pattern = part_pattern(each)
            if pattern is None:
                fields.fault(
                    "parts",
                    f"{each!r} cannot be read",
                    "write {name} for a part, each name once and text between two parts, {{ for a brace",
                )
            else:
                parts.update(pattern.groupindex)
        for name in only:
            if templates and name not in {part_name(part) for part in parts}:
                fields.fault("only", f"parts has no {{{name}}}")
        fields.needs("only", "parts")
        on_error = on_other_of(fields)
        return lambda: cls(attribute, templates, only, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        entry: dict[str, Any] = {"hash": self.attribute}
        if self.parts:
            entry["parts"] = shown(self.parts)
        if self.only:
            entry["only"] = shown(self.only)
        return entry if self.on_error == "stop" else entry | {"on_error": self.on_error}

    def apply(self, item: Item) -> None:
        """Replace what is there. Raises ItemRefused."""
        self.path.change(item, self._hashed)

    def describe(self) -> str:
        """It in a few words."""
        return f"hash {self.attribute}"

    def _hashed(self, value: Any) -> Any:
        if value is None or value == "":
            return value
        made: Any = None
        if self.parts:
            made = self._hashed_parts(value) if isinstance(value, str) else None
        else:
            keys = self.given_keys()
            match kind_of(value):
                case "S":
                    made = keys.hashed_text(value)
                case "N":
                    made = keys.hashed_number(Decimal(value))
                case "B":
                    made = keys.hashed_bytes(bytes(value))
        if made is not None:
            return made
        if self.on_error == "drop":
            return GONE
        expected = "a text that one of its parts describes" if self.parts else "a string, a number or binary"
        raise refused_value(self.attribute, expected)

    def _hashed_parts(self, text: str) -> str | None:
        for pattern in self.patterns:
            if (match := pattern.fullmatch(text)) is None:
                continue
            made, at = "", 0
            for group in pattern.groupindex:
                if not self.only or part_name(group) in self.only:
                    made += text[at : match.start(group)] + self.given_keys().hashed_text(match[group])
                    at = match.end(group)
            return made + text[at:]
        return None
