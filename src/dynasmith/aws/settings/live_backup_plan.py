"""A table's backup plan at AWS Backup: the plan by its name, its selection of the table, the vault."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from dynasmith.aws.settings.request import Service
from dynasmith.aws.settings.shared_reads import shared_list
from dynasmith.errors import ServiceError
from dynasmith.tables.backup_names import plan_name

Answer = Mapping[str, Any]
PAGES_MAX = 1_000
"""A list of AWS Backup has at most so many pages here: a thousand entries a page."""


class BackupSelection(Struct, frozen=True, kw_only=True):
    """A selection of a plan: what it backs up, with which role."""

    selection_id: str
    name: str
    role: str
    resources: tuple[str, ...]


class LivePlan(Struct, frozen=True, kw_only=True):
    """A plan as AWS Backup has it. ``document`` is its BackupPlan; ``selection`` the one that names the table."""

    plan_id: str
    arn: str
    name: str
    document: dict[str, Any]
    selection: BackupSelection | None = None


def pages(
    session: Service, operation: str, member: str, parameters: Mapping[str, Any], *, table: str = ""
) -> Iterator[Answer]:
    """Every entry of a list of AWS Backup. Raises ServiceError where a page leads back to an earlier one."""
    asked, seen = dict(parameters), set[str]()
    while True:
        answer = session.call("backup", operation, asked, table=table)
        yield from answer.get(member) or ()
        token = str(answer.get("NextToken") or "")
        if not token:
            return
        if token in seen or len(seen) > PAGES_MAX:
            raise ServiceError(f"The pages of {operation} do not end.", hint="try again")
        seen.add(token)
        asked["NextToken"] = token


def all_plans(session: Service) -> list[Answer]:
    """Every backup plan of the Region; one call a page, shared by the tables of a run."""
    return shared_list(session, "backup plans", lambda: pages(session, "ListBackupPlans", "BackupPlansList", {}))


def live_plan(session: Service, table: str, arn: str) -> LivePlan | None:
    """The plan of a table by its name, or None. Costs one call, which the tables of a run share, and three more where
    it is there."""
    name = plan_name(table)
    found = [str(each["BackupPlanId"]) for each in all_plans(session) if each.get("BackupPlanName") == name]
    # Another tool may have made a second plan of the name: the one that selects the table is ours.
    plans = [_described(session, each, table, arn) for each in found]
    plans.sort(key=lambda each: each.selection is None)
    return plans[0] if plans else None


def _described(session: Service, plan_id: str, table: str, arn: str) -> LivePlan:
    answer = session.call("backup", "GetBackupPlan", {"BackupPlanId": plan_id}, table=table)
    ours = [each for each in selections(session, plan_id, table=table) if arn in each.resources]
    return LivePlan(
        plan_id=plan_id,
        arn=str(answer.get("BackupPlanArn", "")),
        name=str(answer["BackupPlan"].get("BackupPlanName", "")),
        document=answer["BackupPlan"],
        selection=ours[0] if ours else None,
    )


def selections(session: Service, plan_id: str, *, table: str = "") -> Iterator[BackupSelection]:
    """The selections of a plan: one call a page, and one for each."""
    asked = {"BackupPlanId": plan_id}
    for each in pages(session, "ListBackupSelections", "BackupSelectionsList", asked, table=table):
        identity = str(each["SelectionId"])
        said = session.call("backup", "GetBackupSelection", {**asked, "SelectionId": identity}, table=table)
        selection = said["BackupSelection"]
        yield BackupSelection(
            selection_id=identity,
            name=str(selection.get("SelectionName", "")),
            role=str(selection.get("IamRoleArn", "")),
            resources=tuple(selection.get("Resources") or ()),
        )


def vault_key(session: Service, vault: str, *, table: str = "") -> str | None:
    """The KMS key of a vault; None if the vault does not exist. AWS Backup denies a description of one that is not
    there, so all are listed."""
    for each in pages(session, "ListBackupVaults", "BackupVaultList", {}, table=table):
        if each.get("BackupVaultName") == vault:
            return str(each.get("EncryptionKeyArn") or "")
    return None
