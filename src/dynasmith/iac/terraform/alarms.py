"""The alarms of a table, each on one metric."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.labels import part_label
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.tables.alarms import alarm_name, alarm_parameters
from dynasmith.tables.table import known

_ARGUMENTS: Final = {
    "AlarmName": "alarm_name",
    "Namespace": "namespace",
    "MetricName": "metric_name",
    "Statistic": "statistic",
    "Period": "period",
    "EvaluationPeriods": "evaluation_periods",
    "DatapointsToAlarm": "datapoints_to_alarm",
    "Threshold": "threshold",
    "ComparisonOperator": "comparison_operator",
    "TreatMissingData": "treat_missing_data",
}
"""The provider's arguments, by PutMetricAlarm's parameters."""
_UNMANAGED: Final = ("alarm_description", "actions_enabled", "ok_actions", "insufficient_data_actions")


def alarms(subject: TerraformSubject) -> TerraformPart:
    """An `aws_cloudwatch_metric_alarm` for each; what a definition does not say of an alarm is left alone."""
    table, resources, imports = subject.table, [], []
    there = (
        set()
        if subject.live is None
        else {alarm_name(table.name, each) for each in known(subject.live.table.alarms, ())}
    )
    for alarm in known(table.alarms, ()):
        said = alarm_parameters(table.name, alarm)
        body: list[tuple[str, Value] | HclBlock] = [(name, said[each]) for each, name in _ARGUMENTS.items()]
        ignored = list(_UNMANAGED)
        if isinstance(alarm.notify, UnsetType):
            ignored.append("alarm_actions")
        else:
            body.append(("alarm_actions", list(alarm.notify)))
        body.append(("dimensions", {each["Name"]: each["Value"] for each in said["Dimensions"]}))
        body.append(HclBlock(("lifecycle",), (("ignore_changes", [HclExpression(name) for name in ignored]),)))
        label = part_label(subject.label, said["AlarmName"].removeprefix(f"{table.name}-"))
        resources.append(HclBlock(("resource", "aws_cloudwatch_metric_alarm", label), tuple(body)))
        if said["AlarmName"] in there:
            imports.append(ImportBlock(to=resources[-1].address, id=said["AlarmName"]))
    return TerraformPart(resources=tuple(resources), imports=tuple(imports))
