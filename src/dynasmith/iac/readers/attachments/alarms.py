"""Alarms on the metrics of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import to_builtins

from dynasmith.iac.readers.attachments.attachment import Attachment, Remark, document_named, open_values
from dynasmith.iac.readers.foreign_tables import Document
from dynasmith.tables.alarm_reading import alarm_of
from dynasmith.tables.alarms import DYNAMODB, TABLE
from dynasmith.tables.table import Alarm

_LAMBDA: Final = "AWS/Lambda"
_BESIDE: Final = ("OKActions", "InsufficientDataActions")


def attach_alarm(documents: Sequence[Document], alarm: Attachment) -> Iterator[Remark]:
    """Put an alarm into the table that it watches, where a kind can express it; the others are named."""
    shape = alarm.shape
    watched = list(dict.fromkeys(_tables(shape)))
    here = [each for name in watched if (each := document_named(documents, name)) is not None]
    if not here and shape.get("Namespace") == _LAMBDA:
        here = [each for each in documents if alarm_of(_typed(shape), each["name"]) is not None]
    for name in watched:
        if document_named(documents, name) is None:
            yield f"{alarm.place} watches {name}, which is not a table of this document."
    if not here:
        if not watched and shape.get("Namespace") == DYNAMODB:
            yield f"{alarm.place} is left out: the table that it watches is not known here."
            yield from alarm.unresolved
        return
    yield from alarm.unresolved
    if any("AlarmActions" not in each.path for each in alarm.unresolved):
        return
    found = alarm_of(_typed(shape), here[0]["name"])
    if found is None or len(watched) > 1:
        yield f"{alarm.place} watches {here[0]['name']} in a way that no kind of alarm has; it is left out."
        return
    loose = open_values(shape.get("AlarmActions"), f"{alarm.place}.AlarmActions")
    yield from loose
    here[0].setdefault("alarms", []).append(_entry(found, with_actions=not loose and "AlarmActions" in shape))
    yield from (f"{alarm.place}: {name} is not in this definition." for name in _BESIDE if shape.get(name))


def _entry(alarm: Alarm, *, with_actions: bool) -> Document:
    said: Document = to_builtins(alarm)
    if alarm.threshold.is_integer():
        said["threshold"] = int(alarm.threshold)
    if not with_actions:
        said.pop("notify", None)
    if alarm.of_minutes == alarm.minutes:
        del said["of_minutes"]
    return said


def _tables(shape: Mapping[str, Any]) -> Iterator[str]:
    stats = [shape, *((each.get("MetricStat") or {}).get("Metric") or {} for each in shape.get("Metrics") or ())]
    for each in stats:
        if each.get("Namespace") != DYNAMODB:
            continue
        yield from (str(one.get("Value")) for one in each.get("Dimensions") or () if one.get("Name") == TABLE)


def _typed(shape: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm with the numbers that parameters of a template have as text, and the period that CloudFormation has."""
    numbers: dict[str, Any] = {
        name: float(shape[name]) if name == "Threshold" else int(shape[name])
        for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold")
        if shape.get(name) is not None
    }
    return {**shape, **numbers}
