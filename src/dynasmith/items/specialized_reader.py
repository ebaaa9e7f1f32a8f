"""What a transform does with every item, done ahead: most change the same few attributes of items of one shape.

Which they are is learnt from the first items. Then an item is cut into attributes that stay bytes and those that will
be assigned, which are decoded on the way; both cost less than cutting it into a dict and decoding one by one. An item
of another shape is read the general way, and learnt from: nothing here decides what is right, only how fast.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import UNSET

from dynasmith.errors import ItemInvalid
from dynasmith.items.item_reader import CONTENTS, reading_names, value_code
from dynasmith.items.shape_inference import FIRST, ItemShape, ShapeSamples
from dynasmith.items.value import encode_tree
from dynasmith.items.wire import RawItem, decode_item

_decode_json: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How items of one shape are cut and put together again. What does not fit raises, whatever."""

    #: From an item's bytes to a struct. A field holds the bytes of an attribute, UNSET where the item lacks it.
    cut: Callable[[RawItem], Any]
    #: What was decoded on the way, by name: the fields of these hold nothing else of use.
    foreseen: Callable[[Any], dict[str, Any]]
    #: Puts the values that were written into the struct; False where others were written than in every item before.
    fill: Callable[[Any, Mapping[str, Any], Mapping[str, None]], bool]
    #: The field of each attribute; an attribute without one was not in the item.
    fields: Mapping[str, str]


class SpecializedReader:
    """Learns the plan for the items of one table and one transform.

    An object with memory (of names, never of values), for one thread; ``first`` items come before there is a plan.
    """

    __slots__ = ("_always", "_ever", "_lessons", "plan")

    plan: ReadPlan | None

    def __init__(self, *, first: int = FIRST) -> None:
        self._lessons = ShapeSamples(first)
        # Names that were assigned in every item that was learnt from, and in some.
        self._always: frozenset[str] | None = None
        self._ever: frozenset[str] = frozenset()
        self.plan = None

    def __reduce__(self) -> tuple[Any, ...]:
        # What was learnt is learnt anew in another process.
        return SpecializedReader, ()

    def learn(self, raw: RawItem, written: frozenset[str]) -> None:
        """Learn from an item that was unforeseen, and from the names that a transform assigned in it."""
        if self._lessons.shape.open:
            return
        try:
            decode_item(raw)
        except ItemInvalid:  # an attribute that nobody touches may be anything: nothing is learnt from it
            return
        self._always = written if self._always is None else self._always & written
        self._ever |= written
        if self._lessons.learn(_decode_json(raw)):
            try:
                self.plan = _plan(self._lessons.shape, sorted(self._always), sorted(self._ever))
            except ValueError:  # a name that no struct can have (with a quote or a backslash in it)
                self.plan, self._lessons.shape.open = None, True


def _plan(shape: ItemShape, always: list[str], ever: list[str]) -> ReadPlan | None:
    """The plan for a shape, and for names that are assigned always or sometimes; None where they have no shape."""
    if shape.open:
        return None
    source, values, fields, names = plan_source(shape, always, ever)
    renamed = {attribute: name for name, attribute in names.items()}
    cut = msgspec.defstruct("Cut", fields, rename=renamed, forbid_unknown_fields=True, gc=False, kw_only=True)
    exec(compile(source, "<shape>", "exec"), values)  # generated here, from no text of an item
    return ReadPlan(msgspec.json.Decoder(cut).decode, values["foreseen"], values["fill"], names)


def plan_source(
    shape: ItemShape, always: list[str], ever: list[str]
) -> tuple[str, dict[str, Any], list[tuple[Any, ...]], dict[str, str]]:
    """(the source of ``foreseen`` and ``fill``, the names that it uses, the fields of the struct that an item is cut
    into, the field of each attribute) for items of this shape."""
    values, made, names = reading_names(), list[str](), dict[str, str]()
    lines, fields = ["def foreseen(v):"], list[tuple[Any, ...]]()
    for attribute, name, tag, field in shape.known():
        names[name] = attribute
        if name in always and tag and shape.required(field):
            fields.append((attribute, shape.kind(tag, field, CONTENTS)))
            key = f"k{len(values)}"
            values[key] = name
            made.append(f"{key}: {value_code(tag, field, f'v.{attribute}', ' ', lines, values)}")
        else:
            fields.append((attribute, msgspec.Raw, UNSET))
    for number, name in enumerate(name for name in ever if name not in names):
        names[name] = f"new{number}"
        fields.append((names[name], msgspec.Raw, UNSET))
    lines += [f" return {{{', '.join(made)}}}", *_fill(always, names, values)]
    return "\n".join(lines), values, fields, names


def _fill(always: list[str], fields: Mapping[str, str], values: dict[str, Any]) -> list[str]:
    """The lines of ``ReadPlan.fill``."""
    values |= {"tree": encode_tree, "Decimal": Decimal}
    keys = {f"a{number}": name for number, name in enumerate(always)}
    values |= keys
    others = "".join(f" or {key} not in new" for key in keys)
    lines = ["def fill(cut, values, new):", f" if len(new) != {len(keys)}{others}: return False"]
    for key, name in keys.items():
        place = f" cut.{fields[name]}"
        # Strings and numbers, which most are, without a call.
        lines += [
            f" x = values[{key}]",
            f" if type(x) is str:{place} = {{'S': x}}",
            " elif type(x) is Decimal:",
            "  t = str(x)",
            f"  if len(t) > 38 or 'E' in t or 'n' in t or 'N' in t:{place} = tree(x)",
            f"  else:{place} = {{'N': t}}",
            f" else:{place} = tree(x)",
        ]
    return [*lines, " return True"]
