"""retire, wired: a last backup or an export that is verified, then what is around the table, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from dynasmith.aws.control.leftovers import AwsLeftovers
from dynasmith.aws.errors.refusal import unread_settings
from dynasmith.engine import retire as engine_retire
from dynasmith.engine.retire import Retirement, RetirementPlaces
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError, Interrupted, RunError, SeveralFailed, TableNotFound, UsageError
from dynasmith.files.items.manifest import MANIFEST, read_manifest
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.plans.consent import Consent, named
from dynasmith.plans.retirement import RetirementStep
from dynasmith.ports.listener import Listener, RetirementFound, RetirementStepDone, silent
from dynasmith.project.verbs.backups.choice import backups_of
from dynasmith.project.verbs.backups.creation import check_name, create_backup
from dynasmith.project.verbs.export import export_files
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.models import Model

Exports = Mapping[str, str | None] | Mapping["type[Model]", str | None]


def retirements(world: World, exports: Exports, *, backup: bool | str = False) -> tuple[Retirement, ...]:
    """See `Project.retirements`."""
    _check(exports, backup)
    return tuple(_found(world, world.name_of(table), where, backup) for table, where in exports.items())


def retire(
    items: ItemWorld,
    exports: Exports,
    *,
    backup: bool | str = False,
    consent: Consent | None = None,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
) -> Iterator[dict[str, Any]]:
    """See `Project.retire_tables`."""
    world = items.world
    found = list(zip(retirements(world, exports, backup=backup), exports.values(), strict=True))
    for each, _ in found:
        listener(RetirementFound(table=each.table, steps=each.steps))
    begun = [each for each, _ in found if not each.is_over]
    needs = (named(_question(each), each.table) for each in begun)
    if begun:
        world.granted(consent, [each.table for each in begun], *needs)
    return _each(items, found, backup, listener, stopped or StopFlag())


def drop(world: World, name: str, consent: Consent) -> tuple[str, ...]:
    """Delete a table that is there with what is around it, as `retire` does; what cannot be read is left. A sentence
    for each thing that was left, with the reason. Raises TableNotFound."""
    found = engine_retire.look(name, _places(world), leave_unread=True)
    world.granted(consent, [name], named(_question(found), name))
    done = tuple(engine_retire.retire(found, _places(world), world.clock, StopFlag()))
    return tuple(f"left of {name} in {each.region}: {each.what} ({each.why})" for each in done if each.state == "left")


def _check(exports: Exports, backup: bool | str) -> None:
    for where in exports.values():
        if is_s3(where):
            raise UsageError(
                "retire exports to a folder, which it compares by digest, not to S3.",
                hint=f"dynasmith export TABLE {where}, then retire it with --no-export",
            )
    if isinstance(backup, str):
        check_name(backup)
        if len(exports) > 1:
            raise UsageError(
                f"A name is for the backup of one table, and there are {len(exports)}.",
                hint="without a name each backup is called after its table and the time",
            )


def _places(world: World) -> RetirementPlaces:
    own = world.session.region
    return RetirementPlaces(
        region=own,
        tables=world.control_in,
        leftovers=lambda region: AwsLeftovers(world.session if region == own else world.session.in_region(region)),
        unread=lambda table, reasons: unread_settings(reasons.values(), table, world.session.access),
    )


def _question(retirement: Retirement) -> str:
    replicas = f", with its replicas in {', '.join(retirement.regions[1:])}," if retirement.there else ""
    return f"Retire table {retirement.table} of {{where}}{replicas} and delete all its items?"


def _found(world: World, name: str, export_to: str | None, backup: bool | str) -> Retirement:
    try:
        found = engine_retire.look(name, _places(world))
    except TableNotFound:
        found = _retired(world, name, export_to)
    first = []
    if export_to is not None:
        first.append(RetirementStep(step="export", region=found.region, what=f"export {name} into {export_to}"))
    if backup:
        first.append(RetirementStep(step="backup", region=found.region, what=f"back up {name}"))
    if found.is_leaving:
        first = [replace(each, state="absent", why="the table is gone, or being deleted") for each in first]
    return replace(found, steps=(*first, *found.steps, *_backups(world, found)))


def _retired(world: World, name: str, export_to: str | None) -> Retirement:
    """A table that is gone with everything that was around it. Raises TableNotFound where nothing tells that there was
    one: no definition, no backup, no export."""
    defined = any(table.name == name for table in world.defined_tables())
    if defined or _is_exported(name, export_to) or any(backups_of(world).list(name, ("user", "system"))):
        return engine_retire.gone(name, world.session.region)
    raise TableNotFound(
        name,
        hint=f"nothing of it is left in {world.session.region} either: it is retired already, or has another name or "
        "Region (dynasmith list)",
    )


def _is_exported(name: str, export_to: str | None) -> bool:
    if export_to is None:
        return False
    try:
        return read_manifest(Path(export_to) / MANIFEST).table == name
    except DynasmithError:
        return False


def _backups(world: World, found: Retirement) -> Iterator[RetirementStep]:
    """The backups that stay, which a deletion of the table does not touch."""
    step = RetirementStep(step="backups", region=found.region, what="backups stay", state="left")
    try:
        backups = backups_of(world)
        count = sum(1 for _ in backups.list(found.table, ("user",)))
    except DynasmithError as error:
        yield replace(step, what="backups may stay", why=f"they cannot be listed: {world.masks(error.message)}")
        return
    if count:
        noun = "backup" if count == 1 else "backups"
        yield replace(step, what=f"{count} {noun} of {found.table} made on demand stay", why="until they are deleted")


# --- do


def _each(
    items: ItemWorld,
    found: list[tuple[Retirement, str | None]],
    backup: bool | str,
    listener: Listener,
    stopped: StopFlag,
) -> Iterator[dict[str, Any]]:
    failures: dict[str, DynasmithError] = {}
    for retirement, where in found:
        try:
            retired = _retire(items, retirement, where, backup, listener, stopped)
        except Interrupted:
            raise
        except DynasmithError as error:
            if len(found) == 1:
                raise
            failures[retirement.table] = error
        else:
            yield retired
    if failures:
        raise SeveralFailed(failures, done=len(found) - len(failures))


def _retire(
    items: ItemWorld,
    retirement: Retirement,
    export_to: str | None,
    backup: bool | str,
    listener: Listener,
    stopped: StopFlag,
) -> dict[str, Any]:
    name, world = retirement.table, items.world
    over: list[RetirementStep] = []

    def done(step: RetirementStep) -> None:
        over.append(step)
        listener(RetirementStepDone(table=name, step=step))

    said: dict[str, Any] = {"table": name, "export": export_to, "digest": None, "backup": None}
    first = {step.step: step for step in retirement.steps if step.step in ("export", "backup")}
    for step in first.values():
        if step.state == "planned" and step.step == "export" and export_to is not None:
            said["digest"] = _exported(items, name, export_to, listener)
        elif step.state == "planned":
            own = backup if isinstance(backup, str) else ""
            said["backup"] = create_backup(world, name, name=own, listener=listener).backup.arn
        done(replace(step, state="done") if step.state == "planned" else step)
    rest = replace(retirement, steps=tuple(each for each in retirement.steps if each.step not in first))
    for step in engine_retire.retire(rest, _places(world), world.clock, stopped):
        done(step)
    return {**said, "steps": [step.to_json() for step in over]}


def _exported(items: ItemWorld, name: str, export_to: str, listener: Listener) -> str:
    """Export a table, or take an export that is there, and compare; its digest. Raises RunError where it differs."""
    if not Path(export_to).exists():
        export_files(items, name, export_to, listener=listener)
    compared = verify_sides(items, name, export_to)
    if not compared.equal:
        raise RunError(
            f"The export {export_to} differs from table {name}; nothing was deleted.",
            hint="something writes to the table, or the export is old: name another folder",
        )
    return str(compared.source)
