"""What a job remembers of the files that it reads: by what it knows them again, and what each was found to be."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Cut: TypeAlias = Literal["lines", "array", "csv", "tsv"]
"""How the records of a file are separated."""
Notation: TypeAlias = Literal["wire", "enveloped", "dynamodb", "plain", "mongo", "dead"]
"""How an item is written.

``wire``: ``{"pk":{"S":"a"}}``. ``enveloped``: ``{"Item":{"pk":{"S":"a"}}}``, the service's exports and ours.
``dynamodb``: each record is one of these two. ``plain``: ``{"pk":"a"}``. ``mongo``: ``{"_id":{"$oid":"..."}}``, what
``mongoexport`` writes. ``dead``: a dead-letter file of ours, where what was rejected before it became an item stands as
it was written, under ``Item`` or ``line``.
"""

FORMAT_NAMES: Final = {
    "lines": "JSON Lines",
    "array": "a JSON array",
    "csv": "CSV",
    "tsv": "tab-separated values",
    "wire": "DynamoDB JSON",
    "enveloped": "DynamoDB JSON under Item",
    "dynamodb": "DynamoDB JSON",
    "plain": "plain JSON",
    "mongo": "MongoDB Extended JSON",
    "dead": "dead letters of dynasmith",
    "changes": "an incremental export",
}


class Fingerprint(Struct, frozen=True):
    """What a job remembers of a file."""

    bytes: int
    digest: str
    written_ns: int


class Field(Struct, frozen=True):
    """One field: the attribute, its type, and where the type is from."""

    name: str
    type: str
    how: Literal["key", "declared", "inferred"] = "declared"


class Decision(Struct, frozen=True):
    """What a file is, and from how many records that was decided; ``declared`` where it was given."""

    path: str
    cut: Cut
    notation: Notation | Literal[""] = ""
    records: int = 0
    declared: bool = False

    def __str__(self) -> str:
        what = FORMAT_NAMES[self.cut] + (f" in {FORMAT_NAMES[self.notation]}" if self.notation else "")
        if self.declared:
            return f"{self.path}: {what} (as --format says)"
        if not self.notation:
            return f"{self.path}: {what} (by its name)"
        records = "1 record" if self.records == 1 else f"{self.records:,} records"
        return f"{self.path}: {what} (decided from {records})"


class CsvFields(Struct, frozen=True):
    """A CSV file and its fields."""

    path: str
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"{self.path}: " + ", ".join(f"{field.name} is {field.type} ({field.how})" for field in self.fields)
