"""The kinds of values that a document may hold. One declarative tree of them drives the parser, the JSON Schema and
the reference page, so that the three cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """Text, not empty unless ``empty`` is allowed."""

    empty: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number between ``least`` and ``most``."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number between ``least`` and ``most``."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind; ``by`` names the key that tells its members apart, so that overrides merge by it, and
    ``or_by`` the one that does so where it has not that. With ``alone`` one member may stand for a list of it."""

    kind: Kind
    by: str = ""
    filled: bool = False
    alone: bool = False
    or_by: str = ""


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from free names to values of one kind."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class FreeForm:
    """A map of anything: an item. Numbers keep every digit or are refused."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """JSON, written as text or as a map of the document."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A resource policy: inline, ``{file: NAME}`` or ``{enabled: false}``."""


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A key of a block: its kind and what it says to people.

    ``default`` is said in the reference. ``aws`` is the service's own spelling, accepted too. ``variable_only`` marks a
    secret: it is accepted as ``${VAR}`` and refused when it is written out.
    """

    name: str
    kind: Kind
    says: str
    required: bool = False
    default: str = ""
    aws: str = ""
    variable_only: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A map of known keys. ``title`` completes "is not a key of ...".

    With ``switch`` the block has a key ``enabled``, and ``{enabled: false}`` needs no other key. ``synonyms`` are
    words that people bring from elsewhere, with the key (and more) that is meant.
    """

    title: str
    keys: tuple[DocumentKey, ...]
    switch: bool = False
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> DocumentKey | None:
        """The key of that name, in our spelling or the service's."""
        return next((key for key in self.keys if name == key.name or (key.aws and name == key.aws)), None)


Kind = Text | Choice | Integer | Number | Boolean | ListOf | MapOf | FreeForm | JsonText | Policy | Block

ENABLED = DocumentKey("enabled", Boolean(), "`false` means off; the other keys may then be left out.", default="true")


def relaxed(kind: Kind, by: str = "") -> Kind:
    """The kind without any key that must be there: what an override may say. Only ``by``, which tells the members of a
    list apart, must still be there where it had to."""
    if isinstance(kind, Block):
        keys = tuple(
            DocumentKey(key.name, relaxed(key.kind), key.says, key.required and key.name == by, aws=key.aws)
            for key in kind.keys
        )
        return Block(kind.title, keys, kind.switch, kind.synonyms)
    if isinstance(kind, ListOf):
        return ListOf(relaxed(kind.kind, kind.by), kind.by, kind.filled, alone=kind.alone, or_by=kind.or_by)
    if isinstance(kind, MapOf):
        return MapOf(relaxed(kind.kind))
    return kind
