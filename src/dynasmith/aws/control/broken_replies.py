"""Replies of botocore's clients that are not the service's: found before anybody reads them, and asked for again.

botocore takes any reply of status 200 for success and gives what it finds in it, so that a proxy's ``{}`` to ListTables
reads as "there are no tables". Here a reply that cannot be parsed, lacks a member that the operation always gives or
has one of another type, is damaged, is about another table or item, comes twice, or goes on from where it began,
becomes an error of status 503 with the code BrokenReply. The retries of botocore then send the request again, and after
the last one the error is translated like every other.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.parsers import create_parser

from dynasmith.aws.control.binary import from_botocore
from dynasmith.aws.control.reply_shapes import shape_fault
from dynasmith.aws.control.reply_subject import RequestIds, subject_fault
from dynasmith.aws.data.client_details import engine_of
from dynasmith.aws.data.page_cycle import PageCycles
from dynasmith.aws.errors.codes import BROKEN
from dynasmith.ports.engines import EngineReplies

COUNTED: Final = frozenset(
    ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "TransactWriteItems", "TransactGetItems")
)
"""DynamoDB's operations that are asked what they consumed: the right reply to some of them says nothing else."""

REQUIRED: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    **{("dynamodb", operation): ("ConsumedCapacity",) for operation in sorted(COUNTED)},
    ("dynamodb", "Query"): ("Items", "Count", "ScannedCount", "ConsumedCapacity"),
    ("dynamodb", "Scan"): ("Items", "Count", "ScannedCount", "ConsumedCapacity"),
    ("dynamodb", "TransactGetItems"): ("Responses", "ConsumedCapacity"),
    ("dynamodb", "ExecuteStatement"): ("Items",),
    ("dynamodb", "BatchExecuteStatement"): ("Responses",),
    ("dynamodb", "BatchGetItem"): ("Responses", "UnprocessedKeys"),
    ("dynamodb", "BatchWriteItem"): ("UnprocessedItems",),
    ("dynamodb", "ListTables"): ("TableNames",),
    ("dynamodb", "DescribeTable"): ("Table.TableName", "Table.TableStatus", "Table.KeySchema"),
    ("dynamodb", "CreateTable"): ("TableDescription.TableName",),
    ("dynamodb", "UpdateTable"): ("TableDescription.TableName",),
    ("dynamodb", "DeleteTable"): ("TableDescription.TableName",),
    ("dynamodb", "DescribeTimeToLive"): ("TimeToLiveDescription.TimeToLiveStatus",),
    ("dynamodb", "UpdateTimeToLive"): ("TimeToLiveSpecification",),
    ("dynamodb", "DescribeContinuousBackups"): ("ContinuousBackupsDescription.ContinuousBackupsStatus",),
    ("dynamodb", "UpdateContinuousBackups"): ("ContinuousBackupsDescription",),
    ("dynamodb", "CreateBackup"): ("BackupDetails.BackupArn", "BackupDetails.BackupStatus"),
    ("dynamodb", "DescribeBackup"): (
        "BackupDescription.BackupDetails.BackupArn",
        "BackupDescription.BackupDetails.BackupStatus",
    ),
    ("dynamodb", "DeleteBackup"): ("BackupDescription.BackupDetails.BackupArn",),
    ("dynamodb", "ListBackups"): ("BackupSummaries",),
    ("dynamodb", "RestoreTableFromBackup"): ("TableDescription.TableName",),
    ("dynamodb", "RestoreTableToPointInTime"): ("TableDescription.TableName",),
    ("dynamodb", "DescribeContributorInsights"): ("ContributorInsightsStatus",),
    ("dynamodb", "UpdateContributorInsights"): ("ContributorInsightsStatus",),
    ("dynamodb", "ListContributorInsights"): ("ContributorInsightsSummaries",),
    ("dynamodb", "DescribeKinesisStreamingDestination"): ("KinesisDataStreamDestinations",),
    ("dynamodb", "EnableKinesisStreamingDestination"): ("DestinationStatus",),
    ("dynamodb", "UpdateKinesisStreamingDestination"): ("DestinationStatus",),
    ("dynamodb", "DisableKinesisStreamingDestination"): ("DestinationStatus",),
    ("dynamodb", "ListTagsOfResource"): ("Tags",),
    **{
        ("dynamodb", operation): ("ExportDescription.ExportArn", "ExportDescription.ExportStatus")
        for operation in ("ExportTableToPointInTime", "DescribeExport")
    },
    ("dynamodb", "ListExports"): ("ExportSummaries",),
    **{
        ("dynamodb", operation): ("ImportTableDescription.ImportArn", "ImportTableDescription.ImportStatus")
        for operation in ("ImportTable", "DescribeImport")
    },
    ("dynamodb", "ListImports"): ("ImportSummaryList",),
    **{
        ("dynamodb", operation): (
            "BulkOperationDescription.BulkOperationArn",
            "BulkOperationDescription.BulkOperationStatus",
        )
        for operation in ("StartBulkPutItems", "DescribeBulkOperation")
    },
    ("dynamodb", "ListBulkOperations"): ("BulkOperationsSummaryList",),
    ("dynamodb", "CancelBulkOperation"): ("BulkOperationArn",),
    ("dynamodb", "GetResourcePolicy"): ("Policy",),
    ("dynamodb", "PutResourcePolicy"): ("RevisionId",),
    # The right reply to these has no body, or one without members.
    ("dynamodb", "DeleteResourcePolicy"): (),
    ("dynamodb", "TagResource"): (),
    ("dynamodb", "UntagResource"): (),
    ("application-autoscaling", "DescribeScalableTargets"): ("ScalableTargets",),
    ("application-autoscaling", "DescribeScalingPolicies"): ("ScalingPolicies",),
    ("application-autoscaling", "PutScalingPolicy"): ("PolicyARN",),
    ("application-autoscaling", "RegisterScalableTarget"): (),
    ("application-autoscaling", "DeregisterScalableTarget"): (),
    # What a function gives is judged by who invoked it.
    ("lambda", "Invoke"): (),
    ("lambda", "ListEventSourceMappings"): ("EventSourceMappings",),
    ("lambda", "CreateEventSourceMapping"): ("UUID", "State"),
    ("lambda", "UpdateEventSourceMapping"): ("UUID", "State"),
    ("lambda", "DeleteEventSourceMapping"): (),
    ("lambda", "GetFunctionConfiguration"): ("FunctionArn", "Role"),
    ("logs", "FilterLogEvents"): ("events",),
    ("sqs", "GetQueueUrl"): ("QueueUrl",),
    ("sqs", "GetQueueAttributes"): (),
    ("backup", "ListBackupVaults"): ("BackupVaultList",),
    ("backup", "ListRecoveryPointsByBackupVault"): ("RecoveryPoints",),
    ("backup", "DescribeRecoveryPoint"): ("RecoveryPointArn", "CreationDate"),
    ("backup", "GetRecoveryPointRestoreMetadata"): ("RestoreMetadata",),
    ("backup", "StartRestoreJob"): ("RestoreJobId",),
    ("backup", "DescribeRestoreJob"): ("Status",),
    ("ssm", "GetParameter"): ("Parameter.Value", "Parameter.Version"),
    ("ssm", "PutParameter"): ("Version",),
    ("kms", "DescribeKey"): ("KeyMetadata.KeyManager",),
    ("kms", "GenerateDataKey"): ("Plaintext", "CiphertextBlob"),
    ("kms", "Decrypt"): ("Plaintext",),
    ("backup", "ListBackupPlans"): ("BackupPlansList",),
    ("backup", "GetBackupPlan"): ("BackupPlan.Rules",),
    ("backup", "CreateBackupPlan"): ("BackupPlanId",),
    ("backup", "UpdateBackupPlan"): ("BackupPlanId",),
    ("backup", "ListBackupSelections"): ("BackupSelectionsList",),
    ("backup", "GetBackupSelection"): ("BackupSelection.IamRoleArn",),
    ("backup", "CreateBackupSelection"): ("SelectionId",),
    ("backup", "DeleteBackupSelection"): (),
    ("backup", "CreateBackupVault"): ("BackupVaultName",),
    ("backup", "DescribeRegionSettings"): ("ResourceTypeOptInPreference",),
    ("backup", "ListBackupJobs"): ("BackupJobs",),
    ("backup", "DescribeBackupJob"): ("BackupJobId", "State"),
    ("backup", "DeleteBackupPlan"): (),
    ("backup", "DeleteBackupVault"): (),
    ("cloudtrail", "DescribeTrails"): ("trailList",),
    ("cloudtrail", "GetTrailStatus"): ("IsLogging",),
    ("cloudtrail", "GetEventSelectors"): ("TrailARN",),
    ("cloudwatch", "DescribeAlarms"): ("MetricAlarms",),
    ("cloudwatch", "PutMetricAlarm"): (),
    ("cloudwatch", "DeleteAlarms"): (),
    ("iam", "SimulatePrincipalPolicy"): ("EvaluationResults",),
    ("iam", "GetAccountAuthorizationDetails"): ("RoleDetailList",),
    ("iam", "GetRolePolicy"): ("RoleName", "PolicyName", "PolicyDocument"),
    ("iam", "PutRolePolicy"): (),
    ("iam", "DeleteRolePolicy"): (),
    ("iam", "GetRole"): ("Role.Arn", "Role.AssumeRolePolicyDocument"),
    ("iam", "CreateRole"): ("Role.Arn",),
    ("iam", "AttachRolePolicy"): (),
    ("iam", "ListAttachedRolePolicies"): ("AttachedPolicies",),
    ("cloudwatch", "ListMetrics"): ("Metrics",),
    ("cloudwatch", "GetMetricData"): ("MetricDataResults",),
    ("iam", "ListRolePolicies"): ("PolicyNames",),
    ("iam", "DetachRolePolicy"): (),
    ("iam", "DeleteRole"): (),
    ("sts", "GetCallerIdentity"): ("Account", "Arn"),
    ("sts", "AssumeRole"): ("Credentials.AccessKeyId", "Credentials.SecretAccessKey", "Credentials.SessionToken"),
}
"""What a good reply has, by service and operation; a path goes into a structure. Others are not looked at; the replies
of S3 are judged where they are used (``s3.objects``)."""

_GOES_ON: Final = {
    "ListTables": ("ExclusiveStartTableName", "LastEvaluatedTableName"),
    "ListBackups": ("ExclusiveStartBackupArn", "LastEvaluatedBackupArn"),
    "Query": ("ExclusiveStartKey", "LastEvaluatedKey"),
    "Scan": ("ExclusiveStartKey", "LastEvaluatedKey"),
    "ListTagsOfResource": ("NextToken", "NextToken"),
    "DescribeAlarms": ("NextToken", "NextToken"),
    "DescribeScalableTargets": ("NextToken", "NextToken"),
    "DescribeScalingPolicies": ("NextToken", "NextToken"),
    "ListMetrics": ("NextToken", "NextToken"),
    "GetMetricData": ("NextToken", "NextToken"),
}
"""Where a page began, as the request has it, and where the next one begins, as the reply has it."""
_ABSENT: Final = 404
_ERROR_BODIES: Final = {
    "json": b'{"__type":"%s","message":"%s"}',
    "rest-json": b'{"__type":"%s","message":"%s"}',
    "query": b"<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>",
    "rest-xml": b"<Error><Code>%s</Code><Message>%s</Message></Error>",
}


def check_replies(client: Any) -> None:
    """Let a botocore client check its replies. Once a client is enough; more do no harm."""
    if client.meta.service_model.service_name == "s3":
        return
    service, events = str(client.meta.service_model.service_name), client.meta.events
    engine, ids, cycles = engine_of(client), RequestIds(), PageCycles()

    def count(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in COUNTED:
            params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def parse(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        if fault := _unreadable(service, operation_model, response_dict):
            if service != "dynamodb" and response_dict["status_code"] == _ABSENT:
                # An engine without the service: no error of AWS, and the status says enough.
                response_dict["body"] = _error_body(operation_model, str(_ABSENT), "Not Found")
            else:
                response_dict["status_code"] = 503
                response_dict["body"] = _error_body(operation_model, BROKEN, fault)

    def judge(response: Any, operation: Any, request_dict: Mapping[str, Any], **_: Any) -> None:
        if response is None:
            return
        http, parsed = response
        code = parsed.get("Error", {}).get("Code")
        if code != BROKEN and http.status_code < 300:
            fault = _fault_of(service, operation.name, request_dict, parsed, engine, ids, cycles)
        else:
            fault = "" if code or service != "dynamodb" else f"it has the status {http.status_code} and names no error"
        if fault:
            parsed["Error"] = {"Code": BROKEN, "Message": fault}
        if fault or code == BROKEN:
            http.status_code = 503
            http.headers.pop("x-amz-crc32", None)  # botocore would look at it once more, and raise

    if service == "dynamodb":
        events.register("provide-client-params.dynamodb", count, unique_id="dynasmith-counted")
    events.register("before-parse", parse, unique_id="dynasmith-parse")
    # At the service's own name: botocore asks its own retries before what is registered for every service.
    own = client.meta.service_model.service_id.hyphenize()
    events.register_first(f"needs-retry.{own}", judge, unique_id="dynasmith-broken-reply")


def _fault_of(
    service: str,
    operation: str,
    request: Mapping[str, Any],
    parsed: Mapping[str, Any],
    engine: EngineReplies,
    ids: RequestIds,
    cycles: PageCycles,
) -> str:
    """Why a reply that could be parsed, with a status of success, is not one to this request; empty where it is."""
    left_out = {"ConsumedCapacity"} if operation in engine.uncounted else set[str]()
    if operation in ("Query", "Scan") and _sent(request).get("Select") == "COUNT":
        left_out.add("Items")
    required = REQUIRED.get((service, operation), ())
    fault = _lacks(parsed, required, left_out) or _stands_still(operation, request, parsed, cycles)
    if fault or service != "dynamodb":
        return fault
    if fault := subject_fault(operation, _sent(request), parsed):
        return fault
    request_id = parsed["ResponseMetadata"].get("RequestId") or ""
    return _id_fault(request_id, ids, operation in COUNTED) if engine.request_id else ""


def _unreadable(service: str, operation: Any, reply: Mapping[str, Any]) -> str:
    """Why the bytes of a reply cannot be read; empty where they can."""
    status, headers = reply["status_code"], reply["headers"]
    if service == "dynamodb":
        checksum = headers.get("x-amz-crc32")
        if checksum is not None and str(zlib.crc32(reply["body"])) != checksum.strip():
            return "it arrived damaged (its CRC32 differs)"
        if status != 200 and status < 400:
            return f"it has the status {status}"
    protocol = getattr(operation.service_model, "resolved_protocol", operation.service_model.metadata["protocol"])
    if protocol not in _ERROR_BODIES:
        return ""
    try:  # botocore parses without a net: a list in place of a map, a text in place of a time, a deep nest
        create_parser(protocol).parse(dict(reply), operation.output_shape)
        if protocol == "json" and status < 300 and (fault := shape_fault(reply["body"], operation.output_shape)):
            return f"it cannot be read ({fault})"
    except Exception as error:
        return f"it cannot be read ({type(error).__name__})"
    return ""


def _id_fault(request_id: str, ids: RequestIds, needed: bool) -> str:
    """What is wrong with the request id of a good reply; empty where nothing is."""
    if not request_id:
        return "it has no request id" if needed else ""
    return f"its request id {request_id[:80]} was that of another reply" if ids.repeats(request_id) else ""


def _error_body(operation: Any, code: str, message: str) -> bytes:
    """An error in the place of a reply that cannot be read."""
    protocol = getattr(operation.service_model, "resolved_protocol", operation.service_model.metadata["protocol"])
    body = _ERROR_BODIES[protocol if protocol in _ERROR_BODIES else "json"]
    return body % (code.encode(), message.encode("ascii", "replace"))


def _lacks(parsed: Mapping[str, Any], required: Sequence[str], left_out: set[str]) -> str:
    """Which member a reply lacks; empty where it has all."""
    for path in required:
        found: Any = parsed
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None and path not in left_out:
            return f"it has no {path}"
    if "Items" in parsed and {"Count", "ScannedCount"} <= parsed.keys():
        count = len(parsed["Items"])
        if parsed["Count"] != count or parsed["ScannedCount"] < count:
            return f"it has {count} Items, a Count of {parsed['Count']} and a ScannedCount of {parsed['ScannedCount']}"
    return ""


def _stands_still(operation: str, request: Mapping[str, Any], parsed: Mapping[str, Any], cycles: PageCycles) -> str:
    """What says that the next page begins where this one, or one before it, began; empty where it goes on."""
    if operation not in _GOES_ON:
        return ""
    begin, end = _GOES_ON[operation]
    last = parsed.get(end)
    if not last:
        return f"its {end} is empty" if last is not None else ""
    asked = _sent(request)
    began = asked.pop(begin, None)
    plain = from_botocore(last) if isinstance(last, Mapping) else last
    if began is not None and plain == began:
        return f"its {end} is where the request began"
    series, *ends = (json.dumps(part, sort_keys=True) for part in (asked, began, plain))
    return f"its {end} is where an earlier page began" if cycles.repeats((operation, series), *ends) else ""


def _sent(request: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request of a JSON service."""
    sent: dict[str, Any] = json.loads(request.get("body") or b"{}")
    return sent
