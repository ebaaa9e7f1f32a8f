"""What CloudWatch refuses of an alarm, and that it takes dimensions which a metric never has."""

from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from dynasmith.strict import StrictServer

ALARM: dict[str, Any] = {
    "AlarmName": "writes",
    "Namespace": "AWS/DynamoDB",
    "MetricName": "SystemErrors",
    "Dimensions": [{"Name": "TableName", "Value": "orders"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1_440,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:oncall"],
}


@pytest.fixture
def cloudwatch(server: StrictServer, client_of: Any) -> Any:
    return client_of(server.endpoint, "cloudwatch")


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"EvaluationPeriods": 1_441}, "must not be more than 86400 seconds"),
        ({"EvaluationPeriods": 169, "Period": 3_600}, "must not be more than 604800 seconds"),
        ({"DatapointsToAlarm": 1_441}, "DatapointsToAlarm must be from 1 to EvaluationPeriods"),
        ({"Period": 90}, "Period must be"),
        ({"Threshold": None}, "Threshold is required"),
        ({"Statistic": None}, "Exactly one of Statistic"),
        ({"ExtendedStatistic": "p99"}, "Exactly one of Statistic"),
        ({"Statistic": "Total"}, "is not a valid Statistic"),
        ({"ComparisonOperator": "Above"}, "is not a valid ComparisonOperator"),
        ({"TreatMissingData": "fine"}, "TreatMissingData"),
        ({"AlarmActions": ["oncall"]}, "Invalid arn syntax: oncall"),
        ({"OKActions": ["arn:aws:sns:eu-west-1:123456789012:oncall"]}, "Invalid region eu-west-1"),
        ({"AlarmActions": [f"arn:aws:sns:us-east-1:123456789012:t{n}" for n in range(6)]}, "more than 5"),
        ({"Dimensions": [{"Name": "TableName", "Value": "a"}, {"Name": "TableName", "Value": "b"}]}, "different names"),
        ({"MetricName": None}, "MetricName and Namespace are required"),
    ],
)
def test_what_the_service_refuses_is_refused(cloudwatch: Any, changed: dict[str, Any], part: str) -> None:
    said = {name: value for name, value in (ALARM | changed).items() if value is not None}
    with pytest.raises(ClientError, match=part) as raised:
        cloudwatch.put_metric_alarm(**said)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_dimensions_that_a_metric_never_has_are_taken(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["writes"])["MetricAlarms"]
    assert alarm["Dimensions"] == ALARM["Dimensions"]
    cloudwatch.delete_alarms(AlarmNames=["writes"])


def test_alarms_in_xml_have_all_that_they_have_in_json(server: StrictServer, cloudwatch: Any) -> None:
    """The query protocol of clients that know no other one, such as Terraform."""
    cloudwatch.put_metric_alarm(**ALARM, TreatMissingData="notBreaching", AlarmDescription="a < b & c")
    asked = urlencode({"Action": "DescribeAlarms", "Version": "2010-08-01", "AlarmNames.member.1": "writes"})
    scope = f"{cloudwatch._request_signer._credentials.access_key}/20260101/us-east-1/monitoring/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"}
    with urlopen(Request(server.endpoint, asked.encode(), headers)) as reply:
        answer = {"status_code": reply.status, "headers": dict(reply.headers), "body": reply.read()}
    shape = cloudwatch.meta.service_model.operation_model("DescribeAlarms").output_shape
    (said,) = create_parser("query").parse(answer, shape)["MetricAlarms"]
    (expected,) = cloudwatch.describe_alarms(AlarmNames=["writes"])["MetricAlarms"]
    assert said == expected
    assert (said["Dimensions"], said["Period"]) == (ALARM["Dimensions"], 60)
    gone = urlencode({"Action": "DescribeAlarms", "Version": "2010-08-01", "MaxRecords": "1", "StateValue": "ALARM"})
    with urlopen(Request(server.endpoint, gone.encode(), headers)) as reply:
        assert b"<member>" not in reply.read()
