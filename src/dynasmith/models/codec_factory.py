"""From the annotation of a field to the codec of its values."""

from __future__ import annotations

import types
import typing
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, NewType, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    FutureDate,
    FutureDatetime,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    RootModel,
    SecretBytes,
    SecretStr,
    TypeAdapter,
)

from dynasmith.models.attribute import AttributeOptions
from dynasmith.models.collection_codec import (
    AnyCodec,
    FixedTupleCodec,
    JsonCodec,
    ListCodec,
    MapCodec,
    OptionalCodec,
    SetCodec,
    UnionCodec,
)
from dynasmith.models.fields import FieldsOf
from dynasmith.models.nested_codec import NestedCodec
from dynasmith.models.time_codec import DateCodec, DatetimeCodec, SecondsCodec, TimeCodec
from dynasmith.models.value_codec import (
    BoolCodec,
    BytesCodec,
    ChoiceCodec,
    DecimalCodec,
    FloatCodec,
    IntCodec,
    ScalarCodec,
    SecretBytesCodec,
    SecretTextCodec,
    StoredCodec,
    TextCodec,
    UuidCodec,
    ValueCodec,
)

_LISTS: Final = (list, Sequence, MutableSequence, Iterable, Collection)
_MAPS: Final = (dict, Mapping, MutableMapping)
_CONSTRAINED: Final[dict[Any, Any]] = {
    AwareDatetime: datetime,
    NaiveDatetime: datetime,
    PastDatetime: datetime,
    FutureDatetime: datetime,
    PastDate: date,
    FutureDate: date,
}
"""Types of pydantic that are others with a constraint, and are classes of their own when the program runs."""
_SETS: Final = (set, frozenset, AbstractSet)

SCALARS: Final[dict[Any, type[ScalarCodec]]] = {
    str: TextCodec,
    int: IntCodec,
    float: FloatCodec,
    Decimal: DecimalCodec,
    bool: BoolCodec,
    bytes: BytesCodec,
    datetime: DatetimeCodec,
    date: DateCodec,
    time: TimeCodec,
    UUID: UuidCodec,
    SecretStr: SecretTextCodec,
    SecretBytes: SecretBytesCodec,
}
"""The codec of each simple type."""


class CodecError(Exception):
    """A type that cannot be stored; its text says why."""


def bare_type(annotation: Any) -> tuple[Any, bool]:
    """The annotation without Annotated, aliases and None; and whether None was one of it."""
    nullable = False
    while True:
        annotation = _named_type(annotation)
        if not _is_union(annotation):
            return annotation, nullable
        members = [member for member in get_args(annotation) if member is not type(None)]
        nullable = nullable or len(members) < len(get_args(annotation))
        if len(members) != 1:
            return (Union[tuple(members)] if members else Any), nullable  # noqa: UP007 - made of a list
        annotation = members[0]


def _named_type(annotation: Any) -> Any:
    """The type behind Annotated, a NewType, an alias or a type variable."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        elif isinstance(annotation, type) and annotation in _CONSTRAINED:
            annotation = _CONSTRAINED[annotation]
        elif isinstance(annotation, TypeVar):
            annotation = annotation.__bound__ or Any
        else:
            return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def codec_of(annotation: Any, options: AttributeOptions, fields_of: FieldsOf) -> ValueCodec:
    """The codec for an annotation without None (``bare_type``). Raises CodecError for what cannot be stored."""
    if options.stored is not None:
        if not isinstance(options.stored, tuple) or len(options.stored) != 2 or not all(map(callable, options.stored)):
            raise CodecError("stored= is not a pair of functions (encode, decode)")
        return StoredCodec(options.stored, AnyCodec(), annotation)
    if options.ttl:
        if annotation not in (datetime, int):
            raise CodecError("a time to live is a datetime or an int of seconds")
        return DatetimeCodec(ttl=True) if annotation is datetime else SecondsCodec()
    if options.epoch:
        if annotation is not datetime:
            raise CodecError("epoch= is for datetimes")
        return DatetimeCodec(options.epoch)
    return _Factory(fields_of).codec(annotation)


class _Factory:
    def __init__(self, fields_of: FieldsOf) -> None:
        self._fields_of = fields_of

    def codec(self, annotation: Any) -> ValueCodec:
        annotation = _named_type(annotation)
        if annotation in (Any, object):
            return AnyCodec()
        if annotation in SCALARS:
            return SCALARS[annotation]()
        if _is_union(annotation):
            return UnionCodec(tuple(self.codec(member) for member in get_args(annotation)), annotation)
        if get_origin(annotation) is Literal:
            return _choice(annotation, {value: value for value in get_args(annotation)})
        origin = get_origin(annotation) or annotation
        if origin in _LISTS:
            return ListCodec(self.member(annotation))
        if origin in _MAPS:
            return self._map(annotation)
        if origin in _SETS:
            return self._set(annotation, set if origin is AbstractSet else origin)
        if origin is tuple:
            return self._tuple(annotation)
        if isinstance(origin, type) and issubclass(origin, Enum):
            return _choice(origin, {member.value: member for member in origin})
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and not issubclass(annotation, RootModel):
            return NestedCodec(annotation, self._fields_of)
        return _json_codec(annotation)

    def member(self, annotation: Any, place: int = 0) -> ValueCodec:
        """The codec of the members of a list, or of the values of a map."""
        arguments = get_args(annotation)
        if len(arguments) <= place:
            return AnyCodec()
        inner, nullable = bare_type(arguments[place])
        codec = self.codec(inner)
        return OptionalCodec(codec) if nullable else codec

    def _map(self, annotation: Any) -> ValueCodec:
        arguments = get_args(annotation)
        if arguments and bare_type(arguments[0])[0] not in (str, Any):
            return _json_codec(annotation)
        return MapCodec(self.member(annotation, 1))

    def _set(self, annotation: Any, kind: type) -> ValueCodec:
        if not get_args(annotation):
            return AnyCodec(kind)
        member = self.member(annotation)
        if not isinstance(member, ScalarCodec) or member.tag not in ("S", "N", "B"):
            raise CodecError("a set holds text, numbers or bytes; use a list for other members")
        return SetCodec(member, kind)

    def _tuple(self, annotation: Any) -> ValueCodec:
        arguments = get_args(annotation)
        if not arguments or arguments[-1] is Ellipsis:
            return ListCodec(self.member(annotation), tuple, tuple)
        return FixedTupleCodec(tuple(self.member(annotation, place) for place in range(len(arguments))))


def _choice(kind: Any, members: dict[Any, Any]) -> ValueCodec:
    """The codec of a Literal or an Enum whose values are all text or all numbers."""
    kinds = {base for value in members for base in (bool, str, int, float, bytes) if isinstance(value, base)}
    for base in (bool, str, int, float, bytes):
        if members and all(isinstance(value, base) for value in members) and (base is not int or bool not in kinds):
            return ChoiceCodec(kind, members, SCALARS[base]())
    raise CodecError("the values of an Enum or a Literal must be of one type: text, numbers, bool or bytes")


def _json_codec(annotation: Any) -> ValueCodec:
    try:
        return JsonCodec(TypeAdapter(annotation), annotation)
    except Exception as cause:  # pydantic says in many ways that it has no schema for a type
        raise CodecError(f"{typing.get_origin(annotation) or annotation!r} cannot be stored") from cause
