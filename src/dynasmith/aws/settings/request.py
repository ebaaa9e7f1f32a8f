"""One request of a service: what a step becomes before it is sent, and what sends it."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct


class ServiceRequest(Struct, frozen=True, kw_only=True):
    """One call: which service and operation, with what; in another Region where ``region`` names one."""

    operation: str
    parameters: dict[str, Any]
    service: str = "dynamodb"
    region: str = ""


def update_table(table: str, parameters: dict[str, Any], region: str = "") -> ServiceRequest:
    """UpdateTable with one kind of change."""
    return ServiceRequest(operation="UpdateTable", parameters={"TableName": table, **parameters}, region=region)


class Service(Protocol):
    """What reads a setting: `aws.control.session.Session`."""

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        table: str = "",
        region: str = "",
    ) -> dict[str, Any]:
        """One call: the answer as botocore parses it. Every error is a `DynasmithError`."""
        ...
