"""`FieldCodec`: one field of a class, the attribute that it is stored in, and how it is read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from pydantic.fields import FieldInfo

from dynasmith.errors import ItemInvalid
from dynasmith.models.attribute import AttributeOptions
from dynasmith.models.code_names import CodeNames, invalid
from dynasmith.models.collection_codec import SetCodec
from dynasmith.models.encryption_codec import EncryptionCodec
from dynasmith.models.value_codec import Tree, ValueCodec

_IMMUTABLE: Final = (str, int, float, bool, bytes, tuple, frozenset, type(None))


@dataclass(frozen=True, slots=True, eq=False)
class FieldCodec:
    """A field: its Python name, its attribute, its codec, what it may be instead, and its options."""

    name: str
    attribute: str
    codec: ValueCodec
    nullable: bool
    info: FieldInfo
    options: AttributeOptions

    @property
    def set_type(self) -> type | None:
        """The type of set that it holds, which is absent where it is empty; None where it holds something else."""
        codec = self.codec.inner if isinstance(self.codec, EncryptionCodec) else self.codec
        return codec.type if isinstance(codec, SetCodec) else None

    @property
    def is_set(self) -> bool:
        """Whether it holds a set."""
        return self.set_type is not None

    @property
    def may_be_none(self) -> bool:
        """Whether None is a value of it, or what it is until it is stamped."""
        return self.nullable or self.info.default is None

    @property
    def is_needed(self) -> bool:
        """Whether an item without the attribute cannot be read."""
        return self.info.is_required() and not self.nullable and not self.is_set

    def encode(self, value: Any) -> Tree | None:
        """The stored value; None where the attribute is absent for it (None, an empty set). Raises ItemInvalid."""
        if value is None and self.may_be_none:
            return None
        if isinstance(value, AbstractSet) and not value:
            return None
        return self.codec.encode(value)

    def absent(self, values: Mapping[str, Any] | None = None) -> Any:
        """The value where the item has no such attribute: None where it may be, which is how None is stored; else the
        default, or an empty set. ``values`` are those before it, for a factory that asks for them. Raises ItemInvalid
        where it has none of them."""
        if self.nullable:
            return None
        if not self.info.is_required():
            if getattr(self.info, "default_factory_takes_validated_data", False):
                return self._made_of(values or {})
            return self.info.get_default(call_default_factory=True)
        if self.set_type is not None:
            return self.set_type()
        raise invalid("It is missing, and the model has no default for it.", "give the field a default, or backfill it")

    def _made_of(self, values: Mapping[str, Any]) -> Any:
        try:
            return self.info.get_default(call_default_factory=True, validated_data=dict(values))
        except Exception as cause:
            raise invalid(f"It is missing, and its default_factory raised {type(cause).__name__}: {cause}.") from cause

    def decode(self, tree: Any) -> Any:
        """The value of what is stored, None where nothing is. Raises ItemInvalid."""
        if tree is None:
            return self.absent()
        if self.nullable and isinstance(tree, dict) and "NULL" in tree:
            return None
        return self.codec.decode(tree)

    def read(self, content: Any, values: dict[str, Any], where: str = "") -> None:
        """Put the field of the item ``content`` into ``values``. Raises ItemInvalid that names the attribute."""
        try:
            tree = content.get(self.attribute)
            values[self.name] = self.absent(values) if tree is None else self.decode(tree)
        except ItemInvalid as cause:
            raise self._named(cause, where) from cause

    def write(self, values: dict[str, Any], tree: Tree, where: str = "") -> None:
        """Put the attribute of the field in ``values`` into ``tree``. Raises ItemInvalid that names the attribute."""
        try:
            stored = self.encode(values[self.name])
        except ItemInvalid as cause:
            raise self._named(cause, where) from cause
        if stored is not None:
            tree[self.attribute] = stored

    def _named(self, cause: ItemInvalid, where: str) -> ItemInvalid:
        place = f"{where}{self.attribute}"
        if cause.attribute:  # of a member of it
            return ItemInvalid(cause.message, hint=cause.hint, attribute=f"{self.attribute}.{cause.attribute}")
        return ItemInvalid(f"{place}: {cause.message}", hint=cause.hint, attribute=self.attribute)

    def default_code(self, names: CodeNames) -> str:
        """An expression of the value of an absent attribute; it raises where the general way has to look."""
        factory = self.info.default_factory
        if self.nullable:
            return "None"
        if self.info.is_required() or factory is not None:
            plain = factory in (list, dict, set)
            return f"{names.add(factory if plain else self.absent)}()"
        if type(self.info.default) in _IMMUTABLE:
            return names.add(self.info.default)
        return f"{names.add(self.absent)}()"


def reading_code(fields: Iterable[FieldCodec], source: str, names: CodeNames) -> str:
    """An expression of the values of the item or map named ``source``; it raises where the general way has to look."""
    parts = []
    for field in fields:
        if field.info.is_required() and not field.nullable and not field.is_set:
            value = field.codec.reading(f"{source}[{field.attribute!r}]", names)
        else:
            found = names.local()
            read = field.codec.reading(found, names)
            missing = f"({found} := {source}.get({field.attribute!r})) is None"
            value = f"{field.default_code(names)} if {missing} else {read}"
        parts.append(f"{field.name!r}: {value}")
    return "{" + ", ".join(parts) + "}"


def writing_code(fields: Iterable[FieldCodec], source: str, entries: str, names: CodeNames) -> list[str]:
    """Lines that make ``t``, the tree of the values in the dict named ``source``, beside the ``entries`` that it has.

    One display of all that is always there: Python builds it at once.
    """
    bindings, always, sometimes = [], [entries] if entries else [], []
    for field in fields:
        value = names.local()
        bindings.append(f"{value} = {source}[{field.name!r}]")
        stored = field.codec.writing(value, names)
        conditions = [f"{value} is not None"] if field.may_be_none else []
        if field.is_set:
            conditions.append(f"(type({value}) is not {names.add(set)} or {value})")
        if conditions:
            sometimes.append(f"if {' and '.join(conditions)}: t[{field.attribute!r}] = {stored}")
        else:
            always.append(f"{field.attribute!r}: {stored}")
    return [*bindings, f"t = {{{', '.join(always)}}}", *sometimes]


FieldsOf = Callable[[Any], tuple[FieldCodec, ...]]
"""What gives the fields of a class in the order of the class."""
