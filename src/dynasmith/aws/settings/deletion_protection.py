"""Deletion protection, as the service says and takes it."""

from typing import Any

from dynasmith.aws.settings.base import Answer, DescribedSetting
from dynasmith.aws.settings.request import ServiceRequest, update_table
from dynasmith.tables.settings.deletion_protection import CallProtection, DeletionProtectionSetting
from dynasmith.tables.table import Table


class ServiceDeletionProtection(DescribedSetting[CallProtection]):
    """DeletionProtectionEnabled."""

    setting = DeletionProtectionSetting()

    def create(self, table: Table) -> dict[str, Any]:
        return {"DeletionProtectionEnabled": True} if table.deletion_protection is True else {}

    def value(self, answer: Answer) -> bool:
        return bool(answer.get("DeletionProtectionEnabled", False))

    def request(self, table: str, arn: str, step: CallProtection) -> ServiceRequest:
        return update_table(table, {"DeletionProtectionEnabled": step.enabled})

    def is_already(self, step: CallProtection, table: Table) -> bool:
        return table.deletion_protection is step.enabled
