"""The dry run of a replacement: the copy, and what verifying and following read beside it."""

from __future__ import annotations

from dataclasses import replace

from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.items.size import read_units
from dynasmith.jobs.estimate import with_cost
from dynasmith.jobs.options import TransferOptions
from dynasmith.project.verbs.copy import rehearse_copy
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.replacements.check import check_source, new_table, shows_too_little
from dynasmith.project.verbs.replacements.names import next_name

COMPARISONS = 2


def rehearse_replacement(
    items: ItemWorld,
    table: str,
    *,
    new_name: str,
    transform: str | None,
    restart_stream: bool = False,
    options: TransferOptions,
) -> DryRun:
    """See `DryRuns.replace`."""
    dry = items.dry
    moves_keys = transform is not None
    described = check_source(dry, table, moves_keys=moves_keys, restart_stream=restart_stream)
    view = described.table.stream if shows_too_little(described, moves_keys=moves_keys) else None
    made = new_table(dry, table, new_name or next_name(table))
    copied = rehearse_copy(dry, table, made.name, transform=transform, options=options, create_target=True, like=made)
    estimate = copied.estimate
    scan = read_units(described.size_bytes_estimate, consistent=True) if estimate.items else 0.0
    compared = COMPARISONS * (2 * scan + 2 * estimate.items)
    estimate = with_cost(replace(estimate, read_units=estimate.read_units + compared), dry.prices())
    notes = (
        f"two comparisons read every item of both tables strongly: {compared:,.0f} of the read units",
        "each item that changes meanwhile costs a strong read, and the writes of what is made of it",
        "until the old table is deleted, storage is paid for twice",
        *((f"the stream, which shows {view}, is turned off and on: its readers lose what is unread",) if view else ()),
        *(note for note in copied.notes),
    )
    return DryRun(
        estimate=estimate,
        samples=copied.samples,
        notes=notes,
        hazards=copied.hazards,
        refused_calls=copied.refused_calls,
        closing=copied.closing,
        protected=copied.protected,
    )
