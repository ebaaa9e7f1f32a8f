"""The stream of changes, as the service says and takes it."""

from typing import Any

from dynasmith.aws.settings.base import Answer, DescribedSetting
from dynasmith.aws.settings.request import ServiceRequest, update_table
from dynasmith.tables.settings.stream import CallStream, StreamSetting
from dynasmith.tables.table import StreamView, Table, known


class ServiceStream(DescribedSetting[CallStream]):
    """StreamSpecification. A stream that was turned off keeps its last ARN, which says nothing."""

    setting = StreamSetting()

    def create(self, table: Table) -> dict[str, Any]:
        view = known(table.stream, None)
        return {} if view is None else _specification(view)

    def value(self, answer: Answer) -> StreamView | None:
        said = answer.get("StreamSpecification") or {}
        return StreamView(said["StreamViewType"]) if said.get("StreamEnabled") and said.get("StreamViewType") else None

    def request(self, table: str, arn: str, step: CallStream) -> ServiceRequest:
        return update_table(table, _specification(step.view))

    def is_already(self, step: CallStream, table: Table) -> bool:
        return table.stream == step.view


def _specification(view: StreamView | None) -> dict[str, Any]:
    if view is None:
        return {"StreamSpecification": {"StreamEnabled": False}}
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view.value}}
