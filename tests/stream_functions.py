"""Functions that the changes of a table call: deployed on the engine, they write down each event that they get."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READS = [f"dynamodb:{one}" for one in ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")]
DEADLINE_SECONDS = 120.0
CODE = '''
"""Writes down each event; fails on the key "poison", as MODE says."""
import json, os

def handler(event, context):
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps(event) + "\\n")
    bad = [one["dynamodb"]["SequenceNumber"] for one in event["Records"] if "poison" in str(one["dynamodb"]["Keys"])]
    mode = os.environ.get("MODE", "")
    if bad and mode == "partial":
        return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}
    if mode == "broken-partial":
        return {"batchItemFailures": [{"itemIdentifier": "no such number"}]}
    if bad and mode != "never":
        raise ValueError("a poison record")
    if "window" in event:
        return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}
'''


def until(happened: Callable[[], Any], what: str) -> Any:
    """What ``happened`` gives, once it is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, f"did not happen: {what}"
        time.sleep(0.02)
    return found


def archive(code: str = CODE) -> bytes:
    """The zip of a function of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("function.py", code)
    return buffer.getvalue()


@dataclass
class StreamFunctions:
    """Deploys functions with roles of their own, in the account of ``client_of``; ``folder`` is where they write."""

    client_of: Callable[[str], Any]
    folder: Path
    made: list[str] = field(default_factory=list)

    def deploy(self, name: str, *, mode: str = "", reads: bool = True, code: str = CODE) -> str:
        """A function, and its role of the same name, which may read every stream unless ``reads`` is false; its ARN."""
        role = self.client_of("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        if reads:
            self.allow(name, "streams", READS)
        variables = {"CALLS": str(self.folder / f"{name}.calls"), "MODE": mode}
        said = self.client_of("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role["Arn"],
            Handler="function.handler",
            Code={"ZipFile": archive(code)},
            Environment={"Variables": variables},
        )
        self.made.append(name)
        return str(said["FunctionArn"])

    def allow(self, name: str, policy: str, actions: list[str], resource: str = "*") -> None:
        """One more policy of a function's role."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client_of("iam").put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    def events(self, name: str) -> list[Any]:
        """The events that a function got, in their order."""
        calls = self.folder / f"{name}.calls"
        return [json.loads(line) for line in calls.read_text("utf-8").splitlines()] if calls.exists() else []

    def keys(self, name: str) -> list[list[str]]:
        """The keys of the records of each call."""
        return [[key(one) for one in event["Records"]] for event in self.events(name)]

    def got(self, name: str, *keys: str) -> list[list[str]]:
        """The keys of each call, once the function got all of these."""
        seen: Callable[[], set[str]] = lambda: {one for call in self.keys(name) for one in call}  # noqa: E731
        until(lambda: set(keys) <= seen(), f"{name} gets {keys}; it got {self.keys(name)}")
        return self.keys(name)

    def queue(self, name: str) -> str:
        """A queue; its ARN."""
        sqs = self.client_of("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(said["Attributes"]["QueueArn"])

    def message(self, name: str) -> Any:
        """The next message of a queue, as JSON, once there is one."""
        sqs = self.client_of("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), f"a message in {name}")
        sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return json.loads(found[0]["Body"])

    def remove(self) -> None:
        """Delete the functions, which ends their processes, and their roles."""
        iam = self.client_of("iam")
        for name in self.made:
            self.client_of("lambda").delete_function(FunctionName=name)
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
            iam.delete_role(RoleName=name)


def key(record: Any) -> str:
    """The partition key of a record."""
    return str(next(iter(next(iter(record["dynamodb"]["Keys"].values())).values())))


def clients(endpoint: str, account: str) -> Callable[[str], Any]:
    """Clients of an engine's services in an account."""
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            keys = {"aws_access_key_id": account, "aws_secret_access_key": "secret"}
            made[service] = boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)  # type: ignore[call-overload]  # the service is an argument here
        return made[service]

    return client


def deployed(client_of: Callable[[str], Any], folder: Path) -> Iterator[StreamFunctions]:
    """Functions that are gone in the end: for a fixture."""
    functions = StreamFunctions(client_of, folder)
    yield functions
    functions.remove()
