"""plan and apply, wired, and the names of settings that ``only`` takes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from dynasmith.engine.apply import CONCURRENT_TABLES, ApplyReport, apply_plan, refuse_stale
from dynasmith.engine.planner import PlanOptions
from dynasmith.engine.planner import make_plan as engine_plan
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import UsageError
from dynasmith.plans.consent import Consent, granted, needs_of, question, refuse_unknown_indexes
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.plans.plan import Plan
from dynasmith.plans.refusal import impossible
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.world import World
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Table

KEY_FIELDS = ("name", "key")
"""What of a table is no setting."""


def make_plan(
    world: World,
    tables: Sequence[Table],
    *,
    prune: bool = False,
    allow_delete_items: bool = False,
    only: Sequence[str] = (),
) -> Plan:
    """See `Project.plan`."""
    options = PlanOptions(
        prune=prune,
        allow_delete_items=allow_delete_items,
        only=settings_named(only),
        prices=prices_for(world.session.region, dict(world.settings.prices)),
        quotas=world.settings.quotas,
    )
    plan = engine_plan(tables, world.control, world.few_items, world.clock, options)
    failures = tuple(
        replace(each, message=world.masks(each.message), hint=world.masks(each.hint)) for each in plan.failures
    )
    return replace(plan, failures=failures)


def apply(
    world: World,
    plan: Plan,
    *,
    consent: Consent | None = None,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    fresh: bool = False,
    wait_seconds: float | None = None,
) -> ApplyReport:
    """See `Project.apply`."""
    if not fresh:
        refuse_stale(plan, world.control)
    consented(world, plan, consent)
    at_once = max(1, min(CONCURRENT_TABLES, world.settings.quotas.control_plane_operations))
    return apply_plan(
        plan,
        world.control,
        world.clock,
        listener=listener,
        stopped=stopped,
        tables_at_once=at_once,
        wait_seconds=wait_seconds,
    )


def consented(world: World, plan: Plan, consent: Consent | None) -> Consent:
    """The consent to do ``plan``, asked for where it has a way to ask. Raises ConsentRequired, and UsageError for an
    index to rebuild that no table of the plan has."""
    given = world.consent if consent is None else consent
    flags = [need for need in needs_of(plan, given) if need.kind == "flag"]
    granted(given, flags, lambda: world.where)  # no question where a flag is missing anyway
    refuse_unknown_indexes(plan, given.rebuild_indexes)
    refused = impossible(plan)  # they fail whatever is consented to: nothing is asked for them
    changing = [table.table for table in plan.tables if table.changes and table not in refused]
    if not changing:
        return given
    return world.granted(given, changing, *needs_of(plan, given), question("Apply the plan to {where}?"))


def settings_named(words: Iterable[str]) -> tuple[str, ...]:
    """Fields of `Table` for words of a definition (``global_secondary_indexes`` -> ``indexes``). Raises UsageError."""
    fields = {word: field for field, word in DEFINITION_WORDS.items()}
    found = []
    for word in words:
        field = fields.get(word, word)
        if field not in Table.__struct_fields__ or field in KEY_FIELDS:
            close = difflib.get_close_matches(word, [*fields, *Table.__struct_fields__], n=1)
            all_of_them = [
                DEFINITION_WORDS.get(each, each) for each in Table.__struct_fields__ if each not in KEY_FIELDS
            ]
            hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(sorted(all_of_them))}"
            raise UsageError(f"{word} is not a setting of a table.", hint=hint)
        found.append(field)
    return tuple(found)
