"""The triggers of a table: functions that its stream calls."""

from collections.abc import Iterator

from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem
from dynasmith.tables.settings.event_filter import FILTERS_MAX, pattern_problem
from dynasmith.tables.settings.trigger_check import DESTINATION, DESTINATION_SAYS, RECORD_AGE_SECONDS_MIN
from dynasmith.tables.settings.triggers import NO_DESTINATION


def _trigger_age(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, trigger in enumerate(table.plain("triggers") or ()):
        age = (trigger or {}).get("maximum_record_age_seconds")
        if isinstance(age, int) and 0 <= age < RECORD_AGE_SECONDS_MIN:
            way = ("triggers", place, "maximum_record_age_seconds")
            yield RuleProblem(way, f"is {age}; it is -1, or at least {RECORD_AGE_SECONDS_MIN}")


def _trigger_filters(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, trigger in enumerate(table.plain("triggers") or ()):
        said = trigger or {}
        filters = said.get("filters")
        if filters is not None and said.get("filter_pattern") is not None:
            yield RuleProblem(("triggers", place, "filters"), "stands beside filter_pattern, which is one filter")
        if isinstance(filters, list) and len(filters) > FILTERS_MAX:
            yield RuleProblem(("triggers", place, "filters"), f"has {len(filters)} filters, and may have {FILTERS_MAX}")
        pairs = [("filter_pattern", said.get("filter_pattern")), *(("filters", one) for one in filters or ())]
        for key, pattern in pairs:
            if pattern is not None and (problem := pattern_problem(pattern)):
                yield RuleProblem(("triggers", place, key), f"is not an event filter of Lambda: {problem}")


def _trigger_destination(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, trigger in enumerate(table.plain("triggers") or ()):
        arn = (trigger or {}).get("on_failure_destination")
        if isinstance(arn, str) and arn != NO_DESTINATION and not DESTINATION.fullmatch(arn):
            way = ("triggers", place, "on_failure_destination")
            yield RuleProblem(way, f"is {arn!r}; {DESTINATION_SAYS}")


def _trigger_stream(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.plain("triggers") and table.plain("stream", "enabled") is False:
        yield RuleProblem(("triggers",), "needs a stream to be called from, and the stream is off")


def _trigger_stream_unsaid(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.plain("triggers") and table.node.get("stream") is None:
        yield RuleProblem(("triggers",), "needs a stream to be called from, and the definition says nothing of one")


RULES = (
    DefinitionRule(
        "D079",
        "Triggers need a stream",
        "A function is called from the stream of changes.",
        "Lambda Developer Guide, Using Lambda with DynamoDB",
        "set stream: {view_type: NEW_AND_OLD_IMAGES}",
        _trigger_stream,
    ),
    DefinitionRule(
        "D090",
        "A definition with triggers says which stream they read",
        "A new table has no stream; where another tool manages it, this may stay as it is.",
        "Lambda Developer Guide, Using Lambda with DynamoDB",
        "set stream: {view_type: NEW_AND_OLD_IMAGES}",
        _trigger_stream_unsaid,
        "warning",
    ),
    DefinitionRule(
        "D093",
        "The record age of a trigger is -1 or at least 60 seconds",
        "Lambda refuses an age of 0 to 59 seconds.",
        "Lambda API, CreateEventSourceMapping, MaximumRecordAgeInSeconds; seen by users",
        "use 60 or more, or -1 for no limit",
        _trigger_age,
    ),
    DefinitionRule(
        "D094",
        "A trigger has at most five event filters, and each is one that Lambda takes",
        "Lambda refuses others. A pattern is an object whose leaves are lists of values or operators.",
        "Lambda Developer Guide, Control which events Lambda sends to your function",
        "for example filters: [{eventName: [INSERT]}, {dynamodb: {NewImage: {status: {S: [open]}}}}]",
        _trigger_filters,
    ),
    DefinitionRule(
        "D095",
        "What a trigger gives up goes to a standard queue, a standard topic or a bucket",
        "Lambda refuses FIFO queues and topics, and everything else.",
        "Lambda Developer Guide, Parameters for DynamoDB event source mappings, DestinationConfig",
        f"give its ARN, or {NO_DESTINATION}",
        _trigger_destination,
    ),
)
