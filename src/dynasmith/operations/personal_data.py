"""Which personal attributes a transform lets through as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dynasmith.items.transform import Function
from dynasmith.operations.chain import Chain
from dynasmith.operations.document import Operations
from dynasmith.operations.hash import Hash
from dynasmith.operations.join import Join
from dynasmith.operations.keep import Keep
from dynasmith.operations.mask import Mask
from dynasmith.operations.operation import Operation
from dynasmith.operations.redact import Redact
from dynasmith.operations.remove import Remove
from dynasmith.operations.rename import Rename
from dynasmith.operations.set import Set
from dynasmith.operations.shift_dates import ShiftDates
from dynasmith.operations.split import Split
from dynasmith.operations.template import Template
from dynasmith.tables.attribute_path import AttributePath, quoted_name, read_path

_Places = Mapping[AttributePath, str]
"""Places with personal data, each with the personal attribute that it came from."""


def passing(personal: Sequence[str], function: Function | None) -> tuple[str, ...]:
    """The personal attributes of which something passes a transform neither masked nor dropped, in their order.

    What operations make of an attribute (a rename, a join) is followed. A condition of operations (``where``) lets the
    other items pass; nobody knows what a function does, so it masks nothing.
    """
    places: _Places = {path: name for name in personal if (path := read_path(name)) is not None}
    found = set(_after(function, places).values())
    return tuple(name for name in personal if name in found)


def _after(function: Function | None, places: _Places) -> _Places:
    match function:
        case Chain():
            for part in function.functions:
                places = _after(part, places)
        case Operations():
            after = places
            for operation in function.operations:
                after = _follow(operation, after)
            return after if function.where is None else {**places, **after}
    return places


def _follow(operation: Operation, places: _Places) -> _Places:
    match operation:
        case Mask(path=path) | Hash(path=path) | Redact(path=path):
            return _without(places, path)
        case ShiftDates(paths=paths):
            for path in paths:
                places = _without(places, path)
            return places
        case Remove(attribute=name) | Set(attribute=name):
            return _without(places, _top(name))
        case Keep(attributes=names):
            return {path: said for path, said in places.items() if path.names[0] in names}
        case Rename(attribute=old, to=new, keep_old=keep_old):
            moved = {_moved(path, new): said for path, said in places.items() if path.names[0] == old}
            return {**(places if keep_old else _without(places, _top(old))), **moved}
        case Split(attribute=whole, into=parts):
            return {**places, **_copied(places, [whole], parts)}
        case Join(attributes=parts, into=whole):
            return {**places, **_copied(places, parts, [whole])}
        case Template(attribute=made, pieces=pieces):
            return {**places, **_copied(places, [name for _, name in pieces if name is not None], [made])}
    return places


def _copied(places: _Places, sources: Sequence[str], targets: Sequence[str]) -> _Places:
    said = next((said for path, said in places.items() if path.names[0] in sources), None)
    return {} if said is None else {_top(name): said for name in targets}


def _without(places: _Places, covered: AttributePath) -> _Places:
    return {path: said for path, said in places.items() if not covered.covers(path)}


def _moved(path: AttributePath, name: str) -> AttributePath:
    return AttributePath(path.text, (name, *path.names[1:]))


def _top(name: str) -> AttributePath:
    return AttributePath(quoted_name(name), (name,))
