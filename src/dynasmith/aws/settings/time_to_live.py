"""Time to live, as the service says and takes it."""

from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.time_to_live import CallTimeToLive, TimeToLiveSetting
from dynasmith.tables.table import Table


class ServiceTimeToLive(ReadSetting[CallTimeToLive]):
    """UpdateTimeToLive, DescribeTimeToLive."""

    setting = TimeToLiveSetting()
    read_actions = ("dynamodb:DescribeTimeToLive",)
    write_actions = ("dynamodb:UpdateTimeToLive",)

    def request(self, table: str, arn: str, step: CallTimeToLive) -> ServiceRequest:
        told = {"Enabled": step.enabled, "AttributeName": step.attribute}
        parameters = {"TableName": table, "TimeToLiveSpecification": told}
        return ServiceRequest(operation="UpdateTimeToLive", parameters=parameters)

    def is_already(self, step: CallTimeToLive, table: Table) -> bool:
        return table.time_to_live == (step.attribute if step.enabled else None)

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """Its attribute while ENABLED or ENABLING, None while DISABLED or DISABLING."""
        name = described.table.name
        answer = session.call("dynamodb", "DescribeTimeToLive", {"TableName": name}, table=name)
        told = answer.get("TimeToLiveDescription") or {}
        status = str(told.get("TimeToLiveStatus", "DISABLED"))
        attribute = told.get("AttributeName") if status in ("ENABLED", "ENABLING") else None
        return replace(described, table=replace(described.table, time_to_live=attribute), ttl_status=status)
