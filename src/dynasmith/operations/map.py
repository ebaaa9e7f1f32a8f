"""``{map: status, values: {A: active, I: inactive}}``: values by a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeAlias

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_fault
from dynasmith.items.plain import checked
from dynasmith.items.value import kind_of, same_value
from dynasmith.operations.fields import Fields, is_pairs
from dynasmith.operations.operation import ON_ERROR, Item, OnError, Operation, refuse

#: A type tag and a value, because 1, true and "1" are three keys.
_Key: TypeAlias = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Map(Operation):
    """Replace the values that a table knows: ``Map("status", {"A": "active", "I": "inactive"})``.

    ``values`` is a mapping, or a list of (old, new), which tells ``1`` from ``True``. ``otherwise`` says what becomes
    of an item with another value. A new value that is also an old one is refused: a second run would change it again.
    """

    WORD: ClassVar[str] = "map"

    attribute: str
    values: Mapping[Any, Any] | Sequence[tuple[Any, Any]] = field(compare=False)
    _: KW_ONLY
    otherwise: OnError = "keep"
    pairs: tuple[tuple[Any, Any], ...] = field(init=False, repr=False)
    """The values as (old, new)."""

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "pairs", _pairs(self.values))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name and a table. A JSON object has strings as keys only, so text that says a number stands for both."""
        attribute, values = fields.name("map"), fields.pairs("values")
        otherwise = fields.choice("otherwise", ON_ERROR, default="keep")
        pairs: tuple[tuple[Any, Any], ...] = ()
        try:
            pairs = _pairs(values)
            again = _chained(pairs)
        except ItemInvalid as cause:
            fields.fault("values", cause.message.removeprefix("Attribute v: ").rstrip("."), cause.hint)
            again = None
        if again is not None:
            fields.fault("values", f"{again!r} is a new value and an old one: a second run would change it again")
        return lambda: cls(attribute, pairs, otherwise=otherwise)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {
            "map": self.attribute,
            "values": [list(pair) for pair in _items(self.values)] if is_pairs(self.values) else self.values,
            "otherwise": self.otherwise,
        }

    def apply(self, item: Item) -> None:
        """Nothing where it is absent or holds a new value already."""
        if self.attribute not in item:
            return
        value = item[self.attribute]
        key = _key(value)
        for old, new in self.pairs:
            if key in _keys(old):
                if not same_value(value, new):
                    item[self.attribute] = new
                return
        if not any(same_value(value, new) for _, new in self.pairs):
            refuse(self.otherwise, f"{self.attribute} holds a value that the table does not have.")

    def inverse(self) -> tuple[Operation, ...] | None:
        """The table turned round, where no two old values have one new."""
        turned: list[tuple[Any, Any]] = []
        for old, new in self.pairs:
            if kind_of(new) not in ("S", "N", "BOOL") or any(same_value(new, seen) for seen, _ in turned):
                return None
            turned.append((new, old))
        return (Map(self.attribute, turned, otherwise=self.otherwise),)

    def describe(self) -> str:
        """It in a few words."""
        return f"map the values of {self.attribute}"


def _pairs(values: Any) -> tuple[tuple[Any, Any], ...]:
    """(old, new) of a table. Raises ItemInvalid for a new value that DynamoDB cannot hold."""
    return tuple((_old(old), checked({"v": new})["v"]) for old, new in _items(values))


def _items(values: Any) -> Iterable[tuple[Any, Any]]:
    return values.items() if isinstance(values, Mapping) else values


def _old(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _key(value: Any) -> _Key | None:
    kind = kind_of(value)
    return (kind, value) if kind in ("S", "N", "BOOL", "NULL") else None


def _keys(old: Any) -> tuple[_Key, ...]:
    """The values that an entry of the table stands for."""
    if isinstance(old, str) and not number_fault(old):
        return ("S", old), ("N", Decimal(old))
    key = _key(old)
    return () if key is None else (key,)


def _chained(pairs: tuple[tuple[Any, Any], ...]) -> Any:
    for _, new in pairs:
        for old, result in pairs:
            if _key(new) in _keys(old) and not same_value(new, result):
                return new
    return None
