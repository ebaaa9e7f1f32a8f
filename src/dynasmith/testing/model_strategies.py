"""Instances of a model class, made of the types and the constraints of its fields."""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st

from dynasmith.errors import DynasmithError
from dynasmith.limits import NUMBER_MAX_DIGITS
from dynasmith.models import Model, tables_of
from dynasmith.models.metaclass import codec_of
from dynasmith.tables.table import Table
from dynasmith.testing.value_strategies import numbers, texts, values

FLOAT_MAX: Final = 1e100
"""Bounds of floats, within DynamoDB's magnitudes."""
INT_MAX: Final = 10**NUMBER_MAX_DIGITS - 1
TIME_MIN, TIME_MAX = datetime(1971, 1, 1), datetime(2999, 1, 1)
EXPIRY_MIN: Final = datetime(2100, 1, 1)
"""So far in the future that no engine deletes an item meanwhile."""
SIZE_MAX: Final = 4
"""Members of a list, a set or a map."""


@st.composite
def instances_of(draw: st.DrawFn, model: type[Model], fits: Callable[[Mapping[str, Any], Table], bool]) -> Any:
    """Instances that the class takes, and whose items ``fits`` takes."""
    (table,) = tables_of(model)
    codec = codec_of(model)
    expiry = codec.schema.time_to_live
    stamps = [name for name, field in codec.schema.fields.items() if field.options.stamp is not None]
    item = draw(_instances(model, expiry.name if expiry is not None else "", stamps))
    try:
        tree = codec.write(item)
    except DynasmithError:
        reject()
    if not fits(tree, table):
        reject()
    return item


def _instances(model: Any, expiry: str = "", but: Collection[str] = ()) -> st.SearchStrategy[Any]:
    """Instances of a class of pydantic; ``expiry`` is the field of its time to live; ``but`` are left to writes."""
    fields = {
        name: _strategy(field.annotation, tuple(field.metadata))
        for name, field in model.__pydantic_fields__.items()
        if name not in but
    }
    if expiry:
        fields[expiry] = st.none() | st.datetimes(EXPIRY_MIN, TIME_MAX, timezones=st.just(UTC))
    required = {name: each for name, each in fields.items() if model.__pydantic_fields__[name].is_required()}
    optional = {name: each for name, each in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: _made(model, given))


def _made(model: Any, given: Mapping[str, Any]) -> Any:
    """The instance; what its own validators refuse is not an example."""
    try:
        return model(**given)
    except ValueError:  # pydantic's error is one
        reject()


def _strategy(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _strategy(arguments[0], (*arguments[1:], *metadata))
    if origin in (Union, types.UnionType):
        return st.one_of([_strategy(each, metadata if each is not type(None) else ()) for each in arguments])
    if annotation in (Any, object):
        return values()
    if origin in _COLLECTIONS:
        return _collection(origin, arguments, _sizes(metadata))
    if isinstance(annotation, type) and hasattr(annotation, "__pydantic_fields__"):
        return st.deferred(lambda: _instances(annotation))
    simple = _simple(annotation, metadata)
    if simple is not None:
        return simple
    found: st.SearchStrategy[Any] = st.from_type(annotation)  # enums, literals, UUIDs and what hypothesis knows
    return found


def _simple(annotation: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any] | None:
    low, high = _bound(metadata, "ge", "gt"), _bound(metadata, "le", "lt")
    if annotation is str:
        return _text(metadata)
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(-INT_MAX if low is None else -(-low // 1), INT_MAX if high is None else high // 1)
    if annotation is float:
        least, most = -FLOAT_MAX if low is None else float(low), FLOAT_MAX if high is None else float(high)
        return st.floats(least, most, allow_subnormal=False).filter(
            lambda value: value == 0 or abs(value) > 1 / FLOAT_MAX
        )
    if annotation is Decimal:
        if low is None and high is None:
            return numbers() if not _has(metadata, "decimal_places") else st.decimals(-(10**6), 10**6, places=2)
        return st.decimals(
            low, high, allow_nan=False, allow_infinity=False, places=_first(metadata, "decimal_places") or 2
        )
    if annotation is bytes:
        size = _sizes(metadata, 40)
        return st.binary(min_size=size[0], max_size=size[1])
    if annotation is datetime:
        return st.datetimes(TIME_MIN, TIME_MAX, timezones=st.just(UTC))
    if annotation is date:
        return st.dates(TIME_MIN.date(), TIME_MAX.date())
    if annotation is time:
        return st.times()
    if annotation is timedelta:
        return st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))
    return None


def _text(metadata: tuple[Any, ...]) -> st.SearchStrategy[str]:
    least, most = _sizes(metadata, 20)
    pattern = _first(metadata, "pattern")
    if pattern:
        found = st.from_regex(pattern, fullmatch=True)
        return found.filter(lambda text: least <= len(text) and (len(text) <= most or not _has(metadata, "max_length")))
    return st.text(min_size=least, max_size=most) if least or _has(metadata, "max_length") else texts()


def _collection(origin: Any, arguments: tuple[Any, ...], sizes: tuple[int, int]) -> st.SearchStrategy[Any]:
    least, most = sizes
    if origin is dict:
        return st.dictionaries(_strategy(arguments[0]), _strategy(arguments[1]), min_size=least, max_size=most)
    if origin is tuple and arguments[-1:] != (...,):
        return st.tuples(*map(_strategy, arguments))
    members = _strategy(arguments[0])
    if origin in (set, frozenset):
        return st.sets(members, min_size=least, max_size=most).map(origin)
    return st.lists(members, min_size=least, max_size=most).map(origin)


_COLLECTIONS: Final = (list, set, frozenset, tuple, dict)


def _sizes(metadata: tuple[Any, ...], usual: int = SIZE_MAX) -> tuple[int, int]:
    least = _first(metadata, "min_length") or 0
    most = _first(metadata, "max_length")
    return least, min(most, least + usual) if most is not None else least + usual


def _bound(metadata: tuple[Any, ...], *names: str) -> Any:
    """A bound, also an exclusive one: the class refuses that very value then."""
    return next((value for name in names if (value := _first(metadata, name)) is not None), None)


def _first(metadata: tuple[Any, ...], name: str) -> Any:
    return next((value for each in metadata if (value := getattr(each, name, None)) is not None), None)


def _has(metadata: tuple[Any, ...], name: str) -> bool:
    return _first(metadata, name) is not None
