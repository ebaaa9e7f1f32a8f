"""``{sample: 1%, by: customer_id}``: a part of the items, the same customers in every table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from dynasmith.items.missing_counts import MissingCounts
from dynasmith.operations.fields import Fields, listed, shown
from dynasmith.operations.keyed_operation import KeyedOperation
from dynasmith.operations.operation import Item
from dynasmith.operations.text_form import text_of
from dynasmith.operations.text_parts import part_group, part_name, part_pattern
from dynasmith.tables.attribute_path import AttributePath, read_path

Missing: TypeAlias = Literal["drop", "keep"]
MISSING: Final[tuple[Missing, ...]] = ("drop", "keep")
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,12})?)\s*%|(0?\.[0-9]{1,14}|[01])", re.ASCII)
_WHOLE: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Sample(KeyedOperation):
    """Keep an item where the keyed hash of ``by`` falls into the share: ``Sample("1%", by="customer_id")``.

    It looks at the value that ``by`` had before anything was masked, so every table that has the attribute keeps the
    same customers. With ``parts``, what a text looks like, only one part of it counts, ``part`` where it has several:
    the 42 of ``USER#42`` is the customer 42. An item without that value goes, or stays where ``missing`` is ``keep``.
    """

    WORD: ClassVar[str] = "sample"

    share: str
    by: str
    parts: Sequence[str] = ()
    part: str = ""
    missing: Missing = field(default="drop", kw_only=True)
    path: AttributePath = field(init=False, repr=False, compare=False)
    limit: int = field(init=False, repr=False, compare=False)
    patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    lacking: list[int] = field(default_factory=lambda: [0], init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.parts,) if isinstance(self.parts, str) else listed(self.parts)
        object.__setattr__(self, "parts", parts)
        KeyedOperation.__post_init__(self)
        object.__setattr__(self, "path", read_path(self.by))
        object.__setattr__(self, "limit", int(Decimal(share_of(self.share) or 0) * _WHOLE))
        object.__setattr__(self, "patterns", tuple(found for each in parts if (found := part_pattern(each))))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A share, a place, perhaps what the texts there look like and which of their parts counts."""
        share, by, parts = fields.text("sample"), fields.path("by"), fields.texts("parts")
        part, missing = fields.text("part", default=""), fields.choice("missing", MISSING, default=MISSING[0])
        if share and share_of(share) is None:
            fields.fault("sample", f"{share!r} is not a share", "write 1%, 0.5% or 0.01, above 0 and at most 100%")
        fields.needs("part", "parts")
        for each in parts:
            pattern = part_pattern(each)
            names = [] if pattern is None else list(map(part_name, pattern.groupindex))
            if pattern is None:
                fields.fault("parts", f"{each!r} cannot be read", "write USER#{id}")
            elif part and names and part not in names:
                fields.fault("part", f"{each!r} has no {{{part}}}")
            elif not part and len(names) > 1:
                fields.fault("parts", f"{each!r} has several parts", "say which one counts: part: id")
        return lambda: cls(share, by, parts, part, missing=missing)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        entry: dict[str, Any] = {"sample": self.share, "by": self.by}
        if self.parts:
            entry["parts"] = shown(self.parts)
        if self.part:
            entry["part"] = self.part
        return entry if self.missing == "drop" else entry | {"missing": self.missing}

    def apply(self, item: Item) -> None:
        """Nothing: it decides about whole items, see `keeps`."""

    def keeps(self, item: Item) -> bool:
        """Whether an item is in the sample; one that lacks ``by`` is counted."""
        texts = {self._text(value) for value in self.path.values(item)} - {None}
        if len(texts) != 1:
            self.lacking[0] += 1
            return self.missing == "keep"
        return self.given_keys().number("sample", str(texts.pop()), _WHOLE) < self.limit

    def take_missing(self) -> MissingCounts:
        """How many items lacked ``by`` since it was asked before."""
        taken, self.lacking[0] = self.lacking[0], 0
        return MissingCounts(kept=taken) if self.missing == "keep" else MissingCounts(dropped=taken)

    def describe(self) -> str:
        """It in a few words."""
        return f"sample {self.share} by {self.by}"

    def _text(self, value: Any) -> str | None:
        text = text_of(value)
        if text is None or not self.patterns:
            return text or None
        for pattern in self.patterns:
            if match := pattern.fullmatch(text):
                found = match.groupdict()
                return found.get(part_group(self.part)) if self.part else next(iter(found.values()), None)
        return None


def share_of(text: str) -> Decimal | None:
    """The share that a text says, above 0 and at most 1; None where it is none."""
    match = _SHARE.fullmatch(text.strip())
    if match is None:
        return None
    share = Decimal(match[1]) / 100 if match[1] else Decimal(match[2])
    return share if 0 < share <= 1 else None
