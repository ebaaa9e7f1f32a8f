"""--dry-run and --check of a backfill: what it would change, counted or estimated, with samples. Nothing is written."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import msgspec
from msgspec import Struct

from dynasmith.engine.backfill.backfill import canary_items, rewriter_of
from dynasmith.engine.backfill.difference import ItemDifference
from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.backfill.survey import CONFIDENCE, Survey, survey
from dynasmith.engine.transfer.new_job import dry_context
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.user_code.dry_run import PURE, Keeping
from dynasmith.items.size import read_units
from dynasmith.items.transform import Function
from dynasmith.jobs.estimate import JobEstimate, with_cost, with_time
from dynasmith.jobs.options import FirstRunLimits, TransferOptions
from dynasmith.ports.guard import RefusedCall

SAMPLED_ITEMS = 1000
SHOWN_KEYS_MAX = 20


class BackfillDryRun(Struct, frozen=True, kw_only=True):
    """What a backfill would do. ``changed`` items, give or take ``error`` 19 times of 20; ``counted`` says that every
    item was read, and then ``error`` is 0. ``attributes`` counts, of the items looked at, what would be written.

    ``hazards`` are what the dry run could not keep dry, or had to refuse: ``refused_calls`` are what user code tried.
    A transform runs more than once on an item, to see that it is idempotent, and each call counts. ``closing`` is the
    last sentence of the report: what is known to be unwritten. ``protected`` says that the table is in a protected
    environment, so that a door shows no values.
    """

    estimate: JobEstimate
    changed: int
    error: int
    counted: bool
    refused: int
    attributes: dict[str, int]
    samples: tuple[ItemDifference, ...]
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    closing: str = PURE
    protected: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            **self.estimate.to_json(),
            "changed": self.changed,
            "changed_error": self.error,
            "counted": self.counted,
            "refused_of_sampled": self.refused,
            "attributes": self.attributes,
            "samples": [msgspec.to_builtins(sample) for sample in self.samples],
            "notes": list(self.notes),
            "hazards": list(self.hazards),
            "refused_calls": [msgspec.to_builtins(call) for call in self.refused_calls],
            "closing": self.closing,
        }


def rehearse_backfill(
    table: TableEnd,
    function: Function,
    asked: TransferOptions | None = None,
    *,
    careful: FirstRunLimits | None = None,
    keeping: Keeping = None,
    sample: int | None = SAMPLED_ITEMS,
    prices: Mapping[str, float | None] | None = None,
    around: RunContext | None = None,
) -> BackfillDryRun:
    """Look at ``sample`` items from all over the table, or read it whole (None). Costs what the reading costs.

    What is counted is what a run with the same ``careful`` would do. ``keeping`` says how user code is kept dry. Raises
    RunError where its process dies or hangs, UsageError for a canary that cannot be kept.
    """
    asked, around, careful = asked or TransferOptions(), around or RunContext(), careful or FirstRunLimits()
    canary = canary_items(table, careful, table.description.item_count_estimate)
    rewriter = rewriter_of(table, function, asked, dry_context("backfill", around, table.key))
    seen = survey(table, rewriter, asked, around, items=sample, keeping=keeping)
    notes = [*_notes(table, seen, rewriter), *seen.notes]
    items, size = table.description.item_count_estimate, table.description.size_bytes_estimate
    if seen.complete:
        items, size = seen.scanned, size or seen.size_bytes
    elif not items:
        items, size = seen.scanned, seen.size_bytes
        notes.append("the table's own figures are not there yet: the estimate covers the sample only")
    part = items / seen.scanned if seen.scanned else 0.0
    reads = seen.read_units if seen.complete else read_units(size, consistent=asked.consistent)
    writes = (seen.table_write_units + seen.index_write_units) * part
    first = _first(seen, items, round(seen.changed * part), canary, careful.limit)
    notes += first.notes
    estimate = with_time(
        JobEstimate(
            round(items * first.part),
            round(size * first.part),
            reads * first.part,
            writes * first.part,
            sampled=seen.scanned,
        ),
        read_rate=rates(table, "read", asked.max_read_units, share=asked.share).ceiling,
        write_rate=rates(table, "write", asked.max_write_units, share=asked.share).ceiling,
    )
    return BackfillDryRun(
        estimate=with_cost(estimate, prices or {}),
        changed=first.changed,
        error=first.error,
        counted=seen.complete and not first.drawn,
        refused=seen.refused,
        attributes=dict(sorted(seen.names.items())),
        samples=tuple(seen.shown),
        notes=tuple(notes),
        hazards=seen.hazards,
        refused_calls=tuple(seen.refused_calls),
        closing=seen.closing,
    )


class _First(Struct, frozen=True):
    """The part of a table that a careful first run looks at, and what it changes there. ``drawn``: a canary's items
    are some of all, and nobody knows which."""

    part: float
    changed: int
    error: int
    drawn: bool = False
    notes: tuple[str, ...] = ()


def _first(seen: Survey, items: int, changed: int, canary: int, limit: int | None) -> _First:
    part, found, error, drawn = 1.0, changed, seen.error(items), False
    notes: list[str] = []
    if 0 < canary < items:
        part, share = canary / items, changed / items
        found, drawn = round(changed * part), True
        error = round(error * part + CONFIDENCE * sqrt(canary * share * (1 - share) * (1 - part)))
        notes.append(f"the canary stops after about {canary:,} of {items:,} items; in all {changed:,} would change")
    if limit is not None and found + error > limit:
        # It may still stop before the limit, where fewer items change than the sample says.
        error = max(0, limit - (found - error)) if found - error < limit else 0
        if found > limit:
            part, found = part * limit / found, limit
        notes.append(f"the limit ends it after {limit:,} changed items; in all {changed:,} would change")
    return _First(part, found, error, drawn, tuple(notes))


def _notes(table: TableEnd, seen: Survey, rewriter: Rewriter) -> list[str]:
    notes = [f"{divergence.sentence} The backfill would be refused." for divergence in seen.divergences[:1]]
    if seen.refused:
        stopping = any(map(rewriter.stops, seen.refusals))
        word = "would stop the job" if stopping else f"{'goes' if seen.refused == 1 else 'go'} to the dead letters"
        noun, is_ = "item" if seen.read == 1 else "items", "is" if seen.refused == 1 else "are"
        notes.append(f"{seen.refused:,} of {seen.read:,} {noun} {is_} refused and {word}: {seen.refusals[0].message}")
    if table.expires and table.expires in seen.names:
        notes.append(f"it writes {table.expires}, by which the table deletes items (TTL)")
    if seen.index_write_units:
        notes.append("the units include the indexes that hold what changes")
    return notes


class CheckResult(Struct, frozen=True, kw_only=True):
    """Whether a table has the form that a transform gives it. ``differing`` shows some of the items that have not.

    ``hazards``, ``refused_calls`` and ``closing`` as in `BackfillDryRun`.
    """

    read: int
    unchanged: int
    changed: int
    refused: int
    differing: tuple[ItemDifference, ...]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    closing: str = PURE

    @property
    def ran_user_code(self) -> bool:
        """Whether the transform is user code, of which ``closing`` says what was guarded."""
        return self.closing != PURE

    @property
    def clean(self) -> bool:
        """Whether a backfill would have nothing to do."""
        return not (self.changed or self.refused)

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "clean": self.clean,
            "read": self.read,
            "unchanged": self.unchanged,
            "to_change": self.changed,
            "refused": self.refused,
            "differing": [msgspec.to_builtins(one) for one in self.differing],
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "hazards": list(self.hazards),
            "refused_calls": [msgspec.to_builtins(call) for call in self.refused_calls],
            "closing": self.closing,
        }


def check_backfill(
    table: TableEnd,
    function: Function,
    asked: TransferOptions | None = None,
    *,
    keeping: Keeping = None,
    limit: int = SHOWN_KEYS_MAX,
    around: RunContext | None = None,
) -> CheckResult:
    """Read the whole table, strongly, and say which items are not in the shape that ``function`` makes.

    ``keeping`` says how user code is kept dry. Raises RunError where its process dies or hangs.
    """
    around = around or RunContext()
    asked = msgspec.structs.replace(asked or TransferOptions(), consistent=True)
    rewriter = rewriter_of(table, function, asked, dry_context("backfill", around, table.key))
    seen = survey(table, rewriter, asked, around, shown=limit, converge=False, keeping=keeping)
    reasons = tuple(refused.message for refused in seen.refusals[:limit])
    return CheckResult(
        read=seen.read,
        unchanged=seen.unchanged,
        changed=seen.changed,
        refused=seen.refused,
        differing=tuple(seen.shown),
        reasons=reasons,
        notes=tuple(seen.notes),
        hazards=seen.hazards,
        refused_calls=tuple(seen.refused_calls),
        closing=seen.closing,
    )
