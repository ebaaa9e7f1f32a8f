"""The alarms of a table, each on one metric."""

from __future__ import annotations

from msgspec import UnsetType

from dynasmith.iac.cloudformation.part import StackPart, StackResource, StackSubject
from dynasmith.iac.labels import logical_part
from dynasmith.tables.alarms import alarm_name, alarm_parameters
from dynasmith.tables.table import known


def alarms(subject: StackSubject) -> StackPart:
    """An `AWS::CloudWatch::Alarm` for each: its properties are the parameters of PutMetricAlarm."""
    table, resources = subject.table, []
    there = (
        set()
        if subject.live is None
        else {alarm_name(table.name, each) for each in known(subject.live.table.alarms, ())}
    )
    for alarm in known(table.alarms, ()):
        said = alarm_parameters(table.name, alarm)
        if isinstance(alarm.notify, UnsetType):
            del said["AlarmActions"]
        name = said["AlarmName"]
        resources.append(
            StackResource(
                id=logical_part(subject.logical_id, f"{name.removeprefix(table.name)} alarm"),
                type="AWS::CloudWatch::Alarm",
                properties=said,
                identifier={"AlarmName": name} if name in there else {},
            )
        )
    return StackPart(resources=tuple(resources))
