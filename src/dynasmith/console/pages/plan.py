"""The page Plan: what would change, as a picture with a lane a table. Apply begins it, and shows it in
the same picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.console.apply_runs import ApplyRuns
from dynasmith.console.page import ActionAnswer, ConsolePage, LiveBlocks, NextPage, PageAction, PageRequest, path_of
from dynasmith.console.plan_desk import PlanChoice, PlanDesk
from dynasmith.console.plan_drawing import lanes
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.plans.refusal import impossible


def view(request: PageRequest) -> Mapping[str, Any]:
    """The plan of the chosen tables, or that it is being made."""
    choice = choice_of(request)
    found = request.console.kept(PlanDesk).look(choice)
    data = {
        "tables": list(choice.tables),
        "prune": choice.prune,
        "delete_items": choice.delete_items,
        "command": request.command("plan", *choice.words),
        "apply_command": request.command("apply", *choice.words),
        "over": found.done.is_set(),
        "plan_id": "",
    }
    if found.plan is None:
        return data
    return {**data, **shown(request, found.plan), "plan_id": found.id}


def shown(request: PageRequest, plan: Plan) -> dict[str, Any]:
    """A plan as the page shows it, with the applies that change one of its tables."""
    plan = request.console.shown(plan)
    refused = impossible(plan)
    changing = [table for table in plan.tables if (table.changes or table.steps) and table not in refused]
    busy = request.project.jobs.changing([table.table for table in plan.tables])
    return {
        "lanes": lanes(plan),
        "unchanged": [table.table for table in plan.tables if not (table.changes or table.notes or table.steps)],
        "failures": [(each.table, each.message, each.hint) for each in plan.failures],
        "new": sum(not table.exists for table in changing),
        "changed": sum(table.exists for table in changing),
        "refused": len(refused),
        "hazards": sum(len(table.hazards) for table in changing),
        "prices": plan.prices,
        "busy": [{"table": table, "job": job.id, "path": path_of("plan", job.id)} for table, job in busy.items()],
    }


def choice_of(request: PageRequest) -> PlanChoice:
    """What the address asks for."""
    prune = request.query.text("prune") == "on"
    tables = tuple(name for name in request.query.texts("table") if name)
    return PlanChoice(tables, prune, prune and request.query.text("delete") == "on")


def apply(request: PageRequest) -> ActionAnswer:
    """Begin to apply the plan that was shown, with what its reader agreed to."""
    found = request.console.kept(PlanDesk).kept(request.form.text("plan"))
    assert found.plan is not None
    given = request.consent
    consent = Consent(
        yes=given.yes,
        confirm=given.confirm,
        prune=any(table.prune for table in found.plan.tables),
        rebuild_indexes=frozenset(request.form.texts("rebuild")),
        allow_delete_items=found.choice.delete_items,
    )
    job = request.console.kept(ApplyRuns).begin(found.plan, consent)
    return NextPage(path_of("plan", job))


def again(request: PageRequest) -> ActionAnswer:
    """Make the plan anew."""
    request.console.kept(PlanDesk).look(choice_of(request), again=True)
    return NextPage()


page = ConsolePage(
    path="/plan",
    title="Plan",
    template="plan.html",
    view=view,
    label="Plan",
    order=20,
    icon="plan",
    live=LiveBlocks(("content",)),
    actions={"apply": PageAction(apply), "again": PageAction(again, changes=False)},
)
