"""``address.street``: the place of a value in an item, through maps and lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

_PART: Final = re.compile(r'(?:"((?:[^"]|"")+)"|([^."\[\]]+))(?:\[\])*')


class Gone:
    """What a change gives in place of a value that is to go."""

    __slots__ = ()


GONE: Final = Gone()


@dataclass(frozen=True, slots=True)
class AttributePath:
    """Names from the top of an item down. A list on the way means each of its elements, however deep.

    ``text`` is how it was written.
    """

    text: str
    names: tuple[str, ...]

    def change(self, item: Any, changed: Callable[[Any], Any]) -> None:
        """Put ``changed(value)`` in place of each value at the path; one that is GONE is taken away.

        A set or list at the end of the path is changed element by element. Maps and lists on the way are replaced,
        never changed in place. What is absent, or not a map where the path goes on, is left alone.
        """
        name = self.names[0]
        if name not in item:
            return
        before = item[name]
        after = _changed(before, self.names[1:], changed)
        if after is GONE:
            del item[name]
        elif after is not before:
            item[name] = after

    def remove(self, item: Any) -> None:
        """Take away what is at the path, lists and sets whole."""
        if len(self.names) == 1:
            if self.names[0] in item:
                del item[self.names[0]]
            return
        AttributePath(self.text, self.names[:-1]).change(item, partial(_without, self.names[-1]))

    def values(self, item: Any) -> Iterator[Any]:
        """The values at the path, those of sets and lists one by one."""
        found: list[Any] = []

        def seen(value: Any) -> Any:
            found.append(value)
            return value

        if self.names[0] in item:
            _changed(item[self.names[0]], self.names[1:], seen)
        return iter(found)

    def covers(self, other: AttributePath) -> bool:
        """Whether the other path is this one, or leads further down."""
        return other.names[: len(self.names)] == self.names


def read_path(text: str) -> AttributePath | None:
    """``address.street``, ``orders[].email``, ``"a.b".c``; None where it is no path.

    A name with a dot, a bracket or a double quote is written in double quotes, a quote in it twice. ``[]`` after a name
    may be left out: a list means its elements in any case.
    """
    names: list[str] = []
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:
            return None
        quoted, plain = match.groups()
        names.append(plain if quoted is None else quoted.replace('""', '"'))
        at = match.end()
        if at == len(text):
            return AttributePath(text, tuple(names))
        if text[at] != ".":
            return None
        at += 1


def quoted_name(name: str) -> str:
    """A name as a path of its own, in quotes where it needs them."""
    found = read_path(name)
    return name if found is not None and found.names == (name,) else '"' + name.replace('"', '""') + '"'


def _without(name: str, value: Any) -> Any:
    if not isinstance(value, dict) or name not in value:
        return value
    return {each: kept for each, kept in value.items() if each != name}


def _changed(value: Any, names: tuple[str, ...], changed: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        after = [_changed(each, names, changed) for each in value]
        kept = [each for each in after if each is not GONE]
        return value if len(kept) == len(value) and all(a is b for a, b in zip(kept, value, strict=True)) else kept
    if not names:
        return _changed_set(value, changed) if isinstance(value, set | frozenset) else changed(value)
    if not isinstance(value, dict) or names[0] not in value:
        return value
    before = value[names[0]]
    after_one = _changed(before, names[1:], changed)
    if after_one is before:
        return value
    rest = {name: each for name, each in value.items() if name != names[0] or after_one is not GONE}
    return rest if after_one is GONE else rest | {names[0]: after_one}


def _changed_set(value: set[Any] | frozenset[Any], changed: Callable[[Any], Any]) -> Any:
    kept = {one for one in map(changed, value) if one is not GONE}
    return kept or GONE  # DynamoDB has no empty sets
