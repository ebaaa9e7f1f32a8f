"""The page of one table: its definition beside what is live, the differences in words, indexes, outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.console.page import ActionAnswer, ConsolePage, LiveBlocks, NextPage, PageAction, PageRequest, path_of
from dynasmith.console.plan_drawing import change_words
from dynasmith.console.reader import TableReader
from dynasmith.errors import DynasmithError, TableNotFound
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Apply
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.refusal import refusals
from dynasmith.plans.simulate import simulate_all
from dynasmith.tables.description import TableDescription
from dynasmith.tables.setting_rows import LABELS, table_rows
from dynasmith.tables.table import Table, known


def view(request: PageRequest) -> Mapping[str, Any]:
    """Everything about the table. Raises TableNotFound where it is neither live nor defined."""
    name, project = request.names["table"], request.project
    defined = name in project.defined_names()
    description = _described(request, name)
    if description is None and not defined:
        raise TableNotFound(name)
    plan = _planned(request, name) if defined else None
    job = project.jobs.changing([name]).get(name)
    indexes = _indexes(description, job, name) if description else []
    rows = beside(plan, description)
    return {
        "name": name,
        "defined": defined,
        "live_table": description is not None,
        "status": description.status if description else "",
        "facts": _facts(description) if description else [],
        "managed": [row for row in rows if row["defined"] is not None],
        "others": [row for row in rows if row["defined"] is None],
        "differences": [change_words(each) for each in plan.changes] if plan else [],
        "refusals": [(each.message, each.way_out) for each in refusals(plan)] if plan else [],
        "notes": [note.text for note in plan.notes] if plan else [],
        "unread": [(LABELS.get(field, field), why) for field, why in sorted(description.unread.items())]
        if description
        else [],
        "notices": list(description.notices) if description else [],
        "indexes": indexes,
        "replicas": [(each.region, each.status, each.reason) for each in description.replicas] if description else [],
        "outputs": _outputs(request, name) if description else [],
        "job": {"id": job.id, "path": path_of("plan", job.id)} if job else None,
        "plan_path": path_of("plan", table=name),
        "commands": [request.command(*words) for words in _commands(name, defined, description is not None)],
        "over": job is None and _is_quiet(description),
    }


def _described(request: PageRequest, name: str) -> TableDescription | None:
    try:
        return request.project.describe(name)
    except TableNotFound:
        return None


def _planned(request: PageRequest, name: str) -> TablePlan:
    plan = request.console.reread().plan([name])
    for failure in plan.failures:
        raise DynasmithError(failure.message, hint=failure.hint)
    return request.console.shown(plan).tables[0]


def _outputs(request: PageRequest, name: str) -> list[tuple[str, str]]:
    """What other programs want to know, one line each; without what is none."""
    found: list[tuple[str, str]] = []
    for label, value in request.project.outputs([name])[0].items():
        if value in (None, [], {}, "") or label == "unread":
            continue
        if isinstance(value, Mapping):
            found += [(f"{label}.{part}", _text(each)) for part, each in value.items()]
        else:
            found.append((label, _text(value)))
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def beside(plan: TablePlan | None, description: TableDescription | None) -> list[dict[str, Any]]:
    """What the definition says, beside what is live, setting by setting, in the order of the definition's words.

    What differs is what the plan would change: "on" of a definition and "on, 35 days" of the service are equal.
    """
    wanted = dict(table_rows(plan.desired)) if plan else {}
    found = dict(table_rows(description.table)) if description else {}
    after = _after(plan, description.table, {**found, **wanted}) if plan and description else found
    labels = list(dict.fromkeys((*wanted, *found)))
    return [
        {
            "label": label,
            "defined": wanted.get(label),
            "live": found.get(label),
            "differs": after.get(label) != found.get(label),
        }
        for label in labels
    ]


def _after(plan: TablePlan, live: Table, wished: dict[str, str]) -> dict[str, str]:
    """The settings once the plan is carried out; ``wished`` where that is refused."""
    return wished if refusals(plan) else dict(table_rows(simulate_all(plan.steps, live) or live))


def _facts(description: TableDescription) -> list[tuple[str, str, str]]:
    """Label, value, and how it is shown."""
    return [
        ("ARN", description.arn, "text"),
        ("Created", description.created_at, "time"),
        ("Items", str(description.item_count_estimate), "number"),
        ("Size", str(description.size_bytes_estimate), "size"),
    ]


def _indexes(description: TableDescription, job: Job | None, table: str) -> list[dict[str, Any]]:
    keys = {index.name: index for index in known(description.table.indexes, ())}
    percent = _percent(job, table)
    return [
        {
            "name": each.name,
            "status": each.status,
            "ready": each.status == "ACTIVE",
            "filling": each.backfilling,
            "percent": percent if each.status == "CREATING" else None,
            "key": [(part.name, part.type) for part in keys[each.name].key] if each.name in keys else [],
            "projection": keys[each.name].projection.kind if each.name in keys else "",
            "items": each.item_count_estimate,
            "bytes": each.size_bytes_estimate,
        }
        for each in description.indexes
    ]


def _percent(job: Job | None, table: str) -> float | None:
    """How much of the index is built that an apply waits for, where it knows."""
    if job is None or not isinstance(job.spec, Apply):
        return None
    return job.spec.progress[table].percent


def _commands(name: str, defined: bool, live: bool) -> Sequence[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [("describe", name), ("outputs", name)] if live else []
    return [*found, *([("plan", name), ("apply", name)] if defined else [("import", name)])]


def _is_quiet(description: TableDescription | None) -> bool:
    if description is None:
        return True
    return description.status == "ACTIVE" and all(each.status == "ACTIVE" for each in description.indexes)


def again(request: PageRequest) -> ActionAnswer:
    """Read this table again, for the page Tables too."""
    request.console.kept(TableReader).look_again(request.names["table"])
    return NextPage()


page = ConsolePage(
    path="/tables/{table}",
    title="Table",
    template="table.html",
    view=view,
    under="/tables",
    live=LiveBlocks(("content",), seconds=2.0),
    actions={"again": PageAction(again, changes=False)},
)
