"""What the annotation and the right side of a field say: `Attr`, `Partition`, `Sort`, `attr()` and its like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeVar, overload

from pydantic import Field

if TYPE_CHECKING:
    from dynasmith.models.expression import Expr

T = TypeVar("T")
Stamp = Literal["version", "created", "updated", "deleted"]
StampEpoch = bool | Literal["s", "ms"]
_MISSING: Final[Any] = object()
_NONE: Final = (("default", None),)


@dataclass(frozen=True, slots=True)
class KeyRole:
    """What the annotation says: an attribute, or the partition or sort key of the table."""

    part: Literal["", "partition", "sort"]
    spelling: str = ""
    """The type as it is written: Python takes ``str | int`` and ``int | str`` for one, and would give the first of them
    for both, though the order decides how a value is read."""


@dataclass(frozen=True, slots=True)
class AttributeOptions:
    """What the right side says: how pydantic has the field, and how an item has it."""

    field: tuple[tuple[str, Any], ...] = ()
    name: str = ""
    epoch: Literal["s", "ms"] | None = None
    stored: Any = None
    stamp: Stamp | None = None
    ttl: bool = False
    encrypted: bool | str = False
    read_plain: bool = False
    unique: bool = False
    personal: bool = False

    @property
    def key_name(self) -> str:
        """The name of the key that encrypts it; empty: the first key."""
        return self.encrypted if isinstance(self.encrypted, str) else ""

    def field_info(self) -> Any:
        """pydantic's part."""
        return Field(**dict(self.field))


PLAIN: Final = AttributeOptions()
"""The options of a field that has none."""

if TYPE_CHECKING:

    class Attr(Generic[T]):
        """An attribute of type ``T``: on the class an expression, on an instance the value."""

        @overload
        def __get__(self, instance: None, owner: Any) -> Expr[T]: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> T: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: object, value: T) -> None: ...

    class Partition(Attr[T]):
        """The partition key of the table."""

    class Sort(Attr[T]):
        """The sort key of the table."""

else:

    class Attr:
        """An attribute of type ``T``: on the class an expression, on an instance the value."""

        _role = KeyRole("")

        def __class_getitem__(cls, kind: Any) -> Any:
            return Annotated[kind, replace(cls._role, spelling=repr(kind))]

    class Partition(Attr):
        """The partition key of the table."""

        _role = KeyRole("partition")

    class Sort(Attr):
        """The sort key of the table."""

        _role = KeyRole("sort")


def attr(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] = _MISSING,
    name: str = "",
    epoch: Literal["s", "ms"] | None = None,
    stored: Any = None,
    encrypted: bool | str = False,
    read_plain: bool = False,
    unique: bool = False,
    personal: bool = False,
    gt: Any = None,
    ge: Any = None,
    lt: Any = None,
    le: Any = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    alias: str | None = None,
    description: str | None = None,
) -> Any:
    """The options of a field.

    ``name`` is the attribute that it is stored in (the field's own name otherwise). ``epoch`` stores a datetime as a
    number: seconds or milliseconds since 1970. ``stored`` is a pair of functions between the value and a form of your
    own. ``unique`` lets one item of the class in a table have a value; it costs a second item. ``encrypted`` stores it
    encrypted with the first key of the project, or with the key of that name; its value is not in the ``repr`` of an
    instance. ``read_plain`` also reads a value that is not encrypted yet, which the next save encrypts.
    ``personal`` says that it holds data of persons, which a copy out of a protected environment masks or drops.
    ``default``, ``default_factory``, the constraints, ``alias`` and ``description`` are pydantic's.
    """
    given: dict[str, Any] = {
        "gt": gt,
        "ge": ge,
        "lt": lt,
        "le": le,
        "min_length": min_length,
        "max_length": max_length,
        "pattern": pattern,
        "alias": alias,
        "description": description,
    }
    field = {option: value for option, value in given.items() if value is not None}
    if default is not _MISSING:
        field["default"] = default
    if default_factory is not _MISSING:
        field["default_factory"] = default_factory
    if encrypted is not False:
        field["repr"] = False
    return AttributeOptions(
        field=tuple(field.items()),
        name=name,
        epoch=epoch,
        stored=stored,
        encrypted=encrypted,
        read_plain=read_plain,
        unique=unique,
        personal=personal,
    )


def version(*, name: str = "") -> Any:
    """A number that each write raises by one and compares, so that of two writers of one state one is refused.

    None until the item is written. ``name`` is the attribute that it is stored in.
    """
    return AttributeOptions(field=_NONE, name=name, stamp="version")


def created_at(*, epoch: StampEpoch = False, name: str = "", stored: Any = None) -> Any:
    """The time at which the item was created; None until then.

    ``epoch`` stores it as a number since 1970: True or "s" as seconds, "ms" as milliseconds. ``name`` and ``stored``
    are those of `attr`.
    """
    return _time_stamp("created", epoch, name, stored)


def updated_at(*, epoch: StampEpoch = False, name: str = "", stored: Any = None) -> Any:
    """The time of the last write; None until there is one. The options are those of `created_at`."""
    return _time_stamp("updated", epoch, name, stored)


def deleted_at(*, epoch: StampEpoch = False, name: str = "", stored: Any = None) -> Any:
    """The time at which ``db.delete`` deleted the item, which stays in the table; None for one that is not deleted.

    Reads do not give such an item unless ``deleted=True``; ``db.restore`` brings it back and ``hard=True`` removes it.
    The options are those of `created_at`.
    """
    return _time_stamp("deleted", epoch, name, stored)


def ttl(*, name: str = "") -> Any:
    """The time after which the service deletes the item, stored as whole seconds since 1970; None is never.

    It turns time to live on in the table. ``name`` is the attribute that it is stored in.
    """
    return AttributeOptions(field=_NONE, name=name, ttl=True)


def uuid(*, name: str = "") -> Any:
    """A random UUID (version 4) for each new instance, as ``str`` or ``UUID``."""
    from dynasmith.models.identifiers import new_uuid

    return AttributeOptions(field=(("default_factory", new_uuid), ("validate_default", True)), name=name)


def ulid(*, name: str = "") -> Any:
    """A ULID for each new instance: 26 characters that sort by the millisecond of their making, then at random."""
    from dynasmith.models.identifiers import new_ulid

    return AttributeOptions(field=(("default_factory", new_ulid),), name=name)


def _time_stamp(stamp: Stamp, epoch: StampEpoch, name: str, stored: Any) -> AttributeOptions:
    unit: Literal["s", "ms"] | None = "ms" if epoch == "ms" else "s" if epoch else None
    return AttributeOptions(field=_NONE, name=name, epoch=unit, stored=stored, stamp=stamp)
