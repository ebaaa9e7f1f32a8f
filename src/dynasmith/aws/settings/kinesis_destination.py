"""The Kinesis data stream that gets the changes, as the service says and takes it."""

from typing import Any, Final

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.base import Answer, ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.kinesis_destination import (
    Call,
    CallKinesis,
    CallKinesisPrecision,
    Destination,
    KinesisDestinationSetting,
    precision_of,
    stream_of,
)
from dynasmith.tables.table import KinesisDestination, KinesisPrecision, Table, known

_ORDER: Final = ("ENABLING", "DISABLING", "UPDATING", "ACTIVE", "ENABLE_FAILED", "DISABLED")
_ON: Final = ("ENABLING", "UPDATING", "ACTIVE")


class ServiceKinesisDestination(ReadSetting[Call]):
    """Enable-, Disable-, Update- and DescribeKinesisStreamingDestination."""

    setting = KinesisDestinationSetting()
    read_actions = ("dynamodb:DescribeKinesisStreamingDestination",)
    write_actions = (
        "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:DisableKinesisStreamingDestination",
        "dynamodb:UpdateKinesisStreamingDestination",
    )

    def request(self, table: str, arn: str, step: Call) -> ServiceRequest:
        parameters: dict[str, Any] = {"TableName": table, "StreamArn": step.stream}
        if isinstance(step, CallKinesisPrecision):
            told = {"ApproximateCreationDateTimePrecision": step.precision.value}
            parameters["UpdateKinesisStreamingConfiguration"] = told
            return ServiceRequest(operation="UpdateKinesisStreamingDestination", parameters=parameters)
        verb = "Enable" if step.enabled else "Disable"
        if step.enabled and not isinstance(step.precision, UnsetType):
            told = {"ApproximateCreationDateTimePrecision": step.precision.value}
            parameters["EnableKinesisStreamingConfiguration"] = told
        return ServiceRequest(operation=f"{verb}KinesisStreamingDestination", parameters=parameters)

    def is_already(self, step: Call, table: Table) -> bool:
        there = known(table.kinesis_stream, None)
        if isinstance(step, CallKinesis) and not step.enabled:
            return stream_of(there) != step.stream
        same = isinstance(step.precision, UnsetType) or precision_of(there) == step.precision
        return stream_of(there) == step.stream and same

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """The stream, or None. Of two (the service allows that) the second is a notice."""
        name = described.table.name
        answer = session.call("dynamodb", "DescribeKinesisStreamingDestination", {"TableName": name}, table=name)
        found = [
            (str(d.get("DestinationStatus", "ACTIVE")), _destination(d))
            for d in answer.get("KinesisDataStreamDestinations") or ()
        ]
        found.sort(key=lambda pair: (_ORDER.index(pair[0]) if pair[0] in _ORDER else 0, str(stream_of(pair[1]))))
        streams = [destination for status, destination in found if status in _ON]
        notices = described.notices
        if len(streams) > 1:
            others = ", ".join(str(stream_of(each)) for each in streams[1:])
            notices = (*notices, f"changes also go to {others}, which is left alone")
        return replace(
            described,
            table=replace(described.table, kinesis_stream=streams[0] if streams else None),
            kinesis_status=found[0][0] if found else "DISABLED",
            notices=notices,
        )


def _destination(told: Answer) -> Destination:
    """The stream, with its precision where the service says it."""
    precision = told.get("ApproximateCreationDateTimePrecision")
    stream = str(told["StreamArn"])
    return KinesisDestination(stream=stream, precision=KinesisPrecision(precision)) if precision else stream
