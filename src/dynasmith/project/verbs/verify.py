"""verify, wired: two tables, exports, or one of each; what a copy did to the items is done to the source first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import TYPE_CHECKING

from dynasmith.engine.transfer.copy import SEGMENTS_EACH, expiry
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.guarded_stage import GuardedStage, GuardedSteps
from dynasmith.engine.transfer.page_service import OpenedOnce, OpenRemotePages, PageService
from dynasmith.engine.transfer.populate import DuplicateCheck
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, key_schema, rates
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.engine.transfer.verify import VerifyResult, VerifySide, verify
from dynasmith.engine.user_code.dry_run import Keeping, kept_dry
from dynasmith.errors import UsageError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import Layout, layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.files.items.visible_files import OpenVisibleFiles
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.options import ReadOptions
from dynasmith.jobs.segments import plan_segments
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import transform_of
from dynasmith.ports.items import Item, OpenSource, ThrottleListener
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.dry_run import rehearsed, unguarded
from dynasmith.project.verbs.file_names import absolute, is_file
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_tables
from dynasmith.project.verbs.populate_files import NewSource, fingerprints_of, key_words
from dynasmith.project.verbs.transforms import AnyTransform, function_of
from dynasmith.tables.table import Key, KeyAttribute

if TYPE_CHECKING:
    from dynasmith.models import Model

SEGMENTS = 8
"""Of a table, where it is read by one process."""


def verify_sides(
    items: ItemWorld,
    source: str | Side | type[Model],
    target: str | Side | type[Model],
    *,
    transform: AnyTransform | None = None,
    job: str = "",
    limit: int = 20,
    workers: int = 0,
    listener: Listener = silent,
) -> VerifyResult:
    """Compare them; with ``workers`` by so many, where the workers of ``items`` are.

    With ``job`` the source goes through what that job did: its transform, with the same ``ctx.now`` and ``ctx.uuid``,
    its filter, and what it left out as expired. Raises UsageError for two files of which nobody knows the key, and for
    another table than the job's; CheckpointError where one of its tables was made anew since.
    """
    done = items.ledger.show(job) if job else None
    sides = items.side(source), items.side(target)
    ends = [None if is_file(side.table) else items.end(side) for side in sides]
    if workers and not all(end is None or end.access.portable for end in ends):
        raise UsageError(
            "Workers cannot use the transport botocore.", hint="remove --transport, or --processes and --on"
        )
    if done is not None:
        _check_whole(done)
        check_tables(done, dict(zip(("source", "target"), ends, strict=True)))
    layouts = [
        layout_of([absolute(side.table)]) if end is None else None for side, end in zip(sides, ends, strict=True)
    ]
    if any(layout is not None and layout.changes for layout in layouts):
        raise UsageError(
            "An incremental export holds changes, and a table cannot be compared with them.",
            hint="compare with a full export, or with a table",
        )
    keyed = next((end.key for end in reversed(ends) if end is not None), None)
    key = keyed or _key_of_manifest(layouts[1] or layouts[0])
    came = ends[0].key if ends[0] is not None else key
    condition = readable(done).options.condition if done is not None else ""
    first = _side(ends[0], layouts[0], came, condition, workers)
    named = _transform_of(done) if transform is None else transform
    function, keeping = _transform(items, named)
    steps = _steps(items, function, done, ends[0], came, key)
    if function is None and came != key:
        raise UsageError(
            f"{sides[1].table} has the key {key_words(key)}, and {sides[0].table} has {key_words(came)}.",
            hint="--transform or --job says what a copy did to the items",
        )
    second = _side(ends[1], layouts[1], key, "", workers)
    how = _Comparison(key, limit, workers, items.context(listener))
    found = how.compared(first, second) if steps is None else how.transformed(first, second, steps, keeping)
    files = [(side.table, layout) for side, layout in zip(sides, layouts, strict=True) if layout is not None]
    return changed(
        found,
        same_code=any(layout.manifest is not None for _, layout in files),
        notes=(*found.notes, *(_file_note(name, layout) for name, layout in files)),
    )


def verify_source(items: ItemWorld, opened: OpenSource, target: Side, *, listener: Listener = silent) -> VerifyResult:
    """Compare the items of a source with those of a table. Raises CheckpointError where that was made again since."""
    end = items.end(target)
    return verify(VerifySide(source=opened), _side(end, None, end.key, "", 0), end.key, around=items.context(listener))


def _check_whole(done: Job) -> None:
    limit = readable(done).options.limit
    if limit is not None:
        raise UsageError(
            f"Job {done.id} was done after {limit:,} items, so its target lacks the others.",
            hint="verify SOURCE TARGET without --job shows keys that differ; those that are missing were not copied",
        )


def _transform_of(done: Job | None) -> str | None:
    ref = None if done is None else transform_of(readable(done))
    return None if ref is None else ref.name


def _transform(items: ItemWorld, named: AnyTransform | None) -> tuple[Function | None, Keeping]:
    """The transform, and how its user code is kept: in a dry run in a guarded process, else here, as in a real run."""
    if items.only_reads:
        return rehearsed(named, items.folder, items.world.session, items.transport, keys=items.world.cipher)
    function = None if named is None else function_of(named, items.folder, keys=items.world.cipher)
    return function, unguarded(function)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How both sides are compared."""

    key: KeySchema
    limit: int
    workers: int
    around: RunContext

    def compared(self, first: VerifySide, second: VerifySide, stop: StopRequest | None = None) -> VerifyResult:
        """The two as they are."""
        around = self.around if stop is None else changed(self.around, stop=stop)
        return verify(first, second, self.key, limit=self.limit, workers=self.workers, around=around)

    def transformed(self, first: VerifySide, second: VerifySide, steps: Steps, keeping: Keeping) -> VerifyResult:
        """With the items of the first side through ``steps``, and what their user code was refused. Raises UsageError
        where that is guarded in a process of this machine, and workers are to run it."""
        stop = self.around.stop or StopRequest()
        with kept_dry(keeping, GuardedSteps(steps)) as kept:
            if kept.process is not None and self.workers:
                raise UsageError(
                    "In a dry run a transform runs in one guarded process of this machine.",
                    hint="remove --dry-run, or --on and --processes",
                )
            stage = steps if kept.process is None else GuardedStage(kept.process, stop)
            found = self.compared(changed(first, stage=stage, seen=SeenKeys), second, stop)
        return changed(
            found, hazards=kept.hazards, notes=kept.notes, refused_calls=tuple(kept.refused), closing=kept.closing
        )


def _file_note(name: str, layout: Layout) -> str:
    """What a comparison with a file cannot find: a fault that its reader and its writer share."""
    if layout.manifest is not None:
        return (
            f"dynasmith wrote {name} and read it here with the same code: a fault that both share would not show. "
            "Compare with what another program reads of it to be sure"
        )
    return f"{name} was read by dynasmith, as populate reads it: so a mistake of reading would be in both"


def _steps(
    items: ItemWorld,
    function: Function | None,
    done: Job | None,
    source: TableEnd | None,
    came: KeySchema,
    key: KeySchema,
) -> Steps | None:
    """What the job did to the items that it read; None where it changed and left out none."""
    made: Transform | None = None
    if function is not None:
        ctx = Context(items.now(), "verify", came) if done is None else Context(done.started_at, done.id, came)
        made = Transform(function, ctx, target=key)
    keep = _kept(done, source)
    policy = "stop" if done is None else readable(done).options.on_error
    return None if made is None and keep is None else Steps(keep=keep, transform=made, policy=policy)


def _kept(done: Job | None, source: TableEnd | None) -> Callable[[Item], bool] | None:
    """Which items the job did not leave out, of those that its source gave: a table filters by itself."""
    if done is None:
        return None
    asked = readable(done).options
    if source is not None:
        return expiry(source, done.started_at) if asked.expired == "skip" else None
    return DuplicateCheck(parse_condition(asked.condition)) if asked.condition else None


def _side(end: TableEnd | None, layout: Layout | None, key: KeySchema, condition: str, workers: int) -> VerifySide:
    if end is not None:
        met = parse_condition(condition).filter() if condition else None
        segments = SEGMENTS
        if workers:
            size = end.description.size_bytes_estimate
            segments = max(segments, plan_segments(size, workers=workers * SEGMENTS_EACH))
        return VerifySide(
            source=end.access.source(end.name, segments=segments, consistent=True, condition=met),
            lookup=end.access.lookup(end.name),
            reads=rates(end, "read", None),
            end=end,
            segments=segments,
        )
    assert layout is not None
    make = NewSource(key, ReadOptions())

    async def opened(_heard: ThrottleListener) -> FileSource:
        return make(layout)

    if not workers:
        return VerifySide(source=opened)
    source, segments = OpenedOnce(opened), len(layout.parts)
    pages = OpenRemotePages(PageService(source), segments)
    there = OpenVisibleFiles(layout, make, fingerprints_of(layout), pages)
    return VerifySide(source=source, segments=segments, there=there)


def _key_of_manifest(layout: Layout | None) -> KeySchema:
    if layout is None or layout.manifest is None:
        raise UsageError(
            "Two files without a manifest cannot be compared: their key is unknown.", hint="name a table on one side"
        )
    attributes = tuple(KeyAttribute(name=name, type=kind) for name, kind in layout.manifest.key)  # type: ignore[arg-type]
    return key_schema(Key(partition=attributes[:1], sort=attributes[1:]))
