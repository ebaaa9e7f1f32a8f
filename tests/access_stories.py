"""What the tests of access make again and again: functions with roles, and clients that took such a role."""

import io
import json
import zipfile
from typing import Any

import boto3

from dynasmith.tables.access_policy import policy_name

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
REGION = "us-east-1"


class Functions:
    """Functions and roles of an account at an endpoint, made by boto3."""

    def __init__(self, endpoint: str, account: str) -> None:
        self._endpoint, self.account = endpoint, account
        self.iam, self.awslambda = self.client("iam"), self.client("lambda")

    def client(self, service: str, **keys: str) -> Any:
        said = keys or {"aws_access_key_id": self.account, "aws_secret_access_key": "secret"}
        return boto3.client(service, endpoint_url=self._endpoint, region_name=REGION, **said)  # type: ignore[call-overload]  # the service is an argument here

    def role(self, name: str, path: str = "/") -> str:
        """A role; its ARN."""
        made = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
        return str(made["Role"]["Arn"])

    def make(self, name: str, role: str = "", path: str = "/service-role/") -> str:
        """A function with the role of that ARN, or with a new one of its own; the name of its role."""
        arn = role or self.role(f"{name}-role", path)
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", "def handler(event, context):\n    return event\n")
        self.awslambda.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=arn,
            Handler="app.handler",
            Code={"ZipFile": body.getvalue()},
        )
        return arn.rpartition("/")[2]

    def document(self, role: str, table: str = "orders") -> dict[str, Any] | None:
        """The policy that dynasmith put on a role for a table."""
        name = policy_name(table)
        if name not in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            return None
        return dict(self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])

    def put(self, role: str, table: str, document: dict[str, Any]) -> None:
        """Another policy in place of dynasmith's."""
        said = json.dumps(document)
        self.iam.put_role_policy(RoleName=role, PolicyName=policy_name(table), PolicyDocument=said)

    def taken(self, role: str) -> dict[str, str]:
        """The keys of a session of the role, for `client`."""
        arn = self.iam.get_role(RoleName=role)["Role"]["Arn"]
        said = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
        return {
            "aws_access_key_id": said["AccessKeyId"],
            "aws_secret_access_key": said["SecretAccessKey"],
            "aws_session_token": said["SessionToken"],
        }
