"""Deletion of many items of a table, wired: run and rehearse. Undone as a backfill is (`Backfills.undo`)."""

from __future__ import annotations

from msgspec.structs import replace

from dynasmith.engine.deletion.deletion import begin_deletion
from dynasmith.engine.deletion.dry_run import SAMPLED_ITEMS, DeletionDryRun, rehearse_deletion
from dynasmith.engine.run import run
from dynasmith.errors import UsageError
from dynasmith.jobs.estimate import with_cost
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import DeleteItems
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld


def delete_items(
    items: ItemWorld,
    table: str | Side,
    *,
    options: TransferOptions | None = None,
    journal: bool = True,
    by_name: bool = False,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """Delete the items that meet ``options.condition``, or all, with an undo journal. See `engine.deletion`.

    Needs the consent `yes`, or with ``by_name`` that of the table's name, and the name of a protected environment that
    the table is in; else ConsentRequired.
    """
    world, side = ProjectJobWorld(items, listener), items.side(table)
    name, kept = world.table(side).name, "with an undo journal" if journal else "without an undo journal"
    which = "the items that meet the condition" if options and options.condition else "all items"
    text = f"Delete {which} of {name} in {{where}}, {kept}?"
    if by_name:
        items.at(side).granted(items.world.consent if consent is None else consent, [name], named(text, name))
    else:
        items.granted(consent, side, name, text)
    spec = DeleteItems(
        target=side,
        journal=journal,
        tables=world.identities(target=side),
        options=options or TransferOptions(),
    )
    claim = begin_deletion(spec, world)
    return items.priced(run(readable(claim.job), claim, world))


def which_items(where: str, whole: bool) -> str:
    """The condition of a deletion; empty for the whole table. Raises UsageError for neither or both."""
    if bool(where) == whole:
        problem = "takes a condition or everything, not both" if whole else "needs to know which items"
        raise UsageError(f"delete-items {problem}.", hint="--where \"status = 'old'\" (where=), or --all (all=True)")
    return where


def rehearse_delete_items(
    items: ItemWorld,
    table: str | Side,
    *,
    options: TransferOptions | None = None,
    sample: int | None = SAMPLED_ITEMS,
) -> DeletionDryRun:
    """What `delete_items` would delete, cost and take, from a sample or from every item (``sample`` None)."""
    dry = items.dry
    found = rehearse_deletion(
        dry.end(dry.side(table)), options or TransferOptions(), sample=sample, around=dry.context(silent)
    )
    return replace(found, estimate=with_cost(found.estimate, dry.prices()))
