"""What a worker is given, as bytes: plain values, and objects by the names of their classes with what they are made of.

Unlike a pickle the bytes are no program: what may be called while they are read is a class, or a function that makes
one, found by its name in a module that is not of the standard library, beside a short list of that (``_MAKERS``). A
worker reads them from its keeper alone; a keeper never reads any.
"""

import copyreg
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from importlib import import_module
from operator import or_
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, NoneType, UnionType
from typing import Any, Final, TypeAlias

import msgspec

from dynasmith.ports.remote_reference import RemoteReference

_MAKERS: Final = frozenset(
    {
        *("datetime", "decimal", "fractions", "ipaddress", "pathlib", "pathlib._local", "uuid", "zoneinfo"),
        *("functools.partial", "re._compile", "types.SimpleNamespace", "types.GenericAlias"),
        *("collections.OrderedDict", "collections.defaultdict", "collections.deque", "collections.Counter"),
        *("builtins.bytearray", "builtins.complex", "builtins.object", "builtins.set", "builtins.frozenset"),
        *("copyreg.__newobj__", "copyreg.__newobj_ex__", "copyreg._reconstructor"),
        *("operator.attrgetter", "operator.itemgetter", "operator.methodcaller"),
        "_operator.getitem",
    }
)
"""What of the standard library makes values: a module whole, or one name of it."""

_DEPTH_MAX = 200

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_INT_MAX = 1 << 63

FindReference: TypeAlias = Callable[[int], Any]
"""What stands for the reference of that number on the side that reads."""


class NotPortable(Exception):
    """A value that cannot be sent (a closure, a lambda, what is open), or bytes that are not of this format."""


class ValueWriter:
    """Writes values. What must stay here (`RemoteReference`) is collected in ``references``, in its place a number.

    With ``stand_ins`` what a worker on another machine has itself is named and not asked for.
    """

    def __init__(self, *, stand_ins: bool = False) -> None:
        self._stand_ins = stand_ins
        self.references: list[RemoteReference] = []
        self.modules: set[str] = set()
        """The modules that the other side imports for it."""

    def __call__(self, value: object) -> bytes:
        """The value as bytes. Raises NotPortable, which names what cannot be sent."""
        return _encode(self._tree(value, 0))

    def _tree(self, value: Any, depth: int) -> Any:
        if depth > _DEPTH_MAX:
            raise NotPortable("it holds itself, or is nested too deeply")
        kind = type(value)
        if value is None or kind in (bool, float, str, bytes):
            return value
        if kind is int:
            return value if -_INT_MAX <= value < _INT_MAX else ["i", str(value)]
        if kind in (list, tuple, set, frozenset):
            return [_TAGS[kind], [self._tree(one, depth + 1) for one in value]]
        if kind is dict:
            return ["d", self._pairs(value.items(), depth)]
        if isinstance(value, RemoteReference):
            own = value.stand_in() if self._stand_ins else None
            if own is not None:
                return self._object(own, depth)
            self.references.append(value)
            return ["r", len(self.references) - 1]
        if value is msgspec.UNSET or value is NoneType:
            return ["n", "msgspec:UNSET" if value is msgspec.UNSET else "types:NoneType"]
        if isinstance(value, type | FunctionType | BuiltinFunctionType):
            return ["n", self._name(value)]
        if kind is MethodDescriptorType:
            return ["m", self._tree(value.__objclass__, depth + 1), value.__name__]
        if kind is UnionType:
            return ["u", [self._tree(one, depth + 1) for one in value.__args__]]
        if kind is MethodType:
            return ["m", self._tree(value.__self__, depth + 1), value.__func__.__name__]
        return self._object(value, depth)

    def _object(self, value: Any, depth: int) -> Any:
        made = copyreg.dispatch_table.get(type(value))
        try:
            parts = made(value) if made is not None else value.__reduce_ex__(2)
        except (TypeError, AttributeError, RecursionError) as error:
            raise NotPortable(str(error)) from error
        if isinstance(parts, str):
            return ["n", self._by_name(value, value.__module__, parts)]
        maker, arguments, state, some, pairs = (*parts, None, None, None)[:5]
        name = self._name(maker)
        if not _may_make(name):
            raise NotPortable(f"a value of type {type(value).__name__} cannot be sent")
        tree = ["o", name, [self._tree(one, depth + 1) for one in arguments], self._tree(state, depth + 1)]
        tree.append([self._tree(one, depth + 1) for one in some or ()])
        tree.append(self._pairs(pairs or (), depth))
        return tree

    def _pairs(self, pairs: Any, depth: int) -> list[Any]:
        return [[self._tree(name, depth + 1), self._tree(one, depth + 1)] for name, one in pairs]

    def _name(self, value: Any) -> str:
        """``module:name``, by which exactly this value is found. Raises NotPortable."""
        owner = getattr(value, "__self__", None)
        if isinstance(value, BuiltinFunctionType) and isinstance(owner, type):  # a class method of C
            return f"{self._name(owner)}.{value.__name__}"
        return self._by_name(
            value, getattr(value, "__module__", None) or "builtins", getattr(value, "__qualname__", "")
        )

    def _by_name(self, value: Any, module: str, path: str) -> str:
        found: Any = sys.modules.get(module)
        for name in path.split("."):
            found = getattr(found, name, None)
        if found is not value:
            raise NotPortable(f"{path or value!r} is not found by its name in module {module}")
        self.modules.add(module)
        return f"{module}:{path}"


_TAGS: Final[dict[type, str]] = {list: "l", tuple: "t", set: "s", frozenset: "f"}
_KINDS: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {tag: kind for kind, tag in _TAGS.items()}


def read_values(body: bytes, find: FindReference | None = None) -> Any:
    """The value of such bytes; modules that it names are imported. Raises NotPortable, and what an import raises."""
    try:
        tree = _decode(body)
    except msgspec.MsgspecError as error:
        raise NotPortable(f"the bytes are not readable: {error}") from error
    return _value(tree, find or _no_reference)


def _value(tree: Any, find: FindReference) -> Any:
    match tree:
        case ["i", str(text)]:
            return int(text)
        case ["l" | "t" | "s" | "f" as tag, list(several)]:
            return _KINDS[tag]([_value(one, find) for one in several])
        case ["u", list(several)]:
            return reduce(or_, [_value(one, find) for one in several])
        case ["d", list(pairs)]:
            return {_value(name, find): _value(one, find) for name, one in pairs}
        case ["r", int(number)]:
            return find(number)
        case ["n", str(name)]:
            return _found(name)
        case ["m", owner, str(name)]:
            return getattr(_value(owner, find), name)
        case ["o", str(name), list(arguments), state, list(some), list(pairs)]:
            return _made(name, [_value(one, find) for one in arguments], state, some, pairs, find)
        case list() | dict():
            raise NotPortable("the bytes are not of this format")
    return tree


def _made(name: str, arguments: list[Any], state: Any, some: list[Any], pairs: list[Any], find: FindReference) -> Any:
    if not _may_make(name):
        raise NotPortable(f"{name} makes no value")
    made = _found(name)(*arguments)
    if state is not None:
        _set_state(made, _value(state, find))
    for one in some:
        made.append(_value(one, find))
    for key, one in pairs:
        made[_value(key, find)] = _value(one, find)
    return made


def _set_state(made: Any, state: Any) -> None:
    """As ``copy`` does it."""
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    fields, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if fields:
        made.__dict__.update(fields)
    for name, value in (slots or {}).items():
        setattr(made, name, value)


def _may_make(name: str) -> bool:
    module, _, path = name.partition(":")
    if module in _MAKERS or f"{module}.{path.partition('.')[0]}" in _MAKERS:
        return True
    return module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__"


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    return reduce(getattr, path.split("."), import_module(module))


def _no_reference(number: int) -> Any:
    raise NotPortable(f"there is no reference {number} here")
