"""The Kinesis data stream that gets the changes, as the service says and takes it."""

from typing import Final

from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.kinesis_destination import CallKinesis, KinesisDestinationSetting
from dynasmith.tables.table import Table

_ORDER: Final = ("ENABLING", "DISABLING", "UPDATING", "ACTIVE", "ENABLE_FAILED", "DISABLED")
_ON: Final = ("ENABLING", "UPDATING", "ACTIVE")


class ServiceKinesisDestination(ReadSetting[CallKinesis]):
    """EnableKinesisStreamingDestination, DisableKinesisStreamingDestination, DescribeKinesisStreamingDestination."""

    setting = KinesisDestinationSetting()
    read_actions = ("dynamodb:DescribeKinesisStreamingDestination",)
    write_actions = ("dynamodb:EnableKinesisStreamingDestination", "dynamodb:DisableKinesisStreamingDestination")

    def request(self, table: str, arn: str, step: CallKinesis) -> ServiceRequest:
        verb = "Enable" if step.enabled else "Disable"
        parameters = {"TableName": table, "StreamArn": step.stream}
        return ServiceRequest(operation=f"{verb}KinesisStreamingDestination", parameters=parameters)

    def is_already(self, step: CallKinesis, table: Table) -> bool:
        return (table.kinesis_stream == step.stream) == step.enabled

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """The stream, or None. Of two (the service allows that) the second is a notice."""
        name = described.table.name
        answer = session.call("dynamodb", "DescribeKinesisStreamingDestination", {"TableName": name}, table=name)
        found = [
            (str(d.get("DestinationStatus", "ACTIVE")), str(d["StreamArn"]))
            for d in answer.get("KinesisDataStreamDestinations") or ()
        ]
        found.sort(key=lambda pair: (_ORDER.index(pair[0]) if pair[0] in _ORDER else 0, pair[1]))
        streams = [arn for status, arn in found if status in _ON]
        notices = described.notices
        if len(streams) > 1:
            notices = (*notices, f"changes also go to {', '.join(streams[1:])}, which is left alone")
        return replace(
            described,
            table=replace(described.table, kinesis_stream=streams[0] if streams else None),
            kinesis_status=found[0][0] if found else "DISABLED",
            notices=notices,
        )
