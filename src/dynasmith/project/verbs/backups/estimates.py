"""What a restore reads, writes, costs and takes, before it begins."""

from __future__ import annotations

from dataclasses import replace

from dynasmith.aws.control.backups import AwsBackups
from dynasmith.engine.transfer.dry_run import rehearse_items
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.errors import BackupNotFound, NotOffered, ServiceError, TableNotFound
from dynasmith.files.items.layout import layout_of
from dynasmith.items.size import read_units, write_units
from dynasmith.jobs.estimate import JobEstimate, with_cost, with_time
from dynasmith.jobs.options import ReadOptions, TransferOptions
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.jobs.spec import Restore
from dynasmith.ports.listener import silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.populate_files import new_source, opens
from dynasmith.project.verbs.restore_world import desired_table
from dynasmith.tables.prices import GIGABYTE, Prices, prices_for
from dynasmith.tables.table import known


def estimate_restore(items: ItemWorld, spec: Restore) -> JobEstimate:
    """The figures of a restore: of files what writing and comparing their items takes, else the service's price by the
    gigabyte and the reading of every item that verifies it. How long the service takes is not known: no seconds then.
    A call or two, and of files up to 200 items are read."""
    if spec.file:
        return _of_file(items, spec)
    count, size = _figures(items, spec)
    reads = read_units(size, consistent=bool(spec.prove)) if size else 0.0
    estimate = with_cost(JobEstimate(count, size, reads, 0.0), items.prices())
    prices = prices_of(items, spec)
    charged = [prices.restore_gigabyte, *([prices.export_gigabyte] if is_s3(spec.prove) else [])]
    return with_gigabytes(estimate, charged)


def with_gigabytes(estimate: JobEstimate, prices: list[float | None]) -> JobEstimate:
    """The estimate with what the service charges by the gigabyte, once a price; None is unknown, and so is the sum."""
    known = [price for price in prices if price is not None]
    if estimate.dollars is None or len(known) < len(prices):
        return replace(estimate, dollars=None)
    return replace(estimate, dollars=estimate.dollars + sum(known) * estimate.bytes / GIGABYTE)


def prices_of(items: ItemWorld, spec: Restore) -> Prices:
    """The prices where the new table is."""
    at = items.at(spec.target)
    return prices_for(at.session.region, dict(at.settings.prices))


def _of_file(items: ItemWorld, spec: Restore) -> JobEstimate:
    table = desired_table(spec, items.at(spec.target))
    assert table is not None  # an export without a definition is refused before
    target = items.end_of(spec.target, table)
    source = opens(new_source(layout_of([spec.file]), target.key, ReadOptions()))
    rehearsal = rehearse_items(
        source, target, spec.expected_items or 0, 0, prices=items.prices(), around=items.context(silent)
    )
    found = rehearsal.estimate
    compared = read_units(found.bytes, consistent=True) if found.bytes else 0.0
    return with_cost(replace(found, read_units=compared), items.prices())


def _figures(items: ItemWorld, spec: Restore) -> tuple[int, int]:
    """Items and bytes of what is restored, as the service says them; of a backup also where the table is gone."""
    if spec.backup and not spec.role:
        try:
            found = AwsBackups(items.world.session, spec.backup.split(":")[3]).describe(spec.backup)
        except (BackupNotFound, NotOffered, ServiceError):
            return spec.expected_items or 0, 0
        return found.item_count or 0, found.size_bytes
    name = (spec.table or spec.table_arn).rpartition("/")[2]
    try:
        described = items.world.control.describe(name, ())
    except TableNotFound:
        return spec.expected_items or 0, 0
    return described.item_count_estimate, described.size_bytes_estimate


def estimate_rollback(items: ItemWorld, table: TableEnd, spec: Restore) -> JobEstimate:
    """The figures of a rollback in place: each item of the source is looked up and, at most, written; the table is read
    twice; what it has beyond the source is deleted, as far as the counts say. A backup of the service is restored and
    read three times besides. No item is read."""
    described = table.description
    count, size = _size_of_file(spec) if spec.file else _figures(items, spec)
    own, own_size = described.item_count_estimate, described.size_bytes_estimate
    indexes = 1.0 + len(known(described.table.indexes, ()))
    looked = count * read_units(-(-size // count), consistent=True) if count and size else 0.0
    reads = looked + (read_units(own_size) if own_size else 0.0) + (read_units(size, consistent=True) if size else 0.0)
    reads += 3 * read_units(size) if size and not spec.file else 0.0
    writes = count * write_units(-(-size // count)) if count and size else 0.0
    writes += max(0, own - count) * (write_units(-(-own_size // own)) if own and own_size else 1.0)
    estimate = with_cost(JobEstimate(count, size, reads, writes * indexes), items.prices())
    pace = rates(table, "write", None, share=TransferOptions().share).ceiling
    if spec.file:
        return with_time(estimate, write_rate=pace)
    return with_gigabytes(estimate, [prices_of(items, spec).restore_gigabyte])


def _size_of_file(spec: Restore) -> tuple[int, int]:
    layout = layout_of([spec.file])
    return spec.expected_items or 0, sum(part.bytes for part in layout.manifest.parts) if layout.manifest else 0
