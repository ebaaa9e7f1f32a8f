"""One entry of an operations file, read key by key; every mistake is noted, none stops the reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from dynasmith.tables.attribute_path import read_path

Choice = TypeVar("Choice", bound=str)
_PATH_HINT: Final = 'write address.street; a name with a dot stands in double quotes: "a.b"'


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A mistake in an operations file: where (``operations[2].into``), what, and what to do."""

    path: str
    problem: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """The mistake as one sentence with its place."""
        said = f"{self.path}: {self.problem}" if self.path else self.problem
        return f"{said}; {self.hint}" if self.hint else f"{said}."


class Fields:
    """The keys of one entry. A method that finds a mistake notes it and gives something of the right type."""

    def __init__(self, entry: Mapping[str, Any], path: str, faults: list[FieldFault]) -> None:
        self._entry = entry
        self._path = path
        self._faults = faults
        self._known: list[str] = []

    def name(self, key: str) -> str:
        """The name of an attribute, which must be there."""
        value = self._take(key, required=True)
        if isinstance(value, str) and value:
            return value
        if key in self._entry:
            self.fault(key, "the name of an attribute was expected")
        return ""

    def names(self, key: str, *, least: int) -> tuple[str, ...]:
        """A list of different attribute names, which must be there."""
        value = self._take(key, required=True)
        if (
            not isinstance(value, Sequence)
            or isinstance(value, str)
            or not all(isinstance(x, str) and x for x in value)
        ):
            if key in self._entry:
                self.fault(key, "a list of attribute names was expected")
            return ()
        if len(value) < least:
            self.fault(key, f"at least {least} attributes were expected")
        elif len(set(value)) < len(value):
            self.fault(key, "an attribute is named twice")
        return tuple(value)

    def path(self, key: str) -> str:
        """The place of a value, which must be there: ``address.street``."""
        value = self.name(key)
        if value and read_path(value) is None:
            self.fault(key, f"{value!r} is not the place of an attribute", _PATH_HINT)
        return value

    def paths(self, key: str) -> tuple[str, ...]:
        """A list of different places, which must be there."""
        values = self.names(key, least=1)
        for value in values:
            if read_path(value) is None:
                self.fault(key, f"{value!r} is not the place of an attribute", _PATH_HINT)
        return values

    def whole(self, key: str, *, least: int, most: int) -> int:
        """A whole number, which must be there."""
        value = self._take(key, required=True)
        is_whole = isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value)
        if is_whole and least <= value <= most:
            return int(value)
        if key in self._entry:
            self.fault(key, f"a whole number from {least} to {most} was expected")
        return least

    def texts(self, key: str) -> tuple[str, ...]:
        """A string or a list of strings, none of them empty; nothing where it is absent."""
        value = self._take(key, required=False)
        if value is None and key not in self._entry:
            return ()
        listed = [value] if isinstance(value, str) else value
        if isinstance(listed, list | tuple) and listed and all(isinstance(each, str) and each for each in listed):
            return tuple(listed)
        self.fault(key, "a string or a list of strings was expected")
        return ()

    def text(self, key: str, *, default: str | None = None, empty: bool = False) -> str:
        """A string, required where it has no default."""
        value = self._take(key, required=default is None)
        if value is None and key not in self._entry:
            return default or ""
        if not isinstance(value, str) or not (value or empty):
            self.fault(key, "a string was expected" if empty else "a string that is not empty was expected")
            return ""
        return value

    def choice(self, key: str, options: Sequence[Choice], *, default: Choice | None = None) -> Choice:
        """One of some words, required where it has no default."""
        value = self._take(key, required=default is None)
        if value is None and key not in self._entry:
            return options[0] if default is None else default
        for option in options:
            if option == value:
                return option
        self.fault(key, f"{value!r} is none of {', '.join(options)}", _meant(value, options))
        return options[0]

    def flag(self, key: str) -> bool:
        """True or false; false where it is absent."""
        value = self._take(key, required=False)
        if value is not None and not isinstance(value, bool):
            self.fault(key, "true or false was expected")
        return value is True

    def anything(self, key: str) -> Any:
        """Any value, which must be there."""
        return self._take(key, required=True)

    def pairs(self, key: str) -> Mapping[Any, Any] | Sequence[Any]:
        """Old and new values, a map or a list of pairs, which must be there; empty where it is not one."""
        value = self._take(key, required=True)
        if is_pairs(value):
            pairs: Mapping[Any, Any] | Sequence[Any] = value
            return pairs
        if key in self._entry:
            self.fault(key, "a table of old and new values was expected", "{A: active, I: inactive}")
        return ()

    def needs(self, key: str, other: str) -> None:
        """Note a mistake where a key is there without the other one, which gives it a meaning."""
        if key in self._entry and other not in self._entry:
            self.fault(key, f"it says nothing without {other}", f"add {other}")

    def has(self, key: str) -> bool:
        """Whether the entry has the key."""
        return key in self._entry

    def fault(self, key: str, problem: str, hint: str = "") -> None:
        """Note a mistake at a key."""
        self._faults.append(FieldFault(f"{self._path}.{key}", problem, hint))

    def close(self) -> None:
        """Note the keys that nothing asked for."""
        for key in self._entry:
            if key not in self._known:
                self.fault(str(key), "this key is not known here", _meant(key, self._known))

    def _take(self, key: str, *, required: bool) -> Any:
        self._known.append(key)
        if required and key not in self._entry:
            self._faults.append(FieldFault(self._path, f"{key} is missing"))
        return self._entry.get(key)


def is_pairs(value: object) -> bool:
    """Whether it is a map or a list of pairs, and not empty."""
    if isinstance(value, Mapping):
        return bool(value)
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value)


def listed(names: Sequence[str]) -> Sequence[str]:
    """Names as a tuple. What is no list, given by mistake, stays what it is and is refused as such."""
    return tuple(names) if isinstance(names, list) else names


def shown(names: Sequence[str]) -> Sequence[str]:
    """Names as a list for an entry of a file, see `listed`."""
    return list(names) if isinstance(names, tuple) else names


def _meant(said: object, options: Sequence[str]) -> str:
    close = get_close_matches(str(said), options, n=1)
    return f"did you mean {close[0]}?" if close else ""
