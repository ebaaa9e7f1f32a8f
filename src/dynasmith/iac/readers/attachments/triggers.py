"""Event source mappings that read the stream of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynasmith.iac.readers.attachments.attachment import (
    REGION,
    Attachment,
    Remark,
    TableArn,
    document_named,
    open_values,
    table_arn,
)
from dynasmith.iac.readers.foreign_tables import Document
from dynasmith.tables.settings.trigger_parts import canonical_pattern, function_key, pattern_value

_OPTIONS: Final = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "maximum_batching_window_seconds",
    "ParallelizationFactor": "parallelization_factor",
    "MaximumRetryAttempts": "maximum_retry_attempts",
    "MaximumRecordAgeInSeconds": "maximum_record_age_seconds",
    "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
    "TumblingWindowInSeconds": "tumbling_window_seconds",
    "Enabled": "enabled",
}
_READ: Final = frozenset(
    (
        *_OPTIONS,
        *("EventSourceArn", "FunctionName", "StartingPosition", "FunctionResponseTypes", "DestinationConfig"),
        "FilterCriteria",
    )
)


def attach_trigger(documents: Sequence[Document], mapping: Attachment) -> Iterator[Remark]:
    """Put a mapping into the table whose stream it reads. Mappings of other sources are left out."""
    shape = mapping.shape
    source = table_arn(shape.get("EventSourceArn"))
    if source is None:
        if "EventSourceArn" not in shape:
            yield f"{mapping.place} is left out: what it reads is not known here."
        return
    document = document_named(documents, source.table)
    if document is None:
        yield f"{mapping.place} reads the stream of {source.table}, which is not a table of this document."
        return
    yield from mapping.unresolved
    if not shape.get("FunctionName"):
        if not mapping.unresolved:
            yield f"{mapping.place} is left out: its function is not known here."
        return
    entry, loose = trigger_entry(shape, source), list[Remark]()
    for name in ("function", "on_failure_destination"):
        loose += open_values(entry.get(name), mapping.place)
    yield from loose
    if loose:
        return
    yield from (f"{mapping.place}: {name} is not in this definition." for name in sorted(shape.keys() - _READ))
    document.setdefault("triggers", []).append(entry)


def trigger_entry(shape: Mapping[str, Any], source: TableArn) -> Document:
    """The trigger that CreateEventSourceMapping would make."""
    entry: Document = {"function": _function(str(shape["FunctionName"]), source)}
    if shape.get("StartingPosition") in ("LATEST", "TRIM_HORIZON"):
        entry["starting_position"] = shape["StartingPosition"]
    entry |= {name: _plain(shape[word]) for word, name in _OPTIONS.items() if shape.get(word) is not None}
    if "FunctionResponseTypes" in shape:
        entry["report_batch_item_failures"] = "ReportBatchItemFailures" in shape["FunctionResponseTypes"]
    if destination := ((shape.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"):
        entry["on_failure_destination"] = destination
    if filters := (shape.get("FilterCriteria") or {}).get("Filters"):
        entry["filters"] = [pattern_value(canonical_pattern(str(each["Pattern"]))) for each in filters]
    return entry


def _plain(value: Any) -> Any:
    """Numbers and booleans, which parameters of a template have as text."""
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if value.lstrip("-").isdigit() else value


def _function(function: str, source: TableArn) -> str:
    """The name of a function of the table's own account and Region, else its ARN."""
    parts = function.split(":")
    if not function.startswith("arn:") or len(parts) < 7:
        return function_key(function)
    is_own = REGION in parts[3] or not source.account or (parts[3], parts[4]) == (source.region, source.account)
    return function_key(function) if is_own else function
