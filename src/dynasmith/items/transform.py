"""What a function or an operations file becomes: one callable from an item's bytes to items' bytes.

A copy makes none, one or many items of one; a backfill makes a ``Rewrite`` or nothing. Both are pure: the same bytes
and the same ``ctx`` give the same result, which is what makes a resumed run write what the first one wrote.
"""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from dynasmith.errors import ItemInvalid, TransformError
from dynasmith.items.ctx import Context
from dynasmith.items.item_reader import native_reader
from dynasmith.items.key import KeySchema, check_key, format_key, key_of
from dynasmith.items.lazy import LazyItem
from dynasmith.items.shape_inference import ShapeLearner
from dynasmith.items.size import ITEM_BYTES_MAX, check_item
from dynasmith.items.specialized_reader import SpecializedReader
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem
from dynasmith.items.writer import Writer

#: What a transform may return: an item, nothing, or many items.
Result: TypeAlias = Mapping[str, Any] | Iterable[Mapping[str, Any]] | None
#: The function that a person writes.
Function: TypeAlias = Callable[[MutableMapping[str, Any], Context], Result]
#: What becomes of an item that a transform refuses: the job stops, or the item goes to the dead-letter file.
Policy: TypeAlias = Literal["stop", "dead"]
#: What a message says in place of the key of an item that is being masked.
HIDDEN_KEY = "(its key is not shown)"


class ItemRefused(TransformError):
    """One item that a transform cannot turn into what can be written; nothing of it was written.

    ``policy`` is what the transform itself asks for, None where the job's own policy decides. ``key`` shows which item.
    ``__cause__`` is what a function raised, with its traceback.
    """

    def __init__(self, message: str, *, hint: str = "", policy: Policy | None = None, key: str = "") -> None:
        super().__init__(message, hint=hint)
        self.policy = policy
        self.key = key


class ItemSkipped(Exception):
    """Raised by a transform for an item that does not concern it: a job leaves it alone, and counts it as skipped."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """How a backfill changes one item: only what differs is written, if what it depends on is still there."""

    #: The item as it was read, and as it shall be.
    before: RawItem
    after: RawItem
    #: Attributes to write, as wire bytes, and to remove.
    assigned: Mapping[str, bytes]
    removed: tuple[str, ...]
    #: The top-level attributes that the transform read or wrote, as they were: wire bytes, None for absent. A write
    #: holds only while they are unchanged. Key attributes are left out: they cannot change.
    expected: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Transform:
    """A function bound to its ``ctx``, and to the key that its results must have.

    ``where`` says which items it concerns: the others pass a copy untouched and a backfill unwritten.
    """

    function: Function
    ctx: Context
    #: The target's key; the source's where it is None.
    target: KeySchema | None = None
    where: Callable[[Mapping[str, Any]], bool] | None = None
    _native: ShapeLearner[dict[str, Any]] = field(default_factory=native_reader, init=False, repr=False, compare=False)
    _ahead: SpecializedReader = field(default_factory=SpecializedReader, init=False, repr=False, compare=False)
    _write: Writer = field(default_factory=Writer, init=False, repr=False, compare=False)
    _other_key: bool = field(init=False, repr=False, compare=False)
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_other_key", self.target is not None and self.target != self.ctx.key)
        object.__setattr__(self, "_names", self.ctx.key.names)

    def copy(self, raw: RawItem) -> list[RawItem]:
        """The items that one item becomes in a copy; empty where the function returned None. Raises ItemRefused and
        ItemSkipped."""
        return [wire for wire, _ in self.copies(raw)]

    def copies(self, raw: RawItem) -> list[tuple[RawItem, bool]]:
        """The same, each with whether its key is another one than the item's. Raises ItemRefused and ItemSkipped."""
        item = LazyItem(raw, self._native, self._ahead)
        try:
            if self.where is not None and not self.where(item):
                return [(raw, self._other_key and self._moved(raw, raw))]
            result = self.function(item, self.ctx)
            # Exact types first: whether something is a Mapping is asked of an abstract class, which is slow.
            if type(result) is dict or type(result) is LazyItem or isinstance(result, Mapping):
                made = [self._written(item, result)]
            else:
                # Each is written out as it comes: a generator may change and yield the same item again.
                made = [self._written(item, one) for one in several_items(result)]
        except ItemSkipped:
            raise
        except (Exception, SystemExit) as cause:  # sys.exit() of a function would end us with its own exit code
            raise self.refused(raw, cause) from cause
        if item.unforeseen:
            self._ahead.learn(raw, item.written)
        return made

    def rewrite(self, raw: RawItem) -> Rewrite | None:
        """How a backfill changes one item; None where it changes nothing. Raises ItemRefused and ItemSkipped.

        The function may change the item in place and return None, or return the item as it shall be: an attribute
        that the returned mapping lacks is removed.
        """
        item = LazyItem(raw, self._native)
        try:
            if self.where is not None and not self.where(item):
                return None
            result = self.function(item, self.ctx)
            if result is None:
                result = item
            elif not isinstance(result, Mapping):
                raise _wrong_type(result, "a backfill makes one item of one: return a mapping, or None for no change")
            return self._rewrite(item, result)
        except ItemSkipped:
            raise
        except (Exception, SystemExit) as cause:  # sys.exit() of a function would end us with its own exit code
            raise self.refused(raw, cause) from cause

    def _rewrite(self, item: LazyItem, result: Mapping[str, Any]) -> Rewrite | None:
        raw, parts = item.raw, item.parts
        if not (type(result) is LazyItem and result.raw is raw):
            whole = LazyItem(raw)
            for name in [name for name in parts if name not in result]:
                del whole[name]
            whole.update(result)
            result = whole
        changes = result.changed()
        if not changes:
            return None
        keys = self.ctx.key.names
        moved = [name for name in keys if name in changes]
        if moved:
            raise ItemRefused(
                f"The transform changes the key attribute {', '.join(moved)}, and the key of an item cannot change.",
                hint="a new key is a new item: copy the table into a new one with this transform",
                policy="stop",
            )
        removed = [name for name, wire in changes.items() if wire is None]
        assigned = {name: wire for name, wire in changes.items() if wire is not None}
        tree = {**parts, **{name: RawItem(wire) for name, wire in assigned.items()}}
        for name in removed:
            del tree[name]
        touched = item.touched | result.touched
        return Rewrite(
            before=raw,
            after=RawItem(write_tree(tree)),
            assigned=assigned,
            removed=tuple(sorted(removed)),
            expected={name: bytes(parts[name]) if name in parts else None for name in touched if name not in keys},
        )

    def _written(self, item: LazyItem, result: Mapping[str, Any]) -> tuple[RawItem, bool]:
        """The bytes of a result, after every rule, and whether its key is another one than the item's."""
        wire = result.wire() if type(result) is LazyItem else RawItem(self._write(result))
        if len(wire) > ITEM_BYTES_MAX:  # the wire is never shorter than the item: only a long one is measured
            check_item(wire)
        # The source holds its items to its own key: one that is as it came needs no second look for the same key.
        if not self._other_key and _same_key(item, result, self._names):
            return wire, False
        return wire, self._moved(item.raw, wire)

    def _moved(self, raw: RawItem, wire: RawItem) -> bool:
        """Whether an item has another key than the one it was made of. Raises ItemInvalid where it lacks one."""
        found = check_key(wire, self.target or self.ctx.key)
        return self._other_key or found != key_of(raw, self.ctx.key)

    def refused(self, raw: RawItem, cause: BaseException) -> ItemRefused:
        """The error for an item that the transform did not take, or whose result cannot be written."""
        key = self.key_text(raw)
        if isinstance(cause, ItemRefused):
            return ItemRefused(
                f"Item {key}: {cause.message}" if not cause.key else cause.message,
                hint=cause.hint,
                policy=cause.policy,
                key=key,
            )
        if self.hides_values:  # user code among masks may say what it saw
            return ItemRefused(
                f"The transform raised {type(cause).__name__} on an item {key}.",
                hint="its message may repeat what is masked; try the transform on items of your own",
                key=key,
            )
        if isinstance(cause, ItemInvalid):
            return ItemRefused(f"What the transform makes of item {key}: {cause.message}", hint=cause.hint, key=key)
        return ItemRefused(
            f"The transform raised {type(cause).__name__} on item {key}: {cause}", hint="fix the transform", key=key
        )

    @property
    def hides_values(self) -> bool:
        """Whether the function masks, so that neither keys nor values of its items may be shown."""
        return bool(getattr(self.function, "masks", False))

    def key_text(self, raw: RawItem) -> str:
        """The key of an item as people read it; not shown where the transform masks."""
        if self.hides_values:
            return HIDDEN_KEY
        try:
            return format_key(key_of(raw, self.ctx.key), self.ctx.key)
        except ItemInvalid:
            return "without a key"


@dataclass(frozen=True, slots=True)
class Divergence:
    """An item for which a transform is not idempotent: applied to its own result it changes these attributes."""

    key: str
    names: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What was seen, in one sentence."""
        return f"Run again on its own result, the transform changes {', '.join(self.names)} of item {self.key} again."


def check_converges(transform: Transform, raws: Iterable[RawItem]) -> list[Divergence]:
    """The items of a sample that a second run would change again: a resumed backfill would apply it twice to them.

    Raises ItemRefused where the transform fails on an item. Costs two runs an item.
    """
    found = []
    for raw in raws:
        try:
            first = transform.rewrite(raw)
        except ItemSkipped:
            continue
        second = None if first is None else transform.rewrite(first.after)
        if second is not None:
            names = tuple(sorted({*second.assigned, *second.removed}))
            found.append(Divergence(transform.key_text(raw), names))
    return found


def _same_key(item: LazyItem, result: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Whether a result surely has the key that the item came with; where it is not sure, its bytes are looked at."""
    if result is item and not item.wrote(names):
        return True
    for name in names:
        value, came = result.get(name), item.came(name)
        if value is not came and (type(value) is not type(came) or value != came):
            return False
    return True


def several_items(result: object) -> Iterator[Mapping[str, Any]]:
    """The items of a result that is not one item. Raises ItemRefused for what is neither None nor several items."""
    if result is None:
        return
    if isinstance(result, str | bytes) or not isinstance(result, Iterable):
        raise _wrong_type(result, "return a mapping, None, or several mappings")
    for one in result:
        if not isinstance(one, Mapping):
            raise _wrong_type(one, "every item that a transform returns is a mapping")
        yield one


def _wrong_type(result: object, hint: str) -> ItemRefused:
    if isinstance(result, Coroutine):
        result.close()
        hint = "a transform is a plain function: def, not async def"
    return ItemRefused(f"The transform returned {type(result).__name__}, which is not an item.", hint=hint)
