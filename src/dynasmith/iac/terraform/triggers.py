"""The Lambda functions that the table's stream calls."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.labels import part_label
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.tables.settings.trigger_parts import filters_of, function_key
from dynasmith.tables.table import Trigger, known

_ARGUMENTS: Final = {
    "starting_position": "starting_position",
    "batch_size": "batch_size",
    "maximum_batching_window_in_seconds": "maximum_batching_window_seconds",
    "parallelization_factor": "parallelization_factor",
    "maximum_retry_attempts": "maximum_retry_attempts",
    "maximum_record_age_in_seconds": "maximum_record_age_seconds",
    "bisect_batch_on_function_error": "bisect_batch_on_function_error",
    "tumbling_window_in_seconds": "tumbling_window_seconds",
}
"""The provider's arguments, by what says them."""


def triggers(subject: TerraformSubject) -> TerraformPart:
    """An `aws_lambda_event_source_mapping` a function; options that are not managed are left alone."""
    resources: list[HclBlock] = []
    imports: list[ImportBlock] = []
    for trigger in known(subject.table.triggers, ()):
        label = part_label(subject.label, function_key(trigger.function))
        ignored = [name for name, field in _ARGUMENTS.items() if isinstance(getattr(trigger, field), UnsetType)]
        block = _block(subject, trigger, label, [*ignored, *_loose(trigger)])
        resources.append(block)
        if uuid := _uuid(subject, trigger):
            imports.append(ImportBlock(to=block.address, id=uuid))
    return TerraformPart(resources=tuple(resources), imports=tuple(imports))


def _uuid(subject: TerraformSubject, trigger: Trigger) -> str:
    states = () if subject.live is None else subject.live.triggers
    wanted = function_key(trigger.function)
    found = [each for each in states if each.on_current_stream and function_key(each.function) == wanted]
    return found[0].uuid if found else ""


def _loose(trigger: Trigger) -> list[str]:
    loose = {
        "function_response_types": trigger.report_batch_item_failures,
        "destination_config": trigger.on_failure_destination,
    }
    found = [name for name, said in loose.items() if isinstance(said, UnsetType)]
    return [*found, "filter_criteria"] if isinstance(filters_of(trigger), UnsetType) else found


def _block(subject: TerraformSubject, trigger: Trigger, label: str, ignored: list[str]) -> HclBlock:
    body: list[tuple[str, Value] | HclBlock] = [
        ("event_source_arn", subject.reference("stream_arn")),
        ("function_name", trigger.function),
        ("enabled", trigger.enabled),
    ]
    for name, field in _ARGUMENTS.items():
        value = getattr(trigger, field)
        if not isinstance(value, UnsetType):
            body.append((name, value))
        elif field == "starting_position":
            body.append((name, "LATEST"))  # a new mapping needs one
    if not isinstance(trigger.report_batch_item_failures, UnsetType):
        types: list[Value] = ["ReportBatchItemFailures"] if trigger.report_batch_item_failures else []
        body.append(("function_response_types", types))
    if destination := known(trigger.on_failure_destination, None):
        body.append(
            HclBlock(("destination_config",), (HclBlock(("on_failure",), (("destination_arn", destination),)),))
        )
    if patterns := known(filters_of(trigger), ()):
        filters = tuple(HclBlock(("filter",), (("pattern", pattern),)) for pattern in patterns)
        body.append(HclBlock(("filter_criteria",), filters))
    if ignored:
        body.append(HclBlock(("lifecycle",), (("ignore_changes", [HclExpression(each) for each in ignored]),)))
    return HclBlock(("resource", "aws_lambda_event_source_mapping", label), tuple(body))
