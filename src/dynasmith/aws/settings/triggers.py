"""The triggers of a table, as Lambda says and takes them: event source mappings of its streams."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.function_refusal import explained
from dynasmith.aws.settings.live_triggers import LiveMapping, mappings_of
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import DynasmithError
from dynasmith.tables.description import TableDescription, TriggerState
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.settings.trigger_parts import (
    DEFAULTS,
    STARTING_POSITION,
    canonical_pattern,
    function_arn,
    function_key,
)
from dynasmith.tables.settings.triggers import Call, CallPutTrigger, CallRemoveTrigger, TriggersSetting
from dynasmith.tables.table import Table, Trigger, known

_PARTIAL: Final = "ReportBatchItemFailures"
_NOT_KNOWN_YET: Final = "00000000-0000-0000-0000-000000000000"
"""The UUID of a mapping that is looked up right before the call."""
_OFF: Final = ("Disabled", "Disabling")
_NUMBERS: Final[Mapping[str, str]] = {
    "batch_size": "BatchSize",
    "maximum_batching_window_seconds": "MaximumBatchingWindowInSeconds",
    "parallelization_factor": "ParallelizationFactor",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age_seconds": "MaximumRecordAgeInSeconds",
    "bisect_batch_on_function_error": "BisectBatchOnFunctionError",
    "tumbling_window_seconds": "TumblingWindowInSeconds",
}
"""The options that are one value, and Lambda's words for them."""


class ServiceTriggers(ReadSetting[Call]):
    """Lambda's calls about mappings. What is there already is updated: mappings are looked up right before a call."""

    setting = TriggersSetting()
    needs_arn = True
    read_actions = ("lambda:ListEventSourceMappings",)
    write_actions = (
        "lambda:CreateEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
    )

    def request(self, table: str, arn: str, step: Call) -> ServiceRequest:
        if isinstance(step, CallPutTrigger):
            said = {
                "EventSourceArn": f"{arn}/stream/",
                "FunctionName": function_arn(step.trigger.function, arn),
                "StartingPosition": known(step.trigger.starting_position, STARTING_POSITION),
                **options_of(step.trigger),
            }
            return _lambda("CreateEventSourceMapping", said)
        return _lambda("DeleteEventSourceMapping", {"UUID": _NOT_KNOWN_YET})

    def completed_request(
        self, session: Service, described: TableDescription, step: Call, request: ServiceRequest
    ) -> ServiceRequest | None:
        live = mappings_of(session, described)
        if isinstance(step, CallRemoveTrigger):
            found = [each for each in live if each.key == function_key(step.function)]
            gone = [each.uuid for each in found if not (step.old and each.current) and each.state != "Deleting"]
            for uuid in gone[1:]:
                session.call("lambda", "DeleteEventSourceMapping", {"UUID": uuid}, table=described.table.name)
            return _lambda("DeleteEventSourceMapping", {"UUID": gone[0]}) if gone else None
        there = next((each for each in live if each.current and each.key == function_key(step.trigger.function)), None)
        if there is None:
            return replace(request, parameters={**request.parameters, "EventSourceArn": described.stream_arn})
        wanted, has = options_of(step.trigger), options_of(trigger_of([there], described.arn))
        changed = {name: value for name, value in wanted.items() if has.get(name) != value}
        return _lambda("UpdateEventSourceMapping", {"UUID": there.uuid, **changed}) if changed else None

    def refusal(self, session: Service, table: str, step: Call, error: DynasmithError) -> DynasmithError:
        """Lambda names neither the function's role nor what it lacks, and says the same while a new policy is not
        known everywhere yet, which ends by itself."""
        return explained(session, table, step.trigger, error) if isinstance(step, CallPutTrigger) else error

    def is_already(self, step: Call, table: Table) -> bool:
        there = {function_key(each.function): each for each in known(table.triggers, ())}
        if isinstance(step, CallRemoveTrigger):
            live = there.get(function_key(step.function))
            return live is None or (step.old and not is_set(live.old_mappings))
        live = there.get(function_key(step.trigger.function))
        return live is not None and options_of(live) == options_of(step.trigger)

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """The triggers by function, those on old streams too. One call a hundred mappings of the account."""
        live = mappings_of(session, described)
        by_function: dict[str, list[LiveMapping]] = {}
        for each in live:
            by_function.setdefault(each.key, []).append(each)
        triggers = tuple(trigger_of(found, described.arn) for _, found in sorted(by_function.items()))
        return replace(
            described,
            table=replace(described.table, triggers=triggers),
            triggers=tuple(_state(each, described.arn) for each in live),
        )


def trigger_of(found: Iterable[LiveMapping], table_arn: str) -> Trigger:
    """The trigger that the mappings of one function are; the one on the stream that is on decides about options."""
    every = sorted(found, key=lambda each: not each.current)
    said, old = every[0].said, sum(not each.current for each in every)
    filters = (said.get("FilterCriteria") or {}).get("Filters") or ()
    destination = ((said.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    position = said.get("StartingPosition")
    return Trigger(
        function=_named(every[0].function, table_arn),
        starting_position=position if position in ("LATEST", "TRIM_HORIZON") else UNSET,
        enabled=every[0].state not in _OFF,
        on_failure_destination=destination or None,
        report_batch_item_failures=_PARTIAL in (said.get("FunctionResponseTypes") or ()),
        filters=tuple(canonical_pattern(str(each.get("Pattern", ""))) for each in filters),
        old_mappings=old or UNSET,
        **{name: _value(name, said.get(word)) for name, word in _NUMBERS.items()},
    )


def options_of(trigger: Trigger) -> dict[str, Any]:
    """What a request says of the options of a trigger that are set."""
    said: dict[str, Any] = {"Enabled": trigger.enabled}
    said |= {word: getattr(trigger, name) for name, word in _NUMBERS.items() if is_set(getattr(trigger, name))}
    if is_set(trigger.filters):
        said["FilterCriteria"] = {"Filters": [{"Pattern": each} for each in trigger.filters]}
    if is_set(trigger.on_failure_destination):
        said["DestinationConfig"] = {"OnFailure": {"Destination": trigger.on_failure_destination or ""}}
    if is_set(trigger.report_batch_item_failures):
        said["FunctionResponseTypes"] = [_PARTIAL] if trigger.report_batch_item_failures else []
    return said


def _value(name: str, value: Any) -> Any:
    """An option, or what Lambda has where an engine does not say it."""
    return DEFAULTS[name] if value is None else value


def _named(function: str, table_arn: str) -> str:
    """The name of a function of the table's own account and Region, else its ARN."""
    key = function_key(function)
    return key if function_arn(key, table_arn) == function else function


def _state(mapping: LiveMapping, table_arn: str) -> TriggerState:
    return TriggerState(
        uuid=mapping.uuid,
        function=_named(mapping.function, table_arn),
        stream_arn=mapping.stream,
        state=mapping.state,
        last_result=str(mapping.said.get("LastProcessingResult") or ""),
        on_current_stream=mapping.current,
    )


def _lambda(operation: str, parameters: dict[str, Any]) -> ServiceRequest:
    return ServiceRequest(service="lambda", operation=operation, parameters=parameters)
