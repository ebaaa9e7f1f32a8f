"""The service's imports from S3 into new tables, how it describes them, and where it says what failed."""

import json
from collections.abc import Mapping
from typing import Any

from dynasmith.aws.control.requests import create_table
from dynasmith.aws.control.session import Session
from dynasmith.errors import DynasmithError
from dynasmith.jobs.service_transfer import COMPRESSION_WORDS, FORMAT_WORDS, ImportRequest, ImportState, KeyRange
from dynasmith.tables.table import Table

CREATED = (
    "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "OnDemandThroughput",
    "SSESpecification", "GlobalSecondaryIndexes",
)  # fmt: skip
"""What an import creates a table with (API reference, TableCreationParameters); the rest is applied afterwards."""


class AwsImports:
    """Keeps `dynasmith.ports.service_transfer.Imports`. ``table`` is named in errors."""

    def __init__(self, session: Session, table: str) -> None:
        self._session = session
        self._table = table

    def start(self, table: Table, files: KeyRange, request: ImportRequest, token: str) -> ImportState:
        """One ImportTable. Its retries have the same token, so that they are one import."""
        asked = import_parameters(table, files, request, token)
        return _state(self._call("ImportTable", asked)["ImportTableDescription"])

    def describe(self, arn: str) -> ImportState:
        """One DescribeImport."""
        return _state(self._call("DescribeImport", {"ImportArn": arn})["ImportTableDescription"])

    def with_token(self, token: str) -> ImportState | None:
        """ListImports, and a DescribeImport for each."""
        asked: dict[str, Any] = {}
        while True:
            page = self._call("ListImports", asked)
            for found in page.get("ImportSummaryList", ()):
                state = self.describe(found["ImportArn"])
                if state.token == token:
                    return state
            if not page.get("NextToken"):
                return None
            asked = {"NextToken": page["NextToken"]}

    def errors(self, state: ImportState, limit: int) -> tuple[str, ...]:
        """The first errors that the import wrote into CloudWatch Logs: one FilterLogEvents."""
        group = state.log_group.partition(":log-group:")[2].removesuffix(":*")
        if not group:
            return ()
        identity = state.arn.rpartition("/")[2]
        asked = {"logGroupName": group, "logStreamNamePrefix": f"{identity}/", "limit": limit}
        try:
            found = self._session.call("logs", "FilterLogEvents", asked, table=self._table)
        except DynasmithError:  # no right, or no such service here: the place is named anyway
            return ()
        return tuple(_sentence(event.get("message", "")) for event in found.get("events", ()))

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return self._session.call("dynamodb", operation, parameters, table=self._table)


def import_parameters(table: Table, files: KeyRange, request: ImportRequest, token: str) -> dict[str, Any]:
    """The request of an import."""
    source = {"S3Bucket": files.bucket, "S3KeyPrefix": files.prefix, "S3BucketOwner": request.bucket_owner}
    created = create_table(table)
    asked: dict[str, Any] = {
        "S3BucketSource": {name: text for name, text in source.items() if text},
        "InputFormat": FORMAT_WORDS[request.format],
        "InputCompressionType": COMPRESSION_WORDS[request.compression],
        "TableCreationParameters": {name: created[name] for name in CREATED if name in created},
        "ClientToken": token,
    }
    if request.format == "csv" and (request.delimiter or request.headers):
        csv: dict[str, Any] = {"Delimiter": request.delimiter} if request.delimiter else {}
        asked["InputFormatOptions"] = {"Csv": csv | ({"HeaderList": list(request.headers)} if request.headers else {})}
    return asked


def _state(said: Mapping[str, Any]) -> ImportState:
    return ImportState(
        arn=said["ImportArn"],
        status=said["ImportStatus"],
        table=(said.get("TableCreationParameters") or {}).get("TableName", ""),
        processed=int(said.get("ProcessedItemCount", 0)),
        imported=int(said.get("ImportedItemCount", 0)),
        errors=int(said.get("ErrorCount", 0)),
        processed_bytes=int(said.get("ProcessedSizeBytes", 0)),
        failure=said.get("FailureMessage", ""),
        failure_code=said.get("FailureCode", ""),
        token=said.get("ClientToken", ""),
        log_group=said.get("CloudWatchLogGroupArn", ""),
        started_at=said.get("StartTime"),
    )


def _sentence(event: str) -> str:
    """An error of one item: where it is, and what is wrong with it."""
    try:
        said = json.loads(event)
        where = said["itemS3Pointer"]
        return f"s3://{where['bucket']}/{where['key']}, item {where['itemIndex']}: {'; '.join(said['errorMessages'])}"
    except (ValueError, KeyError, TypeError):
        return event.strip()
