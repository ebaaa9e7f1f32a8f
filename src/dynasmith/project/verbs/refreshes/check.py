"""What is checked of a refresh before anything is asked or done: environments, tables, transforms, personal data."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import TableNotFound, UsageError
from dynasmith.items.transform import Function
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.spec import Copy, Refresh
from dynasmith.plans.consent import Consent
from dynasmith.project.protection import protected_environments
from dynasmith.project.verbs.copy import check_copy
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.personal_data import ALLOW, known_personal, left_environments, refuse_personal
from dynasmith.project.verbs.refreshes.parts import part_sides
from dynasmith.project.verbs.table_items import has_items
from dynasmith.project.verbs.transform_fingerprint import transform_ref
from dynasmith.project.verbs.transforms import function_of


def check_refresh(items: ItemWorld, spec: Refresh, keep: Sequence[str], consent: Consent) -> None:
    """Raise UsageError, ConsentRequired, TableNotFound and what checks of a copy raise; nothing is written.

    Costs a description of each table, and a read of one item of each target that is not emptied.
    """
    _check_environments(items, spec)
    copies = [part for part in spec.parts if part.do == "copy"]
    emptied = {part.table: _end(items, spec, part, 1) for part in spec.parts if part.do == "empty"}
    ends = {part.table: _checked(items, spec, part) for part in copies}
    targets = {**emptied, **{table: pair[1] for table, pair in ends.items()}}
    _check_targets(items, spec, targets, [_source_of(items, spec, part) for part in spec.parts if part.table])
    _check_personal(items, spec, copies, ends, consent)
    for part in copies:
        if part.table not in emptied and part.table not in keep:
            _check_leftovers(items, spec, part, ends[part.table])


def _check_environments(items: ItemWorld, spec: Refresh) -> None:
    if spec.source.env == spec.environment:
        raise UsageError(
            f"{spec.environment} is on both sides of the refresh.", hint="--from names the environment that is copied"
        )
    if items.world.settings.protected:
        raise UsageError(
            f"Environment {spec.environment} is protected, and a refresh overwrites it.",
            hint="refresh an environment that is not protected",
        )


def _end(items: ItemWorld, spec: Refresh, part: RefreshPart, number: int) -> TableEnd:
    try:
        return items.end(part_sides(spec, part)[number])
    except TableNotFound as error:
        hint = f"dynasmith ensure --env {spec.environment} creates it" if number else "check its name in the recipe"
        raise TableNotFound(error.table, hint=hint) from error


def _checked(items: ItemWorld, spec: Refresh, part: RefreshPart) -> tuple[TableEnd, TableEnd]:
    _end(items, spec, part, 0)
    _end(items, spec, part, 1)
    options = TransferOptions(condition=part.filter)
    sides = part_sides(spec, part)
    return check_copy(items, *sides, transform=part.transform or None, options=options, create_target=False)


def _source_of(items: ItemWorld, spec: Refresh, part: RefreshPart) -> TableEnd | None:
    """The table of the source environment; None where it has none of that name."""
    try:
        return items.end(part_sides(spec, part)[0])
    except TableNotFound:
        return None


def _check_targets(
    items: ItemWorld, spec: Refresh, targets: dict[str, TableEnd], sources: Sequence[TableEnd | None]
) -> None:
    """Nothing that is emptied or overwritten is protected, or is a table of the source."""
    names = [end.name for end in targets.values()]
    world = items.at(spec.target)
    for name in protected_environments(world.settings, world.session.access, names, lambda: world.where.account):
        raise UsageError(
            f"A table of {spec.environment} belongs to the protected environment {name}.",
            hint="give the two environments different addresses or prefixes",
        )
    read = {(end.access.where, end.name) for end in sources if end is not None}
    for end in targets.values():
        if (end.access.where, end.name) in read:
            raise UsageError(
                f"Table {end.name} is the same one in {spec.source.env} and in {spec.environment}.",
                hint="give the two environments different addresses or prefixes",
            )


def _check_personal(
    items: ItemWorld,
    spec: Refresh,
    copies: Sequence[RefreshPart],
    ends: dict[str, tuple[TableEnd, TableEnd]],
    consent: Consent,
) -> None:
    """Raise ConsentRequired where a personal attribute would leave a protected environment as it is."""
    personal = {part.table: _personal(items, spec, part, ends[part.table]) for part in copies}
    known = sorted({name for names in personal.values() for name in names})
    for unknown in sorted(set(consent.allow_personal) - set(known)):
        raise UsageError(
            f"{unknown} is not personal in the definition of any table of the recipe.",
            hint=f"personal there: {', '.join(known)}" if known else f"leave out {ALLOW}",
        )
    for part in copies:
        own = frozenset(consent.allow_personal) & set(personal[part.table])
        sides = part_sides(spec, part)
        given = replace(consent, allow_personal=own)
        first, second = ((side, end.name) for side, end in zip(sides, ends[part.table], strict=True))
        refuse_personal(items, first, left_environments(items, first, second), _function(items, part), given)


def _personal(items: ItemWorld, spec: Refresh, part: RefreshPart, ends: tuple[TableEnd, TableEnd]) -> tuple[str, ...]:
    return known_personal(items, part_sides(spec, part)[0], ends[0].name)


def _function(items: ItemWorld, part: RefreshPart) -> Function | None:
    return function_of(part.transform, items.folder, keys=items.world.cipher) if part.transform else None


def _check_leftovers(items: ItemWorld, spec: Refresh, part: RefreshPart, ends: tuple[TableEnd, TableEnd]) -> None:
    """Items that a target holds from before may be unmasked: refused, unless nothing is personal there, or the last
    refresh of the table was done with the same transform and key."""
    target = ends[1]
    if not (part.transform or _personal(items, spec, part, ends)):
        return
    if not has_items(items.world, target.name) or _is_refreshed(items, spec, part, target):
        return
    raise UsageError(
        f"Table {target.name} holds items from before, which may be unmasked.",
        hint=f"name {part.table} in empty of the recipe to delete them first, or in keep to leave them",
    )


def _is_refreshed(items: ItemWorld, spec: Refresh, part: RefreshPart, target: TableEnd) -> bool:
    """Whether the last refresh that filled the table, this very one, did so with the transform as it is now and with
    this key, and none that was not done since used another."""
    jobs = {job.id: job for job in items.ledger.jobs()}
    ours = None if not part.transform else transform_ref(part.transform, items.folder, _function(items, part))
    for job in reversed(jobs.values()):
        if not isinstance(job.spec, Refresh) or job.spec.environment != spec.environment:
            continue
        for each in job.spec.parts:
            child = jobs[each.job].spec if each.do == "copy" and each.job in jobs else None
            if not isinstance(child, Copy) or child.tables.target != target.identity:
                continue
            if child.transform != ours or each.state == "done":
                return child.transform == ours
    return False
