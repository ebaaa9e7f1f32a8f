"""Plans of AWS Backup that select a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynasmith.iac.readers.attachments.attachment import (
    ACCOUNT,
    Attachment,
    Remark,
    document_named,
    open_values,
    table_arn,
)
from dynasmith.iac.readers.foreign_tables import Document
from dynasmith.tables.backup_names import ROLE, plan_name, vault_of
from dynasmith.tables.table import BackupPlan

_RULE: Final = frozenset(
    (
        *("RuleName", "TargetBackupVaultName", "ScheduleExpression", "StartWindowMinutes"),
        *("CompletionWindowMinutes", "Lifecycle"),
    )
)
_WINDOWS: Final = {"StartWindowMinutes": "start_window_minutes", "CompletionWindowMinutes": "completion_window_minutes"}
_KEPT: Final = {"DeleteAfterDays": "keep_days", "MoveToColdStorageAfterDays": "cold_storage_after_days"}


def attach_backup(documents: Sequence[Document], selection: Attachment) -> Iterator[Remark]:
    """Put a plan into each table that a selection of it names by its ARN.

    ``shape`` has SelectionName, IamRoleArn, Resources and what else a selection says, and its ``Plan`` with Name, Rules
    and VaultKey."""
    shape = selection.shape
    resources = [str(each) for each in shape.get("Resources") or ()]
    patterns = [each for each in resources if "*" in each and (each == "*" or ":dynamodb:" in each)]
    others = sorted(shape.keys() & {"ListOfTags", "Conditions", "NotResources"})
    if patterns or (others and not resources):
        how = " and ".join([*patterns, *others])
        yield f"{selection.place} selects what it backs up by {how}: no table of this definition has it as its plan."
        return
    for resource in resources:
        found = table_arn(resource)
        document = None if found is None else document_named(documents, found.table)
        if document is None:
            if found is not None:
                yield f"{selection.place} selects {found.table}, which is not a table of this document."
            continue
        if others:
            yield f"{selection.place} selects {document['name']} with {' and '.join(others)}, which is not read."
            continue
        yield from _attach(document, selection)


def _attach(document: Document, selection: Attachment) -> Iterator[Remark]:
    name, plan = document["name"], selection.shape.get("Plan") or {}
    yield from selection.unresolved
    vaults = {rule.get("TargetBackupVaultName") for rule in plan.get("Rules") or ()}
    if selection.unresolved or not plan.get("Rules"):
        yield f"{name}: the backup plan of {selection.place} is left out, because a part of it is not known here."
        return
    if "backup_plan" in document:
        yield f"{name}: {selection.place} is a second backup plan, which is left out."
        return
    if len(vaults) > 1 or None in vaults or any("ScheduleExpression" not in rule for rule in plan["Rules"]):
        yield f"{name}: the rules of {selection.place} have several vaults, or no schedule; its plan is left out."
        return
    entry: Document = {"rules": [_rule(rule) for rule in plan["Rules"]]}
    (vault,) = vaults
    if vault != vault_of(name, BackupPlan(rules=())):
        entry["vault"] = vault
    if plan.get("VaultKey"):
        entry["kms_key"] = plan["VaultKey"]
    role = _role(str(shape_role)) if (shape_role := selection.shape.get("IamRoleArn")) else ROLE
    if role != ROLE:
        entry["role"] = role
    if loose := open_values(entry, selection.place):
        yield from loose
        return
    document["backup_plan"] = entry
    for rule in plan["Rules"]:
        for each in sorted(rule.keys() - _RULE):
            yield f"{name}: {each} of the backup rule {rule.get('RuleName')} is not in this definition."
    if plan.get("Name") != plan_name(name):
        yield (
            f"{name}: its backup plan is called {plan.get('Name')}. dynasmith manages the plan {plan_name(name)}, so "
            "that `plan` shows backup_plan as new until it is applied; remove the other plan then."
        )


def _rule(said: Mapping[str, Any]) -> Document:
    lifecycle = said.get("Lifecycle") or {}
    return {
        "name": str(said.get("RuleName", "")),
        "schedule": str(said["ScheduleExpression"]),
        **{name: int(lifecycle[word]) for word, name in _KEPT.items() if lifecycle.get(word)},
        **{name: int(said[word]) for word, name in _WINDOWS.items() if said.get(word)},
    }


def _role(arn: str) -> str:
    """The name of a role of the stack's own account, else its ARN."""
    own = arn.partition(":role/")
    return own[2].rpartition("/")[2] if ACCOUNT in own[0] else _known(arn)


def _known(arn: str) -> str:
    return ROLE if arn.endswith(f":role/{ROLE}") else arn
