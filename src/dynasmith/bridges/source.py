"""What the source of a module of model classes is made of, as values: `ModelModule` and its parts.

Annotations and arguments are Python expressions, written by this package; every text of others in them is a `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Document = dict[str, Any]
Role = Literal["Attr", "Partition", "Sort"]
Arguments = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AttributeSource:
    """One attribute of an item before its class is known: how it is stored, and its type without None.

    ``call`` makes the right side: ``attr``, ``version``, ``ttl``, ``created_at``, ``updated_at``, ``uuid`` or ``ulid``.
    ``preferred`` is the name of the field where it has one already. ``imports`` are lines that its expressions need.
    """

    attribute: str
    type: str
    nullable: bool = False
    call: str = "attr"
    arguments: Arguments = ()
    preferred: str = ""
    comments: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @property
    def has_default(self) -> bool:
        """Whether an instance may be made without it."""
        names = {name for name, _ in self.arguments}
        return self.call != "attr" or not names.isdisjoint(("default", "default_factory"))


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """A key attribute that is made of fields: its name and its text, with the names of attributes in braces."""

    attribute: str
    text: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntitySource:
    """The items of one class: what it is called, which entity of the table it is, its attributes and templates."""

    name: str
    attributes: tuple[AttributeSource, ...]
    templates: tuple[TemplateSource, ...] = ()
    entity: str = ""
    entity_attribute: str = "_type"
    summary: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of a class: ``name: Role[annotation] = call(arguments)``."""

    name: str
    role: Role
    annotation: str
    call: str
    arguments: Arguments
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """A template or an index of a class: ``name = call(positional, arguments)``."""

    name: str
    call: str
    positional: str
    arguments: Arguments = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSource:
    """One class of a module. ``options`` stand on the class line."""

    name: str
    summary: str
    options: Arguments
    lines: tuple[FieldLine | AssignmentLine, ...]
    comments: tuple[str, ...] = ()


@dataclass(slots=True)
class ModelModule:
    """A module of classes: docstring, lines of imports, helpers by name, and classes in their order.

    ``notes`` are sentences about what the source says and the classes do not do. ``documents`` are the definitions of
    the tables that the classes say.
    """

    summary: str
    classes: list[ClassSource] = field(default_factory=list)
    helpers: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
