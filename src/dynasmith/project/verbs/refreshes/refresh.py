"""refresh, wired: run and rehearse the recipe of a project file."""

from __future__ import annotations

from msgspec.structs import replace

from dynasmith.engine.refresh.refresh import begin_refresh
from dynasmith.engine.run import run
from dynasmith.errors import UsageError
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.refresh_recipe import RefreshPart, RefreshRecipe, refresh_parts
from dynasmith.jobs.refresh_report import PartDryRun, RefreshDryRun, RefreshReport
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Refresh
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.copy import rehearse_copy
from dynasmith.project.verbs.delete_items import rehearse_delete_items
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.migrations.step_estimates import summed
from dynasmith.project.verbs.refreshes.check import check_refresh
from dynasmith.project.verbs.refreshes.parts import part_sides, refresh_world
from dynasmith.project.verbs.refreshes.recipe import named_recipe, table_transforms


def refresh(
    items: ItemWorld, recipe: str, source_env: str, *, consent: Consent | None = None, listener: Listener = silent
) -> RefreshReport:
    """See `Project.refresh`."""
    spec, found = _planned(items, recipe, source_env)
    given = items.world.consent if consent is None else consent
    with items.same_tables() as same:
        check_refresh(same, spec, found.keep, given)
    given = items.at(spec.target).granted(given, [], named(_question(spec), spec.environment))
    world = ProjectJobWorld(
        items, listener, refreshing=lambda spec: refresh_world(items, spec, listener, replace(given, yes=True))
    )
    claim = begin_refresh(spec, world)
    report = items.priced(run(readable(claim.job), claim, world))
    assert isinstance(report, RefreshReport)
    return report


def rehearse_refresh(
    items: ItemWorld, recipe: str, source_env: str, *, consent: Consent | None = None
) -> RefreshDryRun:
    """See `DryRuns.refresh`."""
    dry = items.dry
    spec, found = _planned(dry, recipe, source_env)
    check_refresh(dry, spec, found.keep, dry.world.consent if consent is None else consent)
    parts = tuple(_rehearsed(dry, spec, part) for part in spec.parts)
    estimates = [part.estimate for part in parts if part.estimate is not None]
    return RefreshDryRun(
        source_env=spec.source.env, environment=spec.environment, parts=parts, estimate=summed(estimates)
    )


def _planned(items: ItemWorld, recipe: str, source_env: str) -> tuple[Refresh, RefreshRecipe]:
    """The refresh that the recipe says; nothing is called."""
    name, found = named_recipe(items.world.settings, recipe)
    source = source_env or found.source
    if not source:
        raise UsageError(f"Recipe {name} names no environment to copy from.", hint='--from prod, or from = "prod"')
    spec = Refresh(
        source=Side(table="", env=source),
        target=Side(table=""),
        environment=items.world.settings.environment,
        recipe=name,
        parts=refresh_parts(found, table_transforms(found)),
    )
    return spec, found


def _question(spec: Refresh) -> str:
    """What is asked before a refresh, for the name of its environment."""
    emptied = [part.table for part in spec.parts if part.do == "empty"]
    copied = [part.table for part in spec.parts if part.do == "copy"]
    after = [str(part) for part in spec.parts if not part.table]
    texts = [f"delete every item of {', '.join(emptied)}"] if emptied else []
    texts += [f"copy {', '.join(copied)} from {spec.source.env}"] if copied else []
    texts += [f"then {', '.join(after)}"] if after else []
    return f"Refresh {{where}}: {', '.join(texts)}? It cannot be undone."


def _rehearsed(items: ItemWorld, spec: Refresh, part: RefreshPart) -> PartDryRun:
    """What a part would do and cost; nothing for what cannot be known before."""
    source, target = part_sides(spec, part)
    if part.do == "empty":
        deletion = rehearse_delete_items(items, target)
        note = "deleting the table and applying its definition again costs no write units"
        return PartDryRun(part=str(part), estimate=deletion.estimate, notes=(note,))
    if part.do == "copy":
        options = TransferOptions(condition=part.filter)
        copied = rehearse_copy(
            items, source, target, transform=part.transform or None, options=options, create_target=False
        )
        notes = tuple(note for note in copied.notes if not note.startswith("prices:"))
        return PartDryRun(part=str(part), estimate=copied.estimate, notes=(*notes, *copied.hazards))
    return PartDryRun(part=str(part))
