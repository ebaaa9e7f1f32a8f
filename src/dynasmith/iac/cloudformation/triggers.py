"""The Lambda functions that the table's stream calls."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UnsetType

from dynasmith.iac.cloudformation.part import Properties, StackPart, StackResource, StackSubject
from dynasmith.iac.labels import logical_part
from dynasmith.tables.settings.trigger_parts import filters_of, function_key
from dynasmith.tables.table import Trigger, known

_PROPERTIES: Final = {
    "StartingPosition": "starting_position",
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_seconds",
    "ParallelizationFactor": "parallelization_factor",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "MaximumRecordAgeInSeconds": "maximum_record_age_seconds",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "TumblingWindowInSeconds": "tumbling_window_seconds",
}
"""CloudFormation's properties, by what says them."""


def triggers(subject: StackSubject) -> StackPart:
    """An `AWS::Lambda::EventSourceMapping` a function."""
    resources = []
    for trigger in known(subject.table.triggers, ()):
        states = () if subject.live is None else subject.live.triggers
        key = function_key(trigger.function)
        there = [each.uuid for each in states if each.on_current_stream and function_key(each.function) == key]
        resources.append(
            StackResource(
                id=logical_part(subject.logical_id, f"{key} trigger"),
                type="AWS::Lambda::EventSourceMapping",
                properties=_properties(subject, trigger),
                identifier={"Id": there[0]} if there else {},
            )
        )
    return StackPart(resources=tuple(resources))


def _properties(subject: StackSubject, trigger: Trigger) -> Properties:
    said: dict[str, Any] = {
        "EventSourceArn": subject.attribute("StreamArn"),
        "FunctionName": trigger.function,
        "Enabled": trigger.enabled,
        "StartingPosition": "LATEST",  # a new mapping needs one
    }
    for name, field in _PROPERTIES.items():
        value = getattr(trigger, field)
        if not isinstance(value, UnsetType):
            said[name] = value
    if not isinstance(trigger.report_batch_item_failures, UnsetType):
        said["FunctionResponseTypes"] = ["ReportBatchItemFailures"] if trigger.report_batch_item_failures else []
    if destination := known(trigger.on_failure_destination, None):
        said["DestinationConfig"] = {"OnFailure": {"Destination": destination}}
    if patterns := known(filters_of(trigger), ()):
        said["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in patterns]}
    return said
