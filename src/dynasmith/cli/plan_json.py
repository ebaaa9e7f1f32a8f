"""A plan and its changes as programs read them."""

from typing import Any

from dynasmith.plans.explain import change_json, step_text
from dynasmith.plans.hazard import hazard as verdict
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.plans.refusal import impossible, refusals


def changes_json(table: TablePlan) -> list[dict[str, Any]]:
    """The changes of one table, each {table, kind, path, from, to, hazard}."""
    return [
        change_json(table.table, change, found.kind if (found := verdict(change, table.table)) else None)
        for change in table.changes
    ]


def plan_json(plan: Plan, environment: str) -> dict[str, Any]:
    """What ``plan --json`` prints: of each table its changes, steps in words, what cannot be applied and the way out,
    hazards, notes and costs."""
    return {
        "empty": plan.is_empty,
        "applicable": not impossible(plan),
        "environment": environment,
        "account": plan.account,
        "region": plan.region,
        "endpoint": plan.endpoint,
        "fingerprint": plan.fingerprint,
        "prices": plan.prices,
        "tables": [
            {
                "table": table.table,
                "exists": table.exists,
                "changes": changes_json(table),
                "steps": [step_text(step) for step in table.steps],
                "cannot_be_applied": [
                    {"path": each.path, "why": each.message, "way_out": each.way_out} for each in refusals(table)
                ],
                "hazards": [
                    {"kind": hazard.kind, "path": hazard.path, "why": hazard.why, "consent": hazard.flag}
                    for hazard in table.hazards
                ],
                "notes": [{"kind": note.kind, "path": note.path, "text": note.text} for note in table.notes],
                "costs": [
                    {"path": c.path, "basis": c.basis, "once_dollars": c.once, "monthly_dollars": c.monthly}
                    for c in table.estimates
                ],
            }
            for table in plan.tables
        ],
        "failures": [{"table": f.table, "code": f.code, "message": f.message, "hint": f.hint} for f in plan.failures],
    }
