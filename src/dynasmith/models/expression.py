"""`Expr`: an attribute of a class, or a part of one, in conditions and actions: ``User.age > 18``."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, Generic, Literal, NoReturn, TypeVar, overload

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.collection_codec import OptionalCodec, SetCodec
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.encryption_codec import refuse_encrypted
from dynasmith.models.operand import ExprPath, Operand, StoredValue
from dynasmith.models.operators import check_operator, check_same_type, is_nothing, members_of
from dynasmith.models.value_codec import IntCodec, TextCodec, ValueCodec

T = TypeVar("T")
_NO_START: Final[Any] = object()
_PRESENCE: Final = ("attribute_exists", "attribute_not_exists")
_IN_MAX: Final = 100
"""DynamoDB: at most 100 operands of IN."""
TypeTag = Literal["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]


class Expr(Generic[T]):
    """A path into the items of a class. Comparisons give conditions; ``set``, ``add`` and their like give actions.

    Parts of a map are attributes (``User.address.city``) or keys (``User.labels["a"]``), members of a list are
    numbers (``User.notes[0]``); a part whose name is a method here is reached by its key. Values are encoded as the
    field is, when the expression is made: one of another type raises ItemInvalid there.
    """

    __slots__ = ("_codec", "_path")

    def __init__(self, path: ExprPath, codec: ValueCodec) -> None:
        self._path = path
        self._codec = codec

    # --- conditions

    def __eq__(self, other: T | Expr[T]) -> ModelCondition:  # type: ignore[override]
        if is_nothing(other):
            return Junction("OR", (self.missing(), self._compare("=", StoredValue({"NULL": True}))))
        return self._compare("=", self._operand(other))

    def __ne__(self, other: T | Expr[T]) -> ModelCondition:  # type: ignore[override]
        if is_nothing(other):
            return Junction("AND", (self.exists(), self._compare("<>", StoredValue({"NULL": True}))))
        return self._compare("<>", self._operand(other))

    __hash__ = object.__hash__

    @overload
    def __lt__(self: Money, other: int | Decimal) -> ModelCondition: ...
    @overload
    def __lt__(self, other: T | Expr[T]) -> ModelCondition: ...
    def __lt__(self, other: Any) -> ModelCondition:
        return self._ordered("<", other)

    @overload
    def __le__(self: Money, other: int | Decimal) -> ModelCondition: ...
    @overload
    def __le__(self, other: T | Expr[T]) -> ModelCondition: ...
    def __le__(self, other: Any) -> ModelCondition:
        return self._ordered("<=", other)

    @overload
    def __gt__(self: Money, other: int | Decimal) -> ModelCondition: ...
    @overload
    def __gt__(self, other: T | Expr[T]) -> ModelCondition: ...
    def __gt__(self, other: Any) -> ModelCondition:
        return self._ordered(">", other)

    @overload
    def __ge__(self: Money, other: int | Decimal) -> ModelCondition: ...
    @overload
    def __ge__(self, other: T | Expr[T]) -> ModelCondition: ...
    def __ge__(self, other: Any) -> ModelCondition:
        return self._ordered(">=", other)

    def between(self, low: T, high: T) -> ModelCondition:
        """From ``low`` to ``high``, both included."""
        return self._ordered("BETWEEN", low, high)

    def is_in(self, values: Iterable[T]) -> ModelCondition:
        """One of ``values``; of none, it never holds. None is absent or NULL. Above 100 it is several IN, joined by OR.

        Raises UsageError for one text, whose letters it would be.
        """
        if isinstance(values, str | bytes):
            raise UsageError(f"is_in() of {self!r} is given one value, not several.", hint="write is_in([...])")
        given = list(values)
        operands = [self._operand(value) for value in given if value is not None]
        groups = [operands[start : start + _IN_MAX] for start in range(0, len(operands), _IN_MAX)]
        parts = [self._compare("IN", *group) for group in groups]
        if len(operands) < len(given):
            parts.append(self == None)  # type: ignore[arg-type] # noqa: E711 - an expression
        if not parts:
            return Junction("AND", (self.exists(), self.missing()))
        return parts[0] if len(parts) == 1 else Junction("OR", tuple(parts))

    def begins_with(self: Expr[str] | Expr[str | None], text: str) -> ModelCondition:
        """Text that begins with ``text``. Raises UsageError where the attribute is stored as a number or the like."""
        self._check("begins_with")
        return self._compare("begins_with", StoredValue(TextCodec().encode(text)))

    def contains(self, member: Any) -> ModelCondition:
        """A set or a list that holds ``member``, or text that holds it as a part; ``member`` may be an attribute.

        Raises UsageError where the attribute is stored as a number, a map or the like.
        """
        self._check("contains")
        codec = self._codec.element() or self._codec
        if isinstance(member, Expr):
            check_same_type(self, codec.tags, member, member._codec.tags)
            return self._compare("contains", member._path)
        return self._compare("contains", StoredValue(self._encode(codec, member)))

    def exists(self) -> ModelCondition:
        """The item has the attribute."""
        return self._compare("attribute_exists")

    def missing(self) -> ModelCondition:
        """The item does not have the attribute."""
        return self._compare("attribute_not_exists")

    def is_type(self, tag: TypeTag) -> ModelCondition:
        """The attribute is stored as that type."""
        return self._compare("attribute_type", StoredValue({"S": tag}))

    def size(self) -> Expr[int]:
        """The number of characters, bytes or members; for conditions only. Raises UsageError for numbers."""
        self._check("size")
        return Expr(self._path.sized(), IntCodec())

    # --- actions

    def set(self, value: T | Expr[T]) -> ModelAction:
        """Make it ``value``, or what another attribute holds. None and an empty set remove it; in a list or a map that
        may hold None, None is a member. Raises UsageError for None as any other member of a list, which would move up.
        """
        is_part = len(self._path.parts) > 1
        if is_nothing(value) and not (value is None and is_part and isinstance(self._codec, OptionalCodec)):
            if isinstance(self._path.parts[-1], int):
                raise UsageError(f"{self!r} cannot be None.", hint="remove() takes it out, and the others move up")
            return self.remove()
        return Assignment(self._path, "set", (self._assigned(value),))

    def set_if_missing(self, value: T) -> ModelAction:
        """Make it ``value`` where the item does not have it. Raises UsageError for None."""
        if is_nothing(value):
            raise UsageError(f"{self!r} cannot be set to nothing where it is missing.", hint="leave the action out")
        return Assignment(self._path, "set_if_missing", (self._assigned(value),))

    def add(self, amount: Any, *, start: Any = _NO_START) -> ModelAction:
        """Add a number (to ``start``, or 0, where there is none yet), or members to a set."""
        refuse_encrypted(self._codec, self)
        if isinstance(self._codec, SetCodec):
            members = self._encode(self._codec, members_of(self, [amount]))
            return Assignment(self._path, "add_members", (StoredValue(members),))
        if self._codec.tags != ("N",):
            raise UsageError(f"{self!r} is not a number or a set, and nothing can be added to it.")
        amounts = (self._assigned(amount), self._assigned(0 if start is _NO_START else start))
        return Assignment(self._path, "add", amounts)

    def discard(self, *members: Any) -> ModelAction:
        """Take members out of a set; members that are not in it are ignored."""
        refuse_encrypted(self._codec, self)
        if not isinstance(self._codec, SetCodec):
            raise UsageError(f"{self!r} is not a set, and no members can be taken out of it.")
        return Assignment(self._path, "discard", (StoredValue(self._encode(self._codec, members_of(self, members))),))

    def append(self, *members: Any) -> ModelAction:
        """Put members at the end of a list; a list that is absent is made."""
        refuse_encrypted(self._codec, self)
        element = self._codec.element()
        if "L" not in self._codec.tags or element is None:
            raise UsageError(f"{self!r} is not a list, and nothing can be appended to it.")
        stored = [self._encode(element, member) for member in members]
        return Assignment(self._path, "append", (StoredValue({"L": stored}),))

    def remove(self) -> ModelAction:
        """Remove the attribute."""
        return Assignment(self._path, "remove", ())

    # --- parts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        refuse_encrypted(self._codec, self)
        part = self._codec.member(name)
        if part is None:
            raise AttributeError(f"{self!r} has no part {name!r}")
        return Expr(self._path.part(part[0]), part[1])

    def __getitem__(self, place: int | str) -> Expr[Any]:
        refuse_encrypted(self._codec, self)
        if isinstance(place, int):
            element = self._codec.element()
            if element is None or isinstance(self._codec, SetCodec):
                raise UsageError(f"{self!r} is not a list.", hint="contains() looks into a set")
            if isinstance(place, bool) or place < 0:
                raise UsageError(f"{self!r} has no member {place!r}.", hint="members are counted from 0")
            return Expr(self._path.part(place), element)
        part = self._codec.member(place)
        if part is None:
            raise UsageError(f"{self!r} has no part {place!r}.")
        return Expr(self._path.part(part[0]), part[1])

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} is an expression; it has no members to go through")

    def __bool__(self) -> NoReturn:
        raise UsageError(f"{self!r} is an expression, neither true nor false.", hint="compare it, or use .exists()")

    def __repr__(self) -> str:
        return str(self._path)

    # --- values

    def _operand(self, value: Any) -> Operand:
        if isinstance(value, Expr):
            for each in (self, value):
                refuse_encrypted(each._codec, each)
            check_same_type(self, self._codec.tags, value, value._codec.tags)
            return value._path
        return StoredValue(self._encode(self._codec, value))

    def _check(self, operator: str) -> None:
        refuse_encrypted(self._codec, self)
        check_operator(self, operator, self._codec.tags)

    def _ordered(self, operator: str, *values: Any) -> ModelCondition:
        self._check(operator)
        if any(value is None for value in values):
            raise UsageError(f"{self!r} is compared with None by order.", hint="== None is absent or NULL")
        return self._compare(operator, *map(self._operand, values))

    def _assigned(self, value: Any) -> Operand:
        if isinstance(value, Expr) and value._path.is_size:
            raise UsageError(f"{value!r} is for conditions, and cannot be set.")
        return self._operand(value)

    def _encode(self, codec: ValueCodec, value: Any) -> dict[str, Any]:
        try:
            return codec.encode(value)
        except ItemInvalid as cause:
            path = self._path
            raise ItemInvalid(
                f"{self!r}: {cause.message}", hint=cause.hint, model=path.model.__qualname__, attribute=path.attribute
            ) from cause

    def _compare(self, operator: str, *operands: Operand) -> ModelCondition:
        if operator not in _PRESENCE:
            refuse_encrypted(self._codec, self)
        return Comparison(self._path, operator, operands)


Money = Expr[Decimal] | Expr[Decimal | None]


def path_of(expression: Expr[Any]) -> ExprPath:
    """The path of an expression. Raises UsageError for anything else."""
    if not isinstance(expression, Expr):
        raise UsageError(f"{expression!r} is not an attribute of a class.", hint="write User.age")
    return expression._path


def codec_in(expression: Expr[Any]) -> ValueCodec:
    """The codec of what an expression leads to."""
    return expression._codec
