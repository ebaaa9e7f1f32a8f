"""The table class, as the service says and takes it."""

from typing import Any

from dynasmith.aws.settings.base import Answer, DescribedSetting
from dynasmith.aws.settings.request import ServiceRequest, update_table
from dynasmith.tables.settings.table_class import CallTableClass, TableClassSetting
from dynasmith.tables.table import Table, TableClass


class ServiceTableClass(DescribedSetting[CallTableClass]):
    """TableClass, TableClassSummary: absent where it was never another than STANDARD."""

    setting = TableClassSetting()

    def create(self, table: Table) -> dict[str, Any]:
        infrequent = table.table_class is TableClass.INFREQUENT_ACCESS
        return {"TableClass": TableClass.INFREQUENT_ACCESS.value} if infrequent else {}

    def value(self, answer: Answer) -> TableClass:
        return table_class_of(answer.get("TableClassSummary"))

    def request(self, table: str, arn: str, step: CallTableClass) -> ServiceRequest:
        return update_table(table, {"TableClass": step.table_class.value})

    def is_already(self, step: CallTableClass, table: Table) -> bool:
        return table.table_class is step.table_class


def table_class_of(summary: Answer | None) -> TableClass:
    """The class in a TableClassSummary, which is absent where it was never another than STANDARD."""
    return TableClass((summary or {}).get("TableClass") or "STANDARD")
