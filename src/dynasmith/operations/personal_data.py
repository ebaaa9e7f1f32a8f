"""Where personal data stands after a transform, and which of it passes as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

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

PlaceState: TypeAlias = Literal["masked", "unknown", "passing"]
_STATES: Final[tuple[PlaceState, ...]] = ("masked", "unknown", "passing")


class PersonalPlace(NamedTuple):
    """A place of a result that holds what came from a personal attribute. ``unknown`` is what a function or operations
    with a condition may have left as it was, or not."""

    path: AttributePath
    name: str
    state: PlaceState


_Places: TypeAlias = tuple[PersonalPlace, ...]


def passing(personal: Sequence[str], function: Function | None) -> tuple[str, ...]:
    """The personal attributes of which something passes a transform neither masked nor dropped, in their order.

    What operations make of an attribute (a rename, a join) is followed. A condition of operations (``where``) lets the
    other items pass; nobody knows what a function does, so it masks nothing.
    """
    found = {place.name for place in personal_places(personal, function) if place.state != "masked"}
    return tuple(name for name in personal if name in found)


def personal_places(personal: Sequence[str], function: Function | None) -> _Places:
    """Where personal attributes stand in what a transform makes, each place once for each attribute."""
    places = [PersonalPlace(path, name, "passing") for name in personal if (path := read_path(name)) is not None]
    return _after(function, tuple(places))


def _after(function: Function | None, places: _Places) -> _Places:
    match function:
        case None:
            return places
        case Chain():
            for part in function.functions:
                places = _after(part, places)
            return places
        case Operations():
            after = places
            for operation in function.operations:
                after = _once(_follow(operation, after))
            return after if function.where is None else _either(places, after)
    return tuple(place._replace(state="unknown") if place.state == "passing" else place for place in places)


def _follow(operation: Operation, places: _Places) -> Iterable[PersonalPlace]:
    match operation:
        case Mask(path=path) | Hash(path=path):
            return _masked(places, [path])
        case ShiftDates(paths=paths):
            return _masked(places, paths)
        case Redact(path=path):
            return _without(places, path)
        case Remove(attribute=name) | Set(attribute=name):
            return _without(places, _top(name))
        case Keep(paths=paths):
            return _kept(places, paths)
        case Rename(attribute=old, to=new, keep_old=keep_old):
            moved = [place._replace(path=_moved(place.path, new)) for place in places if place.path.names[0] == old]
            return [*(places if keep_old else _without(places, _top(old))), *moved]
        case Split(attribute=whole, into=parts):
            return [*places, *_copied(places, [whole], parts)]
        case Join(attributes=parts, into=whole):
            return [*places, *_copied(places, parts, [whole])]
        case Template(attribute=made, pieces=pieces):
            return [*places, *_copied(places, [name for _, name in pieces if name is not None], [made])]
    return places


def _masked(places: _Places, paths: Sequence[AttributePath]) -> Iterator[PersonalPlace]:
    for place in places:
        if any(path.covers(place.path) for path in paths):
            yield place._replace(state="masked")
        elif place.state == "passing" and any(place.path.covers(path) for path in paths):
            yield place._replace(state="unknown")  # a part of it is masked
        else:
            yield place


def _kept(places: _Places, paths: Sequence[AttributePath]) -> Iterator[PersonalPlace]:
    for place in places:
        if any(path.covers(place.path) for path in paths):
            yield place
        elif any(place.path.covers(path) for path in paths):
            yield place._replace(state="unknown") if place.state == "passing" else place  # a part of it goes


def _copied(places: _Places, sources: Sequence[str], targets: Sequence[str]) -> Iterator[PersonalPlace]:
    for place in places:
        if place.path.names[0] in sources:
            for name in targets:
                # What is made of a value that may have passed cannot be told from it by comparing.
                yield place._replace(path=_top(name), state="masked" if place.state == "masked" else "passing")


def _either(before: _Places, after: _Places) -> _Places:
    """Of items that operations concern, and of those that they leave as they were."""
    states: dict[tuple[AttributePath, str], set[PlaceState]] = {}
    for place in (*before, *after):
        states.setdefault((place.path, place.name), set()).add(place.state)
    whole = {(place.path, place.name) for place in before} & {(place.path, place.name) for place in after}
    return tuple(
        PersonalPlace(*place, next(iter(found)) if len(found) == 1 and place in whole else "unknown")
        for place, found in states.items()
    )


def _once(places: Iterable[PersonalPlace]) -> _Places:
    """Each place of an attribute once, in the state that hides least."""
    found: dict[tuple[AttributePath, str], PlaceState] = {}
    for path, name, state in places:
        known = found.get((path, name), state)
        found[path, name] = max(known, state, key=_STATES.index)
    return tuple(PersonalPlace(path, name, state) for (path, name), state in found.items())


def _without(places: _Places, covered: AttributePath) -> Iterator[PersonalPlace]:
    for place in places:
        if covered.covers(place.path):
            continue
        is_part = place.state == "passing" and place.path.covers(covered)
        yield place._replace(state="unknown") if is_part else place


def _moved(path: AttributePath, name: str) -> AttributePath:
    return AttributePath(path.text, (name, *path.names[1:]))


def _top(name: str) -> AttributePath:
    return AttributePath(quoted_name(name), (name,))
