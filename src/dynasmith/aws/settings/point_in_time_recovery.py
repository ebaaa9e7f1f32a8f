"""Point-in-time recovery, as the service says and takes it."""

from typing import Any

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.limits import RECOVERY_MAX_DAYS
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.point_in_time_recovery import CallRecovery, PointInTimeRecoverySetting
from dynasmith.tables.table import Recovery, Table


class ServicePointInTimeRecovery(ReadSetting[CallRecovery]):
    """UpdateContinuousBackups, DescribeContinuousBackups."""

    setting = PointInTimeRecoverySetting()
    read_actions = ("dynamodb:DescribeContinuousBackups",)
    write_actions = ("dynamodb:UpdateContinuousBackups",)

    def request(self, table: str, arn: str, step: CallRecovery) -> ServiceRequest:
        return recovery_request(table, step.recovery)

    def is_already(self, step: CallRecovery, table: Table) -> bool:
        wanted, there = step.recovery, table.recovery
        if isinstance(there, UnsetType) or (wanted is None) != (there is None):
            return False
        if wanted is None or there is None or isinstance(wanted.days, UnsetType):
            return True
        return there.days == wanted.days

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        found = read_recovery(session, described.table.name)
        return replace(described, table=replace(described.table, recovery=found))


def recovery_request(table: str, recovery: Recovery | None, region: str = "") -> ServiceRequest:
    """Recovery of a table, or of its replica in another Region."""
    told: dict[str, Any] = {"PointInTimeRecoveryEnabled": recovery is not None}
    if recovery is not None and not isinstance(recovery.days, UnsetType):
        told["RecoveryPeriodInDays"] = recovery.days
    parameters = {"TableName": table, "PointInTimeRecoverySpecification": told}
    return ServiceRequest(operation="UpdateContinuousBackups", parameters=parameters, region=region)


def read_recovery(session: Service, name: str, region: str = "") -> Recovery | None:
    """Point-in-time recovery of a table, or of its replica in another Region."""
    answer = session.call("dynamodb", "DescribeContinuousBackups", {"TableName": name}, table=name, region=region)
    told = (answer.get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
    if told.get("PointInTimeRecoveryStatus") != "ENABLED":
        return None
    return Recovery(days=int(told.get("RecoveryPeriodInDays") or RECOVERY_MAX_DAYS))  # 35 where it was never said
