"""What triggers have in common with what Lambda has: the name of a function, filter patterns, defaults, a merge."""

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.tables.document_shape import canonical_json
from dynasmith.tables.table import Trigger

DEFAULTS: Final[Mapping[str, Any]] = {
    "batch_size": 100,
    "maximum_batching_window_seconds": 0,
    "parallelization_factor": 1,
    "maximum_retry_attempts": -1,
    "maximum_record_age_seconds": -1,
    "bisect_batch_on_function_error": False,
    "report_batch_item_failures": False,
    "tumbling_window_seconds": 0,
    "on_failure_destination": None,
    "filters": (),
}
"""What a mapping has where nothing is said (API reference, CreateEventSourceMapping, for streams)."""
STARTING_POSITION: Final = "LATEST"
"""Where a trigger begins to read where its definition does not say; Lambda has no default."""


def function_key(function: str) -> str:
    """What tells functions apart in one account and Region: the name, with the alias or version where there is one."""
    name = function.rpartition(":function:")[2] if ":function:" in function else function
    return name.removesuffix(":$LATEST")


def function_arn(function: str, table_arn: str) -> str:
    """The ARN of a function that is named, in the account and Region of the table."""
    if function.startswith("arn:"):
        return function.removesuffix(":$LATEST")
    parts = table_arn.split(":")
    owner = function.partition(":function:")[0] if ":function:" in function else parts[4]
    return f"arn:{parts[1]}:lambda:{parts[3]}:{owner}:function:{function_key(function)}"


def filters_of(trigger: Trigger) -> tuple[str, ...] | UnsetType:
    """The filter patterns that a trigger has, as canonical JSON; UNSET where it does not say."""
    if not isinstance(trigger.filters, UnsetType):
        return tuple(map(canonical_pattern, trigger.filters))
    return UNSET if isinstance(trigger.filter_pattern, UnsetType) else (canonical_pattern(trigger.filter_pattern),)


def canonical_pattern(pattern: object) -> str:
    """A filter pattern, or the map that it is, as text in one writing; as it is where it is not JSON."""
    text = pattern if isinstance(pattern, str) else canonical_json(pattern)
    try:
        return canonical_json(json.loads(text))
    except ValueError:
        return text


def pattern_value(text: str) -> Any:
    """A pattern as a map, which is easier to read than JSON in quotes, where it reads back as the same text."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, dict) and canonical_json(read) == text else text


def merged(desired: Trigger, current: Trigger | None) -> Trigger:
    """What is wanted, with the options of ``current`` that it does not mention, or Lambda's where there is none. Where
    the reading begins stays: it never changes."""
    there = {name: DEFAULTS[name] if current is None else getattr(current, name) for name in DEFAULTS}
    said = {name: getattr(desired, name) for name in DEFAULTS} | {"filters": filters_of(desired)}
    options = {name: there[name] if isinstance(value, UnsetType) else value for name, value in said.items()}
    position: Any = desired.starting_position if current is None else current.starting_position
    if isinstance(position, UnsetType):
        position = STARTING_POSITION
    return replace(desired, **options, filter_pattern=UNSET, starting_position=position, old_mappings=UNSET)


def minimal(trigger: Trigger) -> Trigger:
    """A trigger without the options that are Lambda's own defaults, as a definition names it."""
    same = {name: UNSET for name, value in DEFAULTS.items() if getattr(trigger, name) == value}
    return replace(trigger, **same)
