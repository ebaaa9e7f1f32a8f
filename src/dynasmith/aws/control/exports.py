"""The service's exports to S3, and how it describes them."""

from collections.abc import Mapping
from typing import Any

import botocore

from dynasmith.aws.control.binary import to_botocore
from dynasmith.aws.control.session import Session
from dynasmith.errors import NotOffered
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.service_transfer import FORMAT_WORDS, ExportRequest, ExportState, S3Place
from dynasmith.ports.access import ResolvedAccess

FILTER = "FilterSpecification"


class AwsExports:
    """Keeps `dynasmith.ports.service_transfer.Exports`. ``table`` is named in errors."""

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._table = table

    @property
    def access(self) -> ResolvedAccess:
        """Where the calls go."""
        return self._session.access

    def start(self, table_arn: str, place: S3Place, request: ExportRequest, token: str) -> ExportState:
        """One ExportTableToPointInTime. Its retries have the same token, so that they are one export."""
        self._check_filter(request)
        asked = export_parameters(table_arn, place, request, token)
        return _state(self._call("ExportTableToPointInTime", asked)["ExportDescription"])

    def _check_filter(self, request: ExportRequest) -> None:
        model = self._session.client("dynamodb").meta.service_model.operation_model("ExportTableToPointInTime")
        if request.condition and FILTER not in model.input_shape.members:
            raise NotOffered(
                f"The installed botocore {botocore.__version__} knows no filters of exports.",
                hint="install a newer boto3, or export to a folder, which filters too",
            )

    def describe(self, arn: str) -> ExportState:
        """One DescribeExport."""
        return _state(self._call("DescribeExport", {"ExportArn": arn})["ExportDescription"])

    def with_token(self, table_arn: str, token: str) -> ExportState | None:
        """ListExports, and a DescribeExport for each."""
        asked: dict[str, Any] = {"TableArn": table_arn}
        while True:
            page = self._call("ListExports", asked)
            for found in page.get("ExportSummaries", ()):
                state = self.describe(found["ExportArn"])
                if state.token == token:
                    return state
            if not page.get("NextToken"):
                return None
            asked = {**asked, "NextToken": page["NextToken"]}

    def has_items(self, table: str) -> bool:
        """One Scan of one item: 0.5 read units, or one where it is large."""
        asked = {"TableName": table, "Limit": 1, "ReturnConsumedCapacity": "TOTAL"}
        return bool(self._call("Scan", asked).get("Items"))

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._session.call("dynamodb", operation, parameters, table=self._table)


def export_parameters(table_arn: str, place: S3Place, request: ExportRequest, token: str) -> dict[str, Any]:
    """The request of an export."""
    asked: dict[str, Any] = {
        "TableArn": table_arn,
        "S3Bucket": place.bucket,
        "ExportFormat": FORMAT_WORDS[request.format],
        "ClientToken": token,
    }
    if place.prefix:
        asked["S3Prefix"] = place.prefix
    if request.at is not None:
        asked["ExportTime"] = request.at
    if request.incremental:
        window = {"ExportFromTime": request.since, "ExportToTime": request.until}
        asked["ExportType"] = "INCREMENTAL_EXPORT"
        asked["IncrementalExportSpecification"] = {name: at for name, at in window.items() if at is not None}
    if request.condition:
        made = parse_condition(request.condition).filter()
        asked[FILTER] = {
            "FilterExpression": made.expression,
            **({"ExpressionAttributeNames": dict(made.names)} if made.names else {}),
            **({"ExpressionAttributeValues": to_botocore(made.values)} if made.values else {}),
        }
    if request.kms_key:
        asked |= {"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": request.kms_key}
    if request.bucket_owner:
        asked["S3BucketOwner"] = request.bucket_owner
    return asked


def _state(said: Mapping[str, Any]) -> ExportState:
    return ExportState(
        arn=said["ExportArn"],
        status=said["ExportStatus"],
        bucket=said.get("S3Bucket", ""),
        prefix=said.get("S3Prefix", ""),
        manifest=said.get("ExportManifest", ""),
        item_count=int(said.get("ItemCount", 0)),
        billed_bytes=int(said.get("BilledSizeBytes", 0)),
        failure=said.get("FailureMessage", ""),
        failure_code=said.get("FailureCode", ""),
        token=said.get("ClientToken", ""),
        started_at=said.get("StartTime"),
    )
