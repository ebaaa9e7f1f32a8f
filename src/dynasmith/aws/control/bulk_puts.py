"""StartBulkPutItems: the service writes files of S3 into a table that exists. Needs a botocore that knows it.

It never ran against the service: its requests are checked against the shapes of botocore 1.44.8.
"""

from collections.abc import Mapping
from typing import Any, Final

import botocore

from dynasmith.aws.control.session import Session
from dynasmith.errors import NotOffered
from dynasmith.jobs.service_transfer import COMPRESSION_WORDS, FORMAT_WORDS, BulkRequest, BulkState, KeyRange

START: Final = "StartBulkPutItems"
NEEDED: Final = "1.44"


class AwsBulkPuts:
    """Keeps `dynasmith.ports.service_transfer.BulkPuts`. ``table`` is named in errors."""

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._table = table

    def check_offered(self) -> None:
        """Raise NotOffered where the installed botocore does not know the operation. No call."""
        if START not in self._session.client("dynamodb").meta.service_model.operation_names:
            raise NotOffered(
                f"The installed botocore {botocore.__version__} has no {START}: it needs botocore {NEEDED}.",
                hint="install a newer boto3, or use --by ours",
            )

    def start(self, table: str, files: KeyRange, request: BulkRequest, token: str) -> BulkState:
        """One StartBulkPutItems. Its retries have the same token, so that they are one operation."""
        return _state(self._call(START, bulk_parameters(table, files, request, token))["BulkOperationDescription"])

    def describe(self, arn: str) -> BulkState:
        """One DescribeBulkOperation."""
        return _state(self._call("DescribeBulkOperation", {"BulkOperationArn": arn})["BulkOperationDescription"])

    def with_token(self, token: str) -> BulkState | None:
        """ListBulkOperations, and a DescribeBulkOperation for each of the last 90 days."""
        asked: dict[str, Any] = {"MaxResults": 25}
        while True:
            page = self._call("ListBulkOperations", asked)
            for found in page.get("BulkOperationsSummaryList", ()):
                state = self.describe(found["BulkOperationArn"])
                if state.token == token:
                    return state
            if not page.get("NextToken"):
                return None
            asked = {**asked, "NextToken": page["NextToken"]}

    def cancel(self, arn: str) -> None:
        """One CancelBulkOperation: what was written stays."""
        self._call("CancelBulkOperation", {"BulkOperationArn": arn})

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._session.call("dynamodb", operation, parameters, table=self._table)


def bulk_parameters(table: str, files: KeyRange, request: BulkRequest, token: str) -> dict[str, Any]:
    """The request of a bulk write."""
    source = {"S3Bucket": files.bucket, "S3KeyPrefix": files.prefix, "S3BucketOwner": request.bucket_owner}
    errors = {"S3Bucket": request.errors_bucket, "S3KeyPrefix": request.errors_prefix}
    asked: dict[str, Any] = {
        "TableName": table,
        "ClientToken": token,
        "InputS3Configuration": {
            **{name: text for name, text in source.items() if text},
            "InputFormat": FORMAT_WORDS[request.format],
            "InputCompressionType": COMPRESSION_WORDS[request.compression],
        },
        "OutputS3Configuration": {**{name: text for name, text in errors.items() if text}, "OutputType": ["ERROR"]},
    }
    if request.write_units is not None:
        asked["MaxWriteRequestUnits"] = request.write_units
    return asked


def _state(said: Mapping[str, Any]) -> BulkState:
    return BulkState(
        arn=said["BulkOperationArn"],
        status=said["BulkOperationStatus"],
        processed=int(said.get("ProcessedItemCount", 0)),
        failed=int(said.get("FailedItemCount", 0)),
        processed_bytes=int(said.get("ProcessedInputBytes", 0)),
        failure=said.get("FailureMessage", ""),
        failure_code=said.get("FailureCode", ""),
        token=said.get("ClientToken", ""),
    )
