"""An item that decodes an attribute when it is touched, and writes again only what changed.

What nobody touched passes on as the bytes that came. Three attributes read, changed and written: about 7 us.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from copy import deepcopy
from typing import Any, Final, TypeAlias, final

import msgspec
from msgspec import UNSET

from dynasmith.errors import ItemInvalid
from dynasmith.items.specialized_reader import ReadPlan, SpecializedReader
from dynasmith.items.value import decode_value, encode_tree, same_value, write_tree
from dynasmith.items.views import DecodedMapping, Names, Pairs, Values
from dynasmith.items.wire import RawItem, attributes, check_name, decode_item, named

#: A whole item in plain Python at once.
Read: TypeAlias = Callable[[RawItem], dict[str, Any]]

#: Types whose value can change behind our back once it is handed out.
_MUTABLE: Final = frozenset((list, dict, set))


@final
class LazyItem(DecodedMapping):
    """A mutable mapping of attribute names to plain Python values over the wire bytes of one item.

    A value that is changed in place (``item["tags"].append("x")``) is noticed. ``raw`` is the item as it came;
    ``wire()`` is the item as it is now; ``changed()`` and ``touched`` serve conditional writes. ``copy()`` and
    ``item | {...}`` make items that share the untouched bytes, for a transform that makes many of one.
    Reading raises ItemInvalid where an attribute is not DynamoDB JSON, writing where a value has no form there.
    ``read`` gives the whole item (``native``): where somebody iterates over it, all is decoded at once. ``ahead`` knows
    what a transform does with every item; ``unforeseen`` says afterwards that this one was something else.
    """

    # No subclass of dict: what is written in C (a JSON encoder, a validator) would look into it behind our back, and
    # find only what was touched.
    __slots__ = (
        *("_absent", "_ahead", "_cut", "_foreseen", "_new", "_parts", "_plan", "_read", "_read_all", "_values"),
        *("raw", "unforeseen"),
    )

    #: The item as it came.
    raw: RawItem
    unforeseen: bool
    # The item as the plan of ``ahead`` cut it, in place of ``parts``, and what was decoded on the way.
    _cut: Any
    _foreseen: dict[str, Any]
    _plan: ReadPlan

    def __init__(self, raw: RawItem | bytes, read: Read = decode_item, ahead: SpecializedReader | None = None) -> None:
        self.raw = raw if type(raw) is msgspec.Raw else msgspec.Raw(raw)
        self._parts: dict[str, msgspec.Raw] | None = None
        self._read = read
        self._ahead = ahead
        self._cut = None
        self._values: dict[str, Any] = {}  # decoded or assigned, by name
        self._new: dict[str, None] = {}  # names that were assigned, or removed where they have no value
        self._absent: set[str] | None = None
        self._read_all = False
        self.unforeseen = False

    @property
    def parts(self) -> dict[str, msgspec.Raw]:
        """Its attributes as they came, still bytes. Not to be changed."""
        parts = self._parts
        if parts is None:
            parts = self._parts = attributes(self.raw)
        return parts

    # --- the mapping --------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        values = self._values
        return values[name] if name in values else self._decoded(name)

    def _decoded(self, name: str) -> Any:
        if name in self._new:
            raise KeyError(name)
        if (self._cut is not None or self._begin()) and name in self._foreseen:
            value = self._values[name] = self._foreseen[name]
            return value
        raw = self._part(name)
        if raw is None:
            self._miss(name)
            raise KeyError(name)
        try:
            value = self._values[name] = decode_value(raw)
        except ItemInvalid as cause:
            raise named(name, cause) from cause
        return value

    def _begin(self) -> bool:
        """Cut the item ahead; False where it is read the general way."""
        if self._ahead is None:
            return False
        plan = self._ahead.plan
        try:
            if plan is not None:
                self._cut = plan.cut(self.raw)
                self._foreseen = plan.foreseen(self._cut)
                self._plan = plan
        except Exception:  # another shape, or no item at all: the general way says which
            self._cut = None
        if self._cut is None:
            self._ahead, self.unforeseen = None, True
        return self._cut is not None

    def _part(self, name: str) -> msgspec.Raw | None:
        """The bytes of an attribute that nobody assigned; None where the item came without it."""
        if self._cut is None or name in self._foreseen:
            return self.parts.get(name)
        attribute = self._plan.fields.get(name)
        part = None if attribute is None else getattr(self._cut, attribute)
        return None if part is UNSET else part

    def came(self, name: str) -> Any:
        """The value that an attribute came with, whatever was assigned since. Raises KeyError. Not to be changed."""
        if name in self._values and name not in self._new:
            return self._values[name]
        return decode_value(self.parts[name])

    def __setitem__(self, name: str, value: Any) -> None:
        if type(name) is not str or not name:
            check_name(name)
        self._values[name] = value
        self._new[name] = None

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        del self._values[name]
        self._new[name] = None

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        if name in self._values:
            return True
        try:
            # That it is there was asked, so a conditional write must hold to it: decoding marks it as touched.
            self._decoded(name)
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._whole()))

    def __len__(self) -> int:
        return len(self._whole())

    def keys(self) -> KeysView[str]:
        """The names. All is read, here and below, once somebody iterates."""
        return Names(self)

    def items(self) -> ItemsView[str, Any]:
        """Names with values."""
        return Pairs(self)

    def values(self) -> ValuesView[Any]:
        """The values."""
        return Values(self)

    def __repr__(self) -> str:
        # Items hold customers' values, and a repr ends in logs.
        return f"<LazyItem of {len(self.parts)} attributes>"

    def copy(self) -> "LazyItem":
        """Another item with the same attributes; changing one does not change the other."""
        twin = LazyItem(self.raw, self._read)
        twin._parts = self.parts
        twin._values = {name: _copied(value) for name, value in self._values.items()}
        twin._new = self._new.copy()
        twin._absent = None if self._absent is None else set(self._absent)
        twin._read_all = self._read_all
        return twin

    def __or__(self, other: Mapping[str, Any]) -> "LazyItem":
        twin = self.copy()
        twin.update(other)
        return twin

    def _whole(self) -> dict[str, Any]:
        """All values by name; all are read from now on."""
        if not self._read_all:
            values = self._read(self.raw)
            if self._new or self._values:
                for name in self._new.keys() & values.keys() - self._values.keys():
                    del values[name]
                # What was handed out stays the same object: it may have been changed in place.
                values |= self._values
            self._values, self._read_all = values, True
        return self._values

    def _miss(self, name: str) -> None:
        if self._absent is None:
            self._absent = set()
        self._absent.add(name)

    # --- what became of it --------------------------------------------------------------------------------------------

    @property
    def touched(self) -> frozenset[str]:
        """Names of the attributes that were read, looked for or written: what a result may depend on."""
        return frozenset(self._values).union(self._new, self._absent or ())

    def changed(self) -> dict[str, bytes | None]:
        """The attributes whose value differs from what came: name to wire bytes, None where it was removed.

        The bytes that came are in ``parts``. Raises ItemInvalid where a new value has no form in DynamoDB.
        """
        changes: dict[str, bytes | None] = {}
        for name, value in self._changed_in_place():
            changes[name] = self._write(name, value)
        for name in self._new:
            before = self.parts.get(name)
            if name not in self._values:
                if before is not None:
                    changes[name] = None
            else:
                value = self._values[name]
                wire = self._write(name, value)
                if before is None or not same_value(decode_value(before), value):
                    changes[name] = wire
        return changes

    @property
    def written(self) -> frozenset[str]:
        """Names of the attributes that were assigned and not removed."""
        return frozenset(self._new.keys() & self._values.keys())

    def wrote(self, names: Iterable[str]) -> bool:
        """Whether one of these attributes was assigned or removed. A change in place is not seen: keys have none."""
        new = self._new
        return bool(new) and not new.keys().isdisjoint(names)

    def wire(self) -> RawItem:
        """The item as it is now. What nobody wrote is the bytes that came; nothing written means ``raw`` itself.

        Raises ItemInvalid, naming the attribute, where a value has no form in DynamoDB.
        """
        values, new = self._values, self._new
        in_place: list[tuple[str, Any]] = []
        if not _MUTABLE.isdisjoint(map(type, values.values())):
            in_place = self._changed_in_place()
        if not new and not in_place:
            return self.raw
        tree = None if in_place else self._filled()
        return msgspec.Raw(write_tree(self._assembled(in_place) if tree is None else tree))

    def _filled(self) -> Any:
        """The cut item with what was written in it; None where it is not the place for it."""
        if self._cut is None and (self._parts is not None or not self._begin()):
            return None
        values, new, cut, fields = self._values, self._new, self._cut, self._plan.fields
        try:
            if self._plan.fill(cut, values, new):
                return cut
        except Exception:  # something was removed, or has no form in DynamoDB: below it is seen which
            pass
        # What was decoded on the way and not assigned would lose the spelling that it came with.
        if not (new.keys() >= self._foreseen.keys() and fields.keys() >= new.keys()):
            self.unforeseen = True
            return None
        name = ""
        try:
            for name in new:
                setattr(cut, fields[name], encode_tree(values[name]) if name in values else UNSET)
        except ItemInvalid as cause:
            raise named(name, cause) from cause
        return cut

    def _assembled(self, in_place: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """The parts with what was written, and what was changed in place."""
        tree: dict[str, Any] = self.parts.copy()
        name = ""
        try:
            for name, value in in_place:
                tree[name] = encode_tree(value)
            for name in self._new:
                if name in self._values:
                    tree[name] = encode_tree(self._values[name])
                else:
                    tree.pop(name, None)
        except ItemInvalid as cause:
            raise named(name, cause) from cause
        return tree

    def _write(self, name: str, value: Any) -> bytes:
        try:
            return write_tree(encode_tree(value))
        except ItemInvalid as cause:
            raise named(name, cause) from cause

    def _changed_in_place(self) -> list[tuple[str, Any]]:
        """The handed-out lists, maps and sets that are no longer what the wire says."""
        changed = []
        for name, value in self._values.items():
            if type(value) in _MUTABLE and name not in self._new:
                part = self._part(name)
                if part is None or not same_value(decode_value(part), value):
                    changed.append((name, value))
        return changed


def _copied(value: Any) -> Any:
    return deepcopy(value) if type(value) in _MUTABLE else value
