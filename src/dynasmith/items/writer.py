"""Whole items in plain Python to wire bytes, many of one shape: ``encode_item`` at half its price.

The mirror of ``shape``: what the first items have is learnt, and code is generated that puts the values of an item of
just that shape into the holes of a tree that stands ready. It looks at the type of every value and at every number; an
item that does not fit exactly, or breaks a rule, is written the general way, which says what is wrong. So a writer
never decides what is right, only how fast. No text of an item enters its code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import UNSET

from dynasmith.items.number import number_fault
from dynasmith.items.shape_inference import FIRST, ItemShape, ShapeField, ShapeSamples
from dynasmith.items.value import encode_tree, write_tree
from dynasmith.items.wire import encode_item_tree

_encode_json: Final = msgspec.json.Encoder().encode

#: The types of the values that go into their holes as they are, by tag.
_PLAIN: Final[Mapping[str, type]] = {"S": str, "BOOL": bool, "B": bytes}
#: An int of less is no longer than 38 digits.
_INT_MAX: Final = 10**38


class Writer:
    """Writes what ``encode_item`` writes, for items of one kind: about 5 us for 12 attributes.

    An object with memory (the names of attributes, and the values of the last item), for one thread; ``first`` items
    are written the general way before its code is made.
    """

    __slots__ = ("_fill", "_lessons")

    def __init__(self, *, first: int = FIRST) -> None:
        self._lessons = ShapeSamples(first)
        self._fill: Callable[[dict[str, Any]], Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # What was learnt is learnt anew in another process.
        return Writer, ()

    def __call__(self, item: Mapping[str, Any]) -> bytes:
        """The wire bytes of an item. Raises ItemInvalid as ``encode_item`` does."""
        if self._fill is not None and type(item) is dict:
            try:
                return _encode_json(self._fill(item))
            except Exception:  # another shape, or nothing that can be written: the general way says which
                pass
        tree = encode_item_tree(item)
        wire = write_tree(tree)
        if self._lessons.learn(tree):
            self._fill = _filler(self._lessons.shape)
        return wire


@dataclass(frozen=True, slots=True)
class _Code:
    """Lines of a function, the values that it uses by name, and its names for the texts of numbers."""

    lines: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)

    def named(self, letter: str, value: Any = None) -> str:
        """A new name for a value."""
        name = f"{letter}{len(self.values)}"
        self.values[name] = value
        return name


def _filler(shape: ItemShape) -> Callable[[dict[str, Any]], Any] | None:
    """A function that fills the tree of a shape with an item's values; None where there is none for it."""
    if shape.open:
        return None
    try:
        source, values = writer_source(shape)
    except ValueError:  # a name that no struct can have (with a quote or a backslash in it)
        shape.open = True
        return None
    exec(compile(source, "<shape>", "exec"), values)  # generated here, from no text of an item
    fill: Callable[[dict[str, Any]], Any] = values["fill"]
    return fill


def writer_source(shape: ItemShape) -> tuple[str, dict[str, Any]]:
    """The source of ``fill(v)``, which puts the values of an item of this shape into a tree that stands ready, and the
    names that it uses. Raises ValueError for a name that no struct can have."""
    code = _Code(values={"UNSET": UNSET, "Decimal": Decimal, "tree": encode_tree, "legal": _legal, "MAX": _INT_MAX})
    root = _map(shape, "v", " ", code)
    if code.numbers:
        # 38 characters without an exponent cannot break a limit; only what is no number at all holds an "n".
        joined = "".join(f"{{{number}}}" for number in code.numbers)
        long = " or ".join(f"len({number}) > 38" for number in code.numbers)
        code.lines.append(f" t = f'{joined}'")
        code.lines.append(f" if 'E' in t or 'n' in t or 'N' in t or len(t) > 38 and ({long}):")
        code.lines.append(f"  legal({', '.join(code.numbers)})")
    return "\n".join(["def fill(v):", *code.lines, f" return {root}"]), code.values


def _map(shape: ItemShape, source: str, pad: str, code: _Code) -> str:
    """Lines that fill the struct of a shape from the dict named ``source``; the struct's name."""
    known = shape.known()
    names = {attribute: name for attribute, name, _, _ in known}
    fields = [(attribute, Any, UNSET) for attribute in names]
    struct = code.named("o", msgspec.defstruct("Written", fields, rename=names, gc=False, kw_only=True)())
    optional = [one for one in known if not shape.required(one[3])]
    count = str(len(known) - len(optional))
    for attribute, name, tag, one in known:
        if not shape.required(one):
            continue
        value = code.named("x")
        code.lines.append(f"{pad}{value} = {source}[{code.named('k', name)}]")
        made = _value(value, tag, one, pad, code)
        if made in code.values:  # a hole, which stays where it is
            setattr(code.values[struct], attribute, code.values[made])
        else:
            code.lines.append(f"{pad}{struct}.{attribute} = {made}")
    if optional:
        counter = code.named("c")
        code.lines.append(f"{pad}{counter} = {count}")
        count = counter
    for attribute, name, tag, one in optional:
        value, place = code.named("x"), f"{struct}.{attribute}"
        lines = [f"{value} = {source}.get({code.named('k', name)}, UNSET)"]
        lines += [f"if {value} is UNSET: {place} = UNSET", "else:", f" {count} += 1"]
        code.lines.extend(pad + line for line in lines)
        code.lines.append(f"{pad} {place} = {_value(value, tag, one, pad + ' ', code)}")
    code.lines.append(f"{pad}if len({source}) != {count}: raise ValueError")
    return struct


def _value(value: str, tag: str, one: ShapeField, pad: str, code: _Code) -> str:
    """Lines that put the value of that name into a hole, and the hole's name; or an expression of its tree."""
    hole: dict[str, Any] = {}
    lines = code.lines
    always = pad == " "
    match tag:
        case "S" | "BOOL" | "B":
            lines.append(f"{pad}if type({value}) is not {_PLAIN[tag].__name__}: raise ValueError")
            content = value
        case "N" if always:
            content = code.named("n")
            code.numbers.append(content)
            lines += [
                f"{pad}if type({value}) is Decimal or type({value}) is int and -MAX < {value} < MAX:",
                f"{pad} {content} = str({value})",
                f"{pad}else: raise ValueError",
            ]
        case "NULL":
            lines.append(f"{pad}if {value} is not None: raise ValueError")
            hole[tag] = True
            return code.named("d", hole)
        case "SS":
            lines += [
                f"{pad}if type({value}) is not set or not {value}: raise ValueError",
                f"{pad}for m in {value}:",
                f"{pad} if type(m) is not str: raise ValueError",
            ]
            content = value
        case "L" if one.member == "N":
            content = code.named("l")
            lines += [
                f"{pad}if type({value}) is not list: raise ValueError",
                f"{pad}{content} = []",
                f"{pad}for m in {value}:",
                f"{pad} if type(m) is not Decimal and (type(m) is not int or not -MAX < m < MAX): raise ValueError",
                f"{pad} t = str(m)",
                f"{pad} if len(t) > 38 or 'E' in t or 'n' in t or 'N' in t: legal(t)",
                f"{pad} {content}.append({{'N': t}})",
            ]
        case "M" if one.inner is not None and not one.inner.open:
            lines.append(f"{pad}if type({value}) is not dict: raise ValueError")
            hole[tag] = code.values[_map(one.inner, value, pad, code)]
            return code.named("d", hole)
        case _:
            return f"tree({value})"
    made = code.named("d", hole)
    lines.append(f"{pad}{made}[{tag!r}] = {content}")
    return made


def _legal(*numbers: str) -> None:
    """Raise where one of these is not a number that DynamoDB can hold."""
    for text in numbers:
        if number_fault(text):
            raise ValueError
