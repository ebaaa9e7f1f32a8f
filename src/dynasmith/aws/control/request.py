"""One request of a service: what a step becomes before it is sent."""

from typing import Any

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
