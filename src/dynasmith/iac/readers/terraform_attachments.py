"""What stands beside the tables of a state or a plan of Terraform, in the words of the services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.iac.readers.attachments.attachment import ACCOUNT, Attachment
from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.iac.readers.terraform_resources import StateResources, Values, one_block

_MAPPING: Final = {
    "event_source_arn": "EventSourceArn",
    "function_name": "FunctionName",
    "starting_position": "StartingPosition",
    "batch_size": "BatchSize",
    "maximum_batching_window_in_seconds": "MaximumBatchingWindowInSeconds",
    "parallelization_factor": "ParallelizationFactor",
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_record_age_in_seconds": "MaximumRecordAgeInSeconds",
    "bisect_batch_on_function_error": "BisectBatchOnFunctionError",
    "tumbling_window_in_seconds": "TumblingWindowInSeconds",
    "enabled": "Enabled",
}
_ALARM: Final = {
    "alarm_name": "AlarmName",
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "statistic": "Statistic",
    "extended_statistic": "ExtendedStatistic",
    "unit": "Unit",
    "period": "Period",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparison_operator": "ComparisonOperator",
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
}
_RULE: Final = {
    "rule_name": "RuleName",
    "target_vault_name": "TargetBackupVaultName",
    "schedule": "ScheduleExpression",
    "start_window": "StartWindowMinutes",
    "completion_window": "CompletionWindowMinutes",
    "copy_action": "CopyActions",
    "recovery_point_tags": "RecoveryPointTags",
}
_SELECTION: Final = {
    "name": "SelectionName",
    "iam_role_arn": "IamRoleArn",
    "resources": "Resources",
    "selection_tag": "ListOfTags",
    "not_resources": "NotResources",
}


def terraform_attachments(resources: StateResources) -> Iterator[Attachment]:
    """The mappings, alarms, backup plans and inline policies of a document."""
    for address, kind, values in resources.of_type(*_READERS):
        yield from _READERS[kind](resources, address, values)


def table_arn_of(values: Values) -> str:
    """The ARN of a table; without Region and account where it is known after apply alone."""
    return str(values.get("arn") or f"arn:aws:dynamodb:::table/{values.get('name')}")


def _renamed(values: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    return {word: values[name] for name, word in words.items() if values.get(name) not in (None, "", [], {})}


def _mapping(resources: StateResources, address: str, values: Values) -> Iterator[Attachment]:
    shape = _renamed(values, _MAPPING)
    unresolved = []
    if "EventSourceArn" not in shape and (
        tables := resources.referred(address, "event_source_arn", "aws_dynamodb_table")
    ):
        shape["EventSourceArn"] = table_arn_of(resources.values(tables[0])) + "/stream/"
    elif "EventSourceArn" not in shape and resources.referred(address, "event_source_arn", *_OTHER_SOURCES):
        return
    if "FunctionName" not in shape:
        named = [resources.values(each) for each in resources.referred(address, "function_name", "aws_lambda_function")]
        if named and named[0].get("function_name"):
            shape["FunctionName"] = named[0]["function_name"]
        else:
            unresolved.append(resources.unresolved(address, "function_name"))
    if destination := one_block(one_block(values, "destination_config"), "on_failure").get("destination_arn"):
        shape["DestinationConfig"] = {"OnFailure": {"Destination": destination}}
    elif resources.is_unknown(address, "destination_config"):
        unresolved.append(_not_known(address, "destination_config"))
    if values.get("function_response_types") is not None:
        shape["FunctionResponseTypes"] = list(values["function_response_types"])
    if filters := one_block(values, "filter_criteria").get("filter"):
        shape["FilterCriteria"] = {"Filters": [{"Pattern": each["pattern"]} for each in filters]}
    yield Attachment(kind="trigger", place=address, shape=shape, unresolved=tuple(unresolved))


def _alarm(resources: StateResources, address: str, values: Values) -> Iterator[Attachment]:
    shape = _renamed(values, _ALARM)
    shape["Threshold"] = values.get("threshold")
    shape["Dimensions"] = [{"Name": name, "Value": value} for name, value in (values.get("dimensions") or {}).items()]
    if queries := values.get("metric_query"):
        shape["Metrics"] = [_metric(one_block(each, "metric")) for each in queries]
    unresolved = []
    if resources.is_unknown(address, "alarm_actions") and resources.is_said(address, "alarm_actions") is not False:
        shape.pop("AlarmActions", None)
        unresolved.append(_not_known(f"{address}", "AlarmActions"))
    if resources.is_unknown(address, "dimensions"):
        unresolved.append(_not_known(address, "dimensions"))
        for each in resources.referred(address, "dimensions", "aws_dynamodb_table"):
            shape["Dimensions"].append({"Name": "TableName", "Value": resources.values(each).get("name")})
    yield Attachment(kind="alarm", place=address, shape=shape, unresolved=tuple(unresolved))


def _metric(values: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in (values.get("dimensions") or {}).items()]
    return {"MetricStat": {"Metric": {"Namespace": values.get("namespace"), "Dimensions": dimensions}}}


def _selection(resources: StateResources, address: str, values: Values) -> Iterator[Attachment]:
    shape = _renamed(values, _SELECTION)
    if any(one_block(values, "condition").values()):
        shape["Conditions"] = values["condition"]
    unresolved = []
    if "Resources" not in shape:
        tables = resources.referred(address, "resources", "aws_dynamodb_table")
        shape["Resources"] = [table_arn_of(resources.values(each)) for each in tables]
    if "IamRoleArn" not in shape:
        roles = [resources.values(each) for each in resources.referred(address, "iam_role_arn", "aws_iam_role")]
        if roles and roles[0].get("name"):
            shape["IamRoleArn"] = f"arn:aws:iam::{ACCOUNT}:role/{roles[0]['name']}"
        else:
            unresolved.append(resources.unresolved(address, "iam_role_arn"))
    by_id = [at for at, _, plan in resources.of_type("aws_backup_plan") if plan.get("id") == values.get("plan_id")]
    found = by_id if values.get("plan_id") else list(resources.referred(address, "plan_id", "aws_backup_plan"))
    if found:
        shape["Plan"] = _plan(resources, resources.values(found[0]))
        if any("TargetBackupVaultName" not in rule for rule in shape["Plan"]["Rules"]):
            unresolved.append(resources.unresolved(found[0], "rule.target_vault_name"))
    yield Attachment(kind="backup", place=address, shape=shape, unresolved=tuple(unresolved))


def _plan(resources: StateResources, plan: Values) -> dict[str, Any]:
    rules = []
    for each in plan.get("rule") or ():
        rule = _renamed(each, _RULE)
        lifecycle = one_block(each, "lifecycle")
        kept = {"DeleteAfterDays": "delete_after", "MoveToColdStorageAfterDays": "cold_storage_after"}
        rule["Lifecycle"] = {word: lifecycle[name] for word, name in kept.items() if lifecycle.get(name)}
        if each.get("enable_continuous_backup"):
            rule["EnableContinuousBackup"] = True
        rules.append(rule)
    names = {rule.get("TargetBackupVaultName") for rule in rules}
    vaults = [vault for _, _, vault in resources.of_type("aws_backup_vault") if vault.get("name") in names]
    return {"Name": plan.get("name"), "Rules": rules, "VaultKey": vaults[0].get("kms_key_arn") if vaults else None}


def _role_policy(resources: StateResources, address: str, values: Values) -> Iterator[Attachment]:
    if not values.get("policy"):
        return
    document = json.loads(values["policy"])
    said = document.get("Statement") or ()
    shape: dict[str, Any] = {
        "PolicyName": values.get("name"),
        "Statement": [said] if isinstance(said, Mapping) else list(said),
    }
    unresolved: tuple[UnresolvedValue, ...] = ()
    if role := _role_name(resources, address, values):
        shape["Role"] = role
    else:
        unresolved = (resources.unresolved(address, "role"),)
    yield Attachment(kind="policy", place=address, shape=shape, unresolved=unresolved)


def _role_name(resources: StateResources, address: str, values: Values) -> str:
    if values.get("role"):
        return str(values["role"])
    named = [resources.values(each) for each in resources.referred(address, "role", "aws_iam_role")]
    return str(named[0].get("name") or "") if named else ""


def _role(resources: StateResources, address: str, values: Values) -> Iterator[Attachment]:
    for number, each in enumerate(values.get("inline_policy") or ()):
        if each.get("policy"):
            inline = {**each, "role": values.get("name")}
            yield from _role_policy(resources, f"{address}.inline_policy[{number}]", inline)


def _not_known(address: str, attribute: str) -> UnresolvedValue:
    return UnresolvedValue(
        path=f"{address}.{attribute}", reference="(known after apply)", hint="import the state after the apply"
    )


_READERS: Final = {
    "aws_lambda_event_source_mapping": _mapping,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_backup_selection": _selection,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_role": _role,
}
_OTHER_SOURCES: Final = (
    *("aws_sqs_queue", "aws_kinesis_stream", "aws_msk_cluster", "aws_mq_broker", "aws_docdb_cluster"),
    *("aws_kinesis_stream_consumer", "aws_msk_serverless_cluster"),
)
