"""What a deletion of the keys of files would delete: the first of them are looked up. Nothing is written."""

from dynasmith.engine.backfill.survey import SHOWN, index_costs
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.deletion.dry_run import SAMPLED_ITEMS, DeletionDryRun
from dynasmith.engine.deletion.keyed_source import MISSING, REPEATED, KeyedSource
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.key_files import KeyFiles, count_keys
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.errors import Interrupted
from dynasmith.items.key import format_key, key_of
from dynasmith.items.size import item_bytes, write_units
from dynasmith.jobs.estimate import JobEstimate, with_time
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import Item


def rehearse_deletion_of_keys(
    table: TableEnd,
    options: TransferOptions,
    keys: KeyFiles,
    *,
    sample: int | None = SAMPLED_ITEMS,
    around: RunContext | None = None,
) -> DeletionDryRun:
    """Read every key, and look up the first ``sample`` of them (None: all). Costs a strong read of each.

    Raises FileFormatError for a line that is no key, Interrupted where it was stopped.
    """
    around = around or RunContext()
    counted = count_keys(keys, table.key, around)
    looked, found, units = run(
        lambda stop: _looked(table, keys, sample, stop), loop_factory=around.loop_factory, stop=around.stop
    )
    part = counted.different / looked if looked else 0.0
    sizes = [item_bytes(bytes(item)) for item in found]
    costs = index_costs(table)
    writes = sum(write_units(size) * (1 + costs.entries(item)) for item, size in zip(found, sizes, strict=True))
    estimate = JobEstimate(counted.different, round(sum(sizes) * part), units * part, writes * part, sampled=looked)
    return DeletionDryRun(
        estimate=with_time(
            estimate,
            read_rate=rates(table, "read", options.max_read_units, share=options.share).ceiling,
            write_rate=rates(table, "write", options.max_write_units, share=options.share).ceiling,
        ),
        deleted=round(len(found) * part),
        error=0 if looked == counted.different else counted.different - looked,
        counted=looked == counted.different,
        keys=tuple(format_key(key_of(item, table.key), table.key) for item in found[:SHOWN]),
        missing=round((looked - len(found)) * part),
        repeated=counted.read - counted.different,
    )


async def _looked(
    table: TableEnd, keys: KeyFiles, sample: int | None, stop: StopRequest
) -> tuple[int, list[Item], float]:
    lookup = await table.access.lookup(table.name)()
    source = KeyedSource(
        await keys.files(lambda _throttles: None), lookup, keys.store, table.key, UnconfirmedChanges(table.key)
    )
    looked, found, units = 0, list[Item](), 0.0
    try:
        for segment in range(source.segments):
            start: bytes | None = None
            while sample is None or looked < sample:
                if stop.asked:
                    raise Interrupted("Stopped while looking; nothing was written.", hint="run it again")
                page = await source.read(segment, start)
                looked += len(page.items) - page.items.count(REPEATED)
                found += [item for item in page.items if item not in (MISSING, REPEATED)]
                units += page.units
                start = page.next
                if start is None:
                    break
    finally:
        await source.close()
    return looked, found, units
