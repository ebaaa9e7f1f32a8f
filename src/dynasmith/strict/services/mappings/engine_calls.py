"""The endpoint's own calls to the engine for a mapping: functions, streams, and where records go that were given up."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from dynasmith.strict.services.world import StrictWorld, reply_json
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireReply, WireRequest
from dynasmith.strict.wire.rest_json import RestModel

FUNCTIONS = "/2015-03-31/functions/"
MAPPINGS = "/2015-03-31/event-source-mappings"
_JSON = b"application/json"


@lru_cache(maxsize=1)
def lambda_model() -> RestModel:
    """botocore's model of Lambda."""
    return RestModel("lambda")


def own_headers(account: Account, service: str, region: str = "", **more: bytes) -> dict[bytes, bytes]:
    """Headers that put a call into an account and Region; engines check no signature."""
    access, home = account.key
    credential = f"{access or 'strict'}/20260101/{region or home}/{service}/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    return {
        b"authorization": signed.encode(),
        **{name.replace("_", "-").encode(): value for name, value in more.items()},
    }


async def ask_lambda(
    world: StrictWorld, account: Account, method: str, path: str, body: Mapping[str, Any] | None = None
) -> WireReply:
    """A call of Lambda."""
    headers = own_headers(account, "lambda", content_type=_JSON)
    payload = b"" if body is None else msgspec.json.encode(body)
    return await world.upstream.send(WireRequest(method.encode(), path.encode(), headers, payload))


async def configuration(world: StrictWorld, account: Account, function: str) -> dict[str, Any]:
    """The configuration of a function by its ARN; {} where it, or its alias or version, does not exist."""
    name, _, qualifier = function.partition(":function:")[2].partition(":")
    query = f"?Qualifier={quote(qualifier)}" if qualifier else ""
    return reply_json(await ask_lambda(world, account, "GET", f"{FUNCTIONS}{quote(name)}/configuration{query}"))


async def ask_streams(world: StrictWorld, account: Account, operation: str, body: Mapping[str, Any]) -> WireReply:
    """A call of DynamoDB Streams."""
    headers = own_headers(
        account,
        "dynamodb",
        content_type=b"application/x-amz-json-1.0",
        x_amz_target=b"DynamoDBStreams_20120810." + operation.encode(),
    )
    return await world.upstream.send(WireRequest(b"POST", b"/", headers, msgspec.json.encode(body)))


async def measure_call(
    world: StrictWorld, account: Account, function: str, *, age_seconds: float | None, failed: bool
) -> None:
    """Store what AWS/Lambda says of a call: its age, where it had records, and whether it failed. Source: Lambda
    Developer Guide, "Types of metrics for Lambda functions"."""
    name = function.partition(":function:")[2].partition(":")[0]
    values = [("Invocations", 1.0, "Count"), ("Errors", float(failed), "Count")]
    if age_seconds is not None:
        values.append(("IteratorAge", max(0.0, age_seconds) * 1000, "Milliseconds"))
    data = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "FunctionName", "Value": name}],
            "Timestamp": world.clock.time(),
            "Value": value,
            "Unit": unit,
        }
        for metric, value, unit in values
    ]
    headers = own_headers(account, "monitoring", content_type=b"application/x-amz-json-1.0")
    await _targeted(
        world, headers, "GraniteServiceVersion20100801.PutMetricData", {"Namespace": "AWS/Lambda", "MetricData": data}
    )


async def send_to(world: StrictWorld, account: Account, destination: str, text: str, key: str) -> None:
    """Put a text into a queue, a topic or (under ``key``) a bucket. What cannot be delivered is lost, as at Lambda."""
    service, region, owner, name = destination.split(":", 5)[2:6]
    if service == "sqs":
        headers = own_headers(account, "sqs", region, content_type=b"application/x-amz-json-1.0")
        asked = {"QueueName": name, "QueueOwnerAWSAccountId": owner}
        found = await _targeted(world, headers, "AmazonSQS.GetQueueUrl", asked)
        await _targeted(
            world, headers, "AmazonSQS.SendMessage", {"QueueUrl": found.get("QueueUrl"), "MessageBody": text}
        )
    elif service == "sns":
        form = b"application/x-www-form-urlencoded; charset=utf-8"
        headers = own_headers(account, "sns", region, content_type=form)
        body = urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": destination, "Message": text})
        await world.upstream.send(WireRequest(b"POST", b"/", headers, body.encode()))
    else:
        headers = own_headers(account, "s3", content_type=_JSON)
        await world.upstream.send(WireRequest(b"PUT", f"/{name}/{quote(key)}".encode(), headers, text.encode()))


async def _targeted(
    world: StrictWorld, headers: Mapping[bytes, bytes], target: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    said = {**headers, b"x-amz-target": target.encode()}
    return reply_json(await world.upstream.send(WireRequest(b"POST", b"/", said, msgspec.json.encode(body))))
