"""Deletion of many items of a table, wired: run and rehearse. Undone as a backfill is (`Backfills.undo`)."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from dynasmith.engine.deletion.deletion import begin_deletion, check_limit
from dynasmith.engine.deletion.dry_run import SAMPLED_ITEMS, DeletionDryRun, limited, rehearse_deletion
from dynasmith.engine.deletion.keyed_dry_run import rehearse_deletion_of_keys
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
from dynasmith.project.verbs.key_files import key_files, keys_place
from dynasmith.project.verbs.personal_data import is_protected


def delete_items(
    items: ItemWorld,
    table: str | Side,
    *,
    options: TransferOptions | None = None,
    keys: str | Path | None = None,
    journal: bool = True,
    limit_items: int | None = None,
    by_name: bool = False,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """Delete the items that meet ``options.condition``, those of ``keys``, or all, with an undo journal; at most
    ``limit_items``.

    Needs the consent `yes`, or with ``by_name`` that of the table's name, and the name of a protected environment that
    the table is in; else ConsentRequired.
    """
    check_limit(limit_items)
    world, side = ProjectJobWorld(items, listener), items.side(table)
    name, kept = world.table(side).name, "with an undo journal" if journal else "without an undo journal"
    place, fingerprints = ("", {}) if keys is None else keys_place(keys)
    conditional = options is not None and options.condition != ""
    which = f"the items whose keys are in {keys}" if keys is not None else "all items"
    which = "the items that meet the condition" if conditional else which
    which = which if limit_items is None else f"{which}, at most {limit_items:,},"
    text = f"Delete {which} of {name} in {{where}}, {kept}?"
    if by_name:
        items.at(side).granted(items.world.consent if consent is None else consent, [name], named(text, name))
    else:
        items.granted(consent, side, name, text)
    spec = DeleteItems(
        target=side,
        journal=journal,
        tables=world.identities(target=side),
        keys=place,
        fingerprints=fingerprints,
        limit_items=limit_items,
        options=options or TransferOptions(),
    )
    claim = begin_deletion(spec, world)
    return items.priced(run(readable(claim.job), claim, world))


def which_items(where: str, whole: bool, keys: str | Path | None) -> str:
    """The condition of a deletion; empty for keys of a file and for the whole table. Raises UsageError unless one of
    the three is given."""
    if bool(where) + whole + (keys is not None) != 1:
        many = bool(where) or whole or keys is not None
        problem = "takes one of a condition, keys and everything" if many else "needs to know which items"
        hint = "--where \"status = 'old'\", --keys FILE, or --all"
        raise UsageError(f"delete-items {problem}.", hint=hint)
    return where


def rehearse_delete_items(
    items: ItemWorld,
    table: str | Side,
    *,
    options: TransferOptions | None = None,
    keys: str | Path | None = None,
    sample: int | None = SAMPLED_ITEMS,
    limit_items: int | None = None,
) -> DeletionDryRun:
    """What `delete_items` would delete, cost and take, from a sample or from every item (``sample`` None)."""
    check_limit(limit_items)
    dry = items.dry
    side = dry.side(table)
    end, asked, around = dry.end(side), options or TransferOptions(), dry.context(silent)
    if keys is None:
        found = rehearse_deletion(end, asked, sample=sample, around=around)
    else:
        files = key_files(keys_place(keys)[0], end.key)
        found = rehearse_deletion_of_keys(end, asked, files, sample=sample, around=around)
    found = limited(found, limit_items)
    protected = is_protected(dry, side, end.name)
    return replace(found, estimate=with_cost(found.estimate, dry.prices()), protected=protected)
