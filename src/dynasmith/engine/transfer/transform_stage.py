"""What happens to the items of a page between source and sink: filter, transform, the check for one key twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from dynasmith.engine.workers.user_traceback import trace_of
from dynasmith.items.digest import Digest, digest_items
from dynasmith.items.digester import Digester
from dynasmith.items.key import Key, KeySchema, format_key, key_of
from dynasmith.items.missing_counts import NONE_MISSING, MissingCounts
from dynasmith.items.personal_counts import Personal
from dynasmith.items.transform import ItemRefused, ItemSkipped, Policy, Transform
from dynasmith.items.wire import RawItem
from dynasmith.operations.nested_operations import operations_of
from dynasmith.operations.personal_counter import PersonalCounter
from dynasmith.operations.sample import Sample
from dynasmith.ports.items import DeadLetter, Item


@dataclass(frozen=True, slots=True)
class StagedPage:
    """The items that a page became: read + fanned_out - dropped = items + unchanged + already + skipped + dead.

    ``moved`` says that some of them have another key than the item they were made of; ``unchanged`` and ``skipped`` are
    those that a backfill has nothing to write for, or leaves alone. ``origins`` are the numbers of the page's items
    that ``items`` were made of, one each, or None where ``items`` are those of the page, one for one; ``digest`` is
    that of ``items`` where it is known. ``dead_origins`` are the numbers of the page's items that the first of ``dead``
    were made of, as far as they are known. ``personal`` counts values of personal attributes, ``sample_missing`` items
    without the attribute of a sample. ``cut`` says that some were dropped because a limit was reached.
    """

    items: Sequence[Item]
    fanned_out: int = 0
    dropped: int = 0
    already: int = 0
    dead: tuple[DeadLetter, ...] = ()
    moved: bool = False
    unchanged: int = 0
    skipped: int = 0
    origins: Sequence[int] | None = None
    digest: Digest | None = None
    dead_origins: Sequence[int] = ()
    personal: Personal = field(default_factory=dict)
    sample_missing: MissingCounts = NONE_MISSING
    cut: bool = False


class Stage(Protocol):
    """From the items of a page to those to be written."""

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """What is written in place of these items."""
        ...


@dataclass(frozen=True, slots=True)
class Steps:
    """The stage in this process. ``keep`` drops items, ``transform`` changes them.

    Where a transform may have made one key of two, it is looked for, unless ``twice`` is False: something after the
    stage looks at the whole job. An item that a transform refuses stops the job, or goes to the dead letters where its
    policy or the job's ``policy`` says.
    """

    keep: Callable[[Item], bool] | None = None
    transform: Transform | None = None
    twice: bool = True
    policy: Policy = "stop"

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page: on the loop, since a page is a few milliseconds."""
        return self.apply(items)

    def apply(self, items: Sequence[Item], most: int | None = None) -> StagedPage:
        """Stage a page, and drop what comes after ``most`` items of it. Raises ItemRefused where a transform fails and
        the policy is to stop."""
        numbers: Sequence[int] | None = None
        dropped = 0
        if self.keep is not None:
            numbers = [number for number, item in enumerate(items) if self.keep(item)]
            dropped, items = len(items) - len(numbers), [items[number] for number in numbers]
        if self.transform is None:
            sent = items if most is None else items[:most]
            beyond = len(items) - len(sent)
            numbers = None if numbers is None else numbers[: len(sent)]
            return StagedPage(sent, 0, dropped + beyond, origins=numbers, cut=beyond > 0)
        staged = transformed(items, self.transform, self.policy, most)
        origins, lost = staged.origins, staged.dead_origins
        if numbers is not None and origins is not None:
            origins, lost = [numbers[number] for number in origins], [numbers[number] for number in lost]
        staged = replace(staged, dropped=staged.dropped + dropped, origins=origins, dead_origins=lost)
        if self.twice and (staged.moved or staged.fanned_out):
            return _distinct(staged, self.transform.target or self.transform.ctx.key)
        return staged


def transformed(items: Sequence[Item], transform: Transform, policy: Policy, most: int | None = None) -> StagedPage:
    """The items after a transform. Those after the first ``most`` that it makes are dropped; of an item of which it
    makes several all come, or none. Raises ItemRefused where it fails and the policy is to stop."""
    made: list[Item] = []
    origins: list[int] = []
    dead: list[DeadLetter] = []
    lost: list[int] = []
    fanned_out = dropped = skipped = 0
    moved = cut = False
    copies = transform.copies
    counter = transform.function if isinstance(transform.function, PersonalCounter) else None
    samples = [each for each in operations_of(transform.function) if isinstance(each, Sample)]
    _taken(counter, samples)  # of a page that failed
    for number, item in enumerate(items):
        if cut := len(made) == most:
            dropped += len(items) - number
            break
        try:
            results = copies(item if type(item) is RawItem else RawItem(bytes(item)))
        except ItemSkipped:
            skipped += 1
            continue
        except ItemRefused as refused:
            if (refused.policy or policy) == "stop":
                raise
            dead.append(DeadLetter(code="transform", reason=refused.message, item=bytes(item), trace=trace_of(refused)))
            lost.append(number)
            continue
        if cut := most is not None and len(made) + len(results) > most:
            dropped += len(items) - number
            break
        for wire, key_changed in results:
            made.append(wire)
            origins.append(number)
            if key_changed:
                moved = True
        if len(results) != 1:
            dropped += not results
            fanned_out += max(0, len(results) - 1)
    personal, missing = _taken(counter, samples)
    return StagedPage(
        made,
        fanned_out,
        dropped,
        0,
        tuple(dead),
        moved,
        skipped=skipped,
        origins=origins,
        dead_origins=lost,
        personal=personal,
        sample_missing=missing,
        cut=cut,
    )


def _taken(counter: PersonalCounter | None, samples: Sequence[Sample]) -> tuple[Personal, MissingCounts]:
    """What was counted since it was taken before."""
    missing = sum((each.take_missing() for each in samples), NONE_MISSING)
    return {} if counter is None else counter.take(), missing


def _distinct(staged: StagedPage, key: KeySchema) -> StagedPage:
    items, already, twice = distinct_items(staged.items, key)
    return replace(staged, items=items, already=already, dead=(*staged.dead, *twice), origins=None)


def distinct_items(items: Sequence[Item], key: KeySchema) -> tuple[Sequence[Item], int, list[DeadLetter]]:
    """The items without those whose key came before; an equal one counts as there already, another one is dead."""
    first: dict[Key, Item] = {}
    for item in items:
        first.setdefault(key_of(item, key), item)
    if len(first) == len(items):
        return items, 0, []
    already, dead = 0, list[DeadLetter]()
    for item in items:
        found = key_of(item, key)
        if first[found] is item:
            continue
        if digest_items([first[found]]) == digest_items([item]):
            already += 1
        else:
            dead.append(
                DeadLetter(
                    code="duplicate", reason=f"an item before it has the key {format_key(found, key)}", item=bytes(item)
                )
            )
    return list(first.values()), already, dead


def digest_less(staged: StagedPage, others: Sequence[bytes], digester: Digester) -> Digest:
    """The digest of the staged items without ``others``, which are some of them."""
    whole = digester(staged.items) if staged.digest is None else staged.digest
    if not others:
        return whole
    less = digester(others)
    return Digest(whole.count - less.count, (whole.total - less.total) % (1 << 128))
