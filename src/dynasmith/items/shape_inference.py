"""The shape that the items of one table share, learnt from them, and readers made for just that shape.

Reading an item value by value costs twice what a typed decoder and straight-line code cost that know the attributes
beforehand. Which there are is learnt: the first items are read the general way, what they have is collected (an
attribute that some lack is optional), and a reader is built for it; an item that does not fit is read the general way
again and remembered for the next reader. So a reader never decides what is right, only how fast.

The code of a reader is generated, as dataclasses are. No text of an item enters it: names and values are arguments.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import UNSET

from dynasmith.items.value import NOT_JSON
from dynasmith.items.wire import RawItem

Out = TypeVar("Out")

#: Items that are read the general way before the first reader is built, doubled for each further one: a few items never
#: pay for a reader (it takes some milliseconds), and a table whose items have nothing in common pays for a few readers.
FIRST: Final = 64
#: More attributes in a map are not a shape but keys: such a map is read the general way.
_NAMES_MAX: Final = 128
_DEPTH_MAX: Final = 4

#: What a tag holds in a struct, where JSON is not made anything else.
TYPES: Final[Mapping[str, Any]] = {
    "S": str,
    "N": str,
    "B": str,
    "BOOL": bool,
    "NULL": bool,
    "SS": list[str],
    "NS": list[str],
    "BS": list[str],
    "L": list[Any],
    "M": dict[str, Any],
}
_decode_any: Final = msgspec.json.Decoder().decode


class ShapeField:
    """What one attribute was seen to be: its tag (empty for several), in how many items, and a map's own shape."""

    __slots__ = ("inner", "member", "seen", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.seen = 0
        self.inner: ItemShape | None = None
        #: The one tag that all members of a list had; empty for several, None where it was always empty.
        self.member: str | None = None


class ItemShape:
    """The attributes that the maps seen so far had, by name, in the order in which they came first."""

    __slots__ = ("depth", "fields", "open", "seen")

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self.fields: dict[str, ShapeField] = {}
        self.seen = 0
        #: Too many names: a map of keys, which has no shape.
        self.open = False

    def learn(self, tree: Mapping[str, Any]) -> None:
        """Add a parsed map in DynamoDB JSON, which was found to be one before."""
        self.seen += 1
        for name, value in tree.items():
            ((tag, content),) = value.items()
            field = self.fields.get(name)
            if field is None:
                field = self.fields[name] = ShapeField(tag)
            field.seen += 1
            if field.tag != tag:
                field.tag = ""
                field.inner = None
            elif tag == "M":
                if field.inner is None:
                    field.inner = ItemShape(self.depth + 1)
                if not field.inner.open:
                    field.inner.learn(content)
            elif tag == "L":
                tags = {kind for member in content for kind in member} | {field.member} - {None}
                field.member = None if not tags else tags.pop() if len(tags) == 1 else ""
        self.open = len(self.fields) > _NAMES_MAX or self.depth > _DEPTH_MAX

    def known(self) -> list[tuple[str, str, str, ShapeField]]:
        """(attribute of the struct, name of the attribute, tag, field) of each, in the order of ``struct``."""
        return [(f"f{number}", name, field.tag, field) for number, (name, field) in enumerate(self.fields.items())]

    def required(self, field: ShapeField) -> bool:
        """Whether every map that was seen had it."""
        return field.seen == self.seen

    def struct(self, contents: Mapping[str, Any] = TYPES) -> Any:
        """A type that decodes maps of this shape and refuses any other. ``contents`` are the types by tag."""
        fields = []
        for attribute, _, tag, field in self.known():
            kind = self.kind(tag, field, contents)
            fields.append((attribute, kind) if self.required(field) else (attribute, kind | msgspec.UnsetType, UNSET))
        names = {attribute: name for attribute, name, _, _ in self.known()}
        return msgspec.defstruct("Shaped", fields, rename=names, forbid_unknown_fields=True, gc=False, kw_only=True)

    def kind(self, tag: str, field: ShapeField, contents: Mapping[str, Any]) -> Any:
        """The type of one field of ``struct``: ``v`` holds the content of its one tag."""
        if not tag:
            return dict[str, Any]
        content = contents.get(f"{tag}{field.member}", contents[tag]) if tag == "L" else contents[tag]
        if field.inner is not None and not field.inner.open:
            content = field.inner.struct(contents)
        return msgspec.defstruct("Tagged", [("v", content)], rename={"v": tag}, forbid_unknown_fields=True, gc=False)


class ShapeSamples:
    """A shape that is learnt from items, and when code for it is due: after ``first``, then after twice as many."""

    __slots__ = ("_due", "_seen", "shape")

    def __init__(self, first: int) -> None:
        self.shape = ItemShape()
        self._seen = 0
        self._due = first

    def learn(self, tree: Mapping[str, Any]) -> bool:
        """Add a parsed item that the last code was not for; whether new code is due. Nothing, once it has no shape."""
        if self.shape.open:
            return False
        self.shape.learn(tree)
        self._seen += 1
        if self._seen < self._due:
            return False
        self._seen, self._due = 0, self._due * 2
        return True


class ShapeLearner(Generic[Out]):
    """A reader of items: ``general`` gives what an item is from its parsed form, ``write`` is code that does the same.

    ``write(shape)`` gives the source of a function ``read(v)`` of a decoded struct, and the names that it uses. An
    object with memory (of names, never of values), for one table and one thread; ``first`` items come before a reader.
    """

    __slots__ = ("_contents", "_decode", "_general", "_lessons", "_read", "_write")

    def __init__(
        self,
        general: Callable[[RawItem | bytes, Any], Out],
        write: Callable[[ItemShape], tuple[str, dict[str, Any]]],
        contents: Mapping[str, Any] = TYPES,
        *,
        first: int = FIRST,
    ) -> None:
        self._general = general
        self._write = write
        self._contents = contents
        self._lessons = ShapeSamples(first)
        self._decode: Callable[[RawItem | bytes], Any] | None = None
        self._read: Callable[[Any], Out] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # What was learnt is learnt anew in another process.
        return ShapeLearner, (self._general, self._write, self._contents)

    def __call__(self, raw: RawItem | bytes) -> Out:
        """What the item is. Raises ItemInvalid as ``general`` does."""
        if self._decode is not None and self._read is not None:
            try:
                return self._read(self._decode(raw))
            except Exception:  # another shape, or no item at all: the general way says which
                pass
        return self._otherwise(raw)

    def _otherwise(self, raw: RawItem | bytes) -> Out:
        try:
            tree = _decode_any(raw)
        except NOT_JSON:
            tree = None
        found = self._general(raw, tree)  # raises where this is no item: nothing is learnt from it
        if self._lessons.learn(tree):
            self._build(self._lessons.shape)
        return found

    def _build(self, shape: ItemShape) -> None:
        if shape.open:
            self._decode = self._read = None
            return
        try:
            decode = msgspec.json.Decoder(shape.struct(self._contents)).decode
        except ValueError:  # a name that no struct can have (with a quote or a backslash in it)
            shape.open = True
            return
        source, names = self._write(shape)
        exec(compile(source, "<shape>", "exec"), names)  # generated here, from no text of an item
        self._decode, self._read = decode, names["read"]
