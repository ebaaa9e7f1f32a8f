"""Run in an environment with a newer botocore: a bulk write is begun, described, listed and cancelled on stubs."""

import json
import sys

import botocore.session
from botocore.stub import Stubber

from dynasmith.aws.control.bulk_puts import AwsBulkPuts
from dynasmith.jobs.service_transfer import BulkRequest, KeyRange

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/users/bulk-operation/01234567890123-a1b2c3d4"
CLIENT = botocore.session.Session().create_client(
    "dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
)


class StubbedSession:
    """A session whose one client is stubbed; the stub validates parameters and replies by the service's model."""

    def client(self, _service: str) -> object:
        return CLIENT

    def call(self, _service: str, operation: str, parameters: dict[str, object], *, table: str) -> object:
        del table
        name = "".join(f"_{char.lower()}" if char.isupper() else char for char in operation).lstrip("_")
        return getattr(CLIENT, name)(**parameters)


def main() -> None:
    stubber = Stubber(CLIENT)
    described = {"BulkOperationArn": ARN, "BulkOperationStatus": "IN_PROGRESS", "ClientToken": "once"}
    over = described | {"BulkOperationStatus": "COMPLETED_WITH_ERRORS", "ProcessedItemCount": 7, "FailedItemCount": 2}
    summary = {"BulkOperationArn": ARN, "BulkOperationStatus": "IN_PROGRESS", "StartTime": 1}
    stubber.add_response("start_bulk_put_items", {"BulkOperationDescription": described})
    stubber.add_response("list_bulk_operations", {"BulkOperationsSummaryList": [summary]})
    stubber.add_response("describe_bulk_operation", {"BulkOperationDescription": described})
    stubber.add_response("cancel_bulk_operation", {"BulkOperationArn": ARN, "BulkOperationStatus": "CANCELLING"})
    stubber.add_response("describe_bulk_operation", {"BulkOperationDescription": over})
    puts = AwsBulkPuts(StubbedSession(), "users")  # type: ignore[arg-type]  # it keeps what is used of one
    puts.check_offered()
    request = BulkRequest(
        format="ion",
        compression="zstd",
        bucket_owner="123456789012",
        errors_bucket="errors",
        errors_prefix="bulk",
        write_units=1024,
    )
    with stubber:
        assert puts.start("users", KeyRange("files", "in/"), request, "once").arn == ARN
        found = puts.with_token("once")
        assert found is not None
        puts.cancel(ARN)
        state = puts.describe(ARN)
        stubber.assert_no_pending_responses()
    assert (state.over, state.processed, state.failed) == (True, 7, 2)
    sys.stdout.write(json.dumps({"status": state.status}))


if __name__ == "__main__":
    main()
