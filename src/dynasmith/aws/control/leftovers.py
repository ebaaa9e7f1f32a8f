"""`AwsLeftovers`: what dynasmith made of AWS Backup beside a table: the plan, the vault, the role that is shared."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import pages, selections
from dynasmith.errors import (
    AccessError,
    NoCredentials,
    NotOffered,
    ServiceError,
    TableNotFound,
    Unreachable,
)
from dynasmith.plans.retirement import Leftover
from dynasmith.tables.backup_names import ROLE, ROLE_POLICIES, plan_name, vault_of
from dynasmith.tables.table import BackupPlan

_ABSENT: Final = ("NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException")


class AwsLeftovers:
    """Keeps `dynasmith.ports.leftovers.LeftoverControl` in the Region of its session. The role is one for all tables
    and all Regions of an account, so before it goes every Region of AWS Backup is looked at: two calls each."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, table: str) -> dict[Leftover, str]:
        """See the port. One call for a table without a backup plan, about six for one with a plan."""
        plan = self._plan(table)
        if plan is None:
            return {}
        found: dict[Leftover, str] = {}
        if plan.roles <= {ROLE} and self._role_exists():
            found["roles"] = ROLE
        own = vault_of(table, BackupPlan(rules=()))
        if own in plan.vaults and any(each["BackupVaultName"] == own for each in self._vaults()):
            found["backup_vault"] = own
        return {**found, "backup_plan": plan.name}

    def reason_to_stay(self, table: str, leftover: Leftover, name: str, going: Collection[str] = ()) -> str:
        """See the port."""
        match leftover:
            case "roles":
                return self._use_of_role(table, name, going)
            case "backup_vault":
                return self._use_of_vault(table, name)
            case "backup_plan":
                plan = self._plan(table)
                return "" if plan is None or not plan.others else f"it selects {', '.join(plan.others)} too"

    def remove(self, table: str, leftover: Leftover, name: str) -> str:
        """See the port. Stopped halfway, it is continued: what is gone is not asked for again."""
        reason = self.reason_to_stay(table, leftover, name)
        if reason:
            return reason
        with _absent_is_gone():
            match leftover:
                case "roles":
                    self._delete_role(name)
                case "backup_vault":
                    self._session.call("backup", "DeleteBackupVault", {"BackupVaultName": name}, table=table)
                case "backup_plan":
                    self._delete_plan(table)
        return ""

    # --- the plan and its vault

    def _plan(self, table: str) -> "_Plan | None":
        try:
            found = [_Plan(self._session, table, identity) for identity in self._plan_ids(table)]
        except (NotOffered, Unreachable):
            if not self._session.access.isolated:
                raise
            return None
        found.sort(key=lambda each: not each.own)  # of two plans of the name, the one that selects the table
        return found[0] if found else None

    def _plan_ids(self, table: str) -> Iterator[str]:
        for each in pages(self._session, "ListBackupPlans", "BackupPlansList", {}, table=table):
            if each.get("BackupPlanName") == plan_name(table):
                yield str(each["BackupPlanId"])

    def _delete_plan(self, table: str) -> None:
        plan = self._plan(table)
        if plan is None:
            return
        for selection in plan.own:
            asked = {"BackupPlanId": plan.identity, "SelectionId": selection}
            self._session.call("backup", "DeleteBackupSelection", asked, table=table)
        self._session.call("backup", "DeleteBackupPlan", {"BackupPlanId": plan.identity}, table=table)

    def _vaults(self, session: Session | None = None) -> list[dict[str, Any]]:
        there = pages(session or self._session, "ListBackupVaults", "BackupVaultList", {})
        return [dict(each) for each in there]

    def _use_of_vault(self, table: str, name: str) -> str:
        for vault in self._vaults():
            points = int(vault.get("NumberOfRecoveryPoints") or 0)
            if vault["BackupVaultName"] == name and points:
                return f"it holds {points} recovery {'point' if points == 1 else 'points'}, which AWS Backup keeps"
        for each in pages(self._session, "ListBackupPlans", "BackupPlansList", {}, table=table):
            if each.get("BackupPlanName") == plan_name(table):
                continue
            asked = {"BackupPlanId": each["BackupPlanId"]}
            plan = self._session.call("backup", "GetBackupPlan", asked, table=table)["BackupPlan"]
            if any(rule.get("TargetBackupVaultName") == name for rule in plan.get("Rules") or ()):
                return f"the backup plan {each.get('BackupPlanName')} uses it"
        return ""

    # --- the role

    def _role_exists(self) -> bool:
        try:
            self._session.call("iam", "GetRole", {"RoleName": ROLE})
        except ServiceError as error:
            if error.service_code in _ABSENT:
                return False
            raise
        except (NotOffered, Unreachable):
            return False
        return True

    def _use_of_role(self, table: str, role: str, going: Collection[str]) -> str:
        with _absent_is_gone():
            added = [str(each["PolicyName"]) for each in self._attached(role) if not _of_aws(str(each["PolicyArn"]))]
            inline = self._session.call("iam", "ListRolePolicies", {"RoleName": role})
            added += [str(each) for each in inline.get("PolicyNames") or ()]
            if added:
                return f"it has policies that dynasmith did not attach: {', '.join(sorted(added))}"
        for region in self._session.regions("backup"):
            try:
                used = self._use_in(table, role, region, going)
            except NoCredentials:
                if region == self._session.region:
                    raise
                continue  # a Region that the account has not enabled runs no backups
            except (AccessError, NotOffered, Unreachable) as error:
                return f"whether {region} needs it is not known: {error.message.rstrip('.')}"
            if used:
                return used
        return ""

    def _use_in(self, table: str, role: str, region: str, going: Collection[str]) -> str:
        here = region == self._session.region
        session = self._session if here else self._session.in_region(region)
        for vault in self._vaults(session):
            if vault.get("NumberOfRecoveryPoints"):
                return f"the recovery points in the vault {vault['BackupVaultName']} ({region}) are restored with it"
        for plan in pages(session, "ListBackupPlans", "BackupPlansList", {}):
            if (here or region in going) and plan.get("BackupPlanName") == plan_name(table):
                continue
            asked = {"BackupPlanId": plan["BackupPlanId"]}
            for each in pages(session, "ListBackupSelections", "BackupSelectionsList", asked):
                if str(each.get("IamRoleArn", "")).rpartition("/")[2] == role:
                    return f"the backup plan {plan.get('BackupPlanName')} ({region}) uses it"
        return ""

    def _attached(self, role: str) -> list[dict[str, Any]]:
        """The managed policies of a role: at most 20, so one page."""
        return list(self._session.call("iam", "ListAttachedRolePolicies", {"RoleName": role})["AttachedPolicies"])

    def _delete_role(self, role: str) -> None:
        for each in self._attached(role):
            with _absent_is_gone():
                asked = {"RoleName": role, "PolicyArn": each["PolicyArn"]}
                self._session.call("iam", "DetachRolePolicy", asked)
        self._session.call("iam", "DeleteRole", {"RoleName": role})


class _Plan:
    """A plan of the table's name: which selections are of the table alone, and what else it selects."""

    def __init__(self, session: Session, table: str, identity: str) -> None:
        document = session.call("backup", "GetBackupPlan", {"BackupPlanId": identity}, table=table)["BackupPlan"]
        found = list(selections(session, identity, table=table))
        mine = f":{session.region}:"
        own = [each for each in found if each.resources and all(_is_of(one, mine, table) for one in each.resources)]
        self.identity = identity
        self.name = str(document.get("BackupPlanName", ""))
        self.vaults = {str(rule.get("TargetBackupVaultName", "")) for rule in document.get("Rules") or ()}
        self.own = [each.selection_id for each in own]
        self.roles = {each.role.rpartition("/")[2] for each in own}
        self.others = [each.name or each.selection_id for each in found if each not in own]


def _is_of(arn: str, region: str, table: str) -> bool:
    return region in arn and arn.partition(":table/")[2] == table


def _of_aws(policy: str) -> bool:
    return any(policy.endswith(f":iam::aws:policy/{each}") for each in ROLE_POLICIES)


@contextmanager
def _absent_is_gone() -> Iterator[None]:
    """What another run removed meanwhile is gone, which is what was asked for."""
    try:
        yield
    except TableNotFound:
        pass
    except ServiceError as error:
        if error.service_code not in _ABSENT:
            raise
