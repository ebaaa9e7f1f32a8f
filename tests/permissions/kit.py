"""A folder with a project, an account with everything that verbs look at, and a role that may do what a test says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import pytest

from cli.story import Answer, Story
from dynasmith.strict import StrictServer
from stream_functions import archive

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": each}, "Action": "sts:AssumeRole"}
        for each in ("lambda.amazonaws.com", "backup.amazonaws.com")
    ],
}
ROLE = "ci"
DAILY = {"rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", "keep_days": 30}]}
GLOBAL: dict[str, Any] = {
    "stream": {"view_type": "NEW_AND_OLD_IMAGES"},
    "point_in_time_recovery": {"enabled": True},
    "replicas": [{"region": "eu-west-1", "point_in_time_recovery": True}],
}
SCALING = {"read": {"min": 5, "max": 50, "target": 70}, "write": {"min": 5, "max": 50, "target": 70}}
STREAM_READS = [f"dynamodb:{one}" for one in ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")]


@dataclass
class Account:
    """An account at the endpoint, as its owner; the role of the tests in it."""

    served: StrictServer
    number: str
    engine: str
    definition: dict[str, Any] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def keys(self) -> tuple[str, str]:
        """Two keys of KMS."""
        first, second = (str(self.client("kms").create_key()["KeyMetadata"]["Arn"]) for _ in range(2))
        return first, second

    @property
    def bucket(self) -> str:
        """The bucket of exports, where somebody made it."""
        return f"exports-{self.number}"

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of the owner, whose calls are not judged."""
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(  # type: ignore[call-overload]  # the service is an argument
                service,
                endpoint_url=self.served.endpoint,
                region_name=region,
                aws_access_key_id=self.number,
                aws_secret_access_key="secret",
            )
        return self._clients[service, region]

    def role(self, name: str) -> str:
        """A role that Lambda and AWS Backup may take; its ARN."""
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        return str(made["Role"]["Arn"])

    def function(self, name: str) -> None:
        """A function with a role of its own, which may read every stream."""
        arn = self.role(f"{name}-role")
        allow = {"Effect": "Allow", "Action": STREAM_READS, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.client("iam").put_role_policy(RoleName=f"{name}-role", PolicyName="streams", PolicyDocument=document)
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=arn,
            Handler="function.handler",
            Code={"ZipFile": archive("def handler(event, context):\n    return None\n")},
        )

    def allow(self, statements: Iterable[dict[str, Any]]) -> None:
        """What the role may do from now on."""
        nothing = {"Effect": "Allow", "Action": "sts:TagSession", "Resource": "*"}
        body = {"Version": "2012-10-17", "Statement": list(statements) or [nothing]}
        self.client("iam").put_role_policy(RoleName=ROLE, PolicyName="p", PolicyDocument=json.dumps(body))

    def close(self) -> None:
        for each in self._clients.values():
            each.close()


@dataclass
class RoleStory(Story):
    """A story of the role: commands run with its keys, `owner` runs them with those of the account."""

    home: Account = field(kw_only=True)
    keys: dict[str, str] = field(kw_only=True)
    patch: pytest.MonkeyPatch = field(kw_only=True)

    def owner(self, *words: str) -> Answer:
        """A command of the owner, which must succeed."""
        with self.patch.context() as patch:
            patch.delenv("AWS_SESSION_TOKEN", raising=False)
            patch.setenv("AWS_ACCESS_KEY_ID", self.account)
            patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            answer = self(*words)
        assert answer.code in (0, 3), (words, answer.err)
        return answer

    def taken(self, *words: str) -> Answer:
        """A command as the role."""
        with self.patch.context() as patch:
            for name, value in self.keys.items():
                patch.setenv(name, value)
            return self(*words)
