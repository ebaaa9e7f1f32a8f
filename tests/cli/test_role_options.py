"""--role-arn and --external-id: the calls are the role's, renewed, and printed commands keep them."""

import json
from datetime import UTC, datetime

import boto3
import pytest

from cli.story import Story, table
from dynasmith import Project
from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import UsageError
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.project.project import world_of

ARN = "arn:aws:iam::111122223333:role/deploy"


def test_a_run_may_do_what_the_role_may(strict_story: Story) -> None:
    strict_story.define(table())
    assert strict_story("ensure").code == 0
    role = f"arn:aws:iam::{strict_story.account}:role/reader"
    iam = boto3.client(
        "iam", endpoint_url=strict_story.endpoint, region_name="us-east-1",
        aws_access_key_id=strict_story.account, aws_secret_access_key="secret",
    )  # fmt: skip
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    reads = {"Effect": "Allow", "Action": ["dynamodb:DescribeTable", "dynamodb:GetItem"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    iam.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=document)
    iam.close()
    assert strict_story("put", "orders", "pk=1").code == 0
    assert strict_story("get", "orders", "pk=1", "--role-arn", role).code == 0
    refused = strict_story("put", "orders", "pk=2", "--role-arn", role, "--external-id", "partner")
    assert (refused.code, "assumed-role/reader" in refused.err) == (1, True), refused.err
    assert strict_story("--role-arn", role, "get", "orders", "pk=1").code == 0
    with Project.load("tables_config.json", endpoint=strict_story.endpoint, role_arn=role) as project:
        session = world_of(project).session
        assert project.get("orders", {"pk": {"S": "1"}})
        first = session.access_key()
        session.credentials()._expiry_time = datetime.now(UTC)
        assert project.get("orders", {"pk": {"S": "1"}})
        assert session.access_key() != first
        assert session.credentials().method == "assume-role"


def test_printed_commands_keep_them() -> None:
    invocation = Invocation()
    invocation.add({"role_arn": ARN, "external_id": "partner id"})
    words = invocation.complete("To continue: dynasmith jobs resume copy-20261120T101500-1a2b3c")
    assert words.endswith(f"1a2b3c --role-arn {ARN} --external-id 'partner id'")


def test_the_role_of_the_options_goes_over_that_of_the_section() -> None:
    section = AccessSection(name="x", role_arn=ARN, external_id="theirs")

    def role(**options: str) -> tuple[str, str]:
        access = resolve_access(AccessOptions(**options), {}, section)
        return access.role_arn, access.external_id

    assert role() == (ARN, "theirs")
    assert role(external_id="mine") == (ARN, "mine")
    # The external id of one role never goes to another.
    assert role(role_arn=ARN + "2") == (ARN + "2", "")
    assert resolve_access(AccessOptions(role_arn=ARN), {}, section).sources["role_arn"] == "--role-arn"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"role_arn": "deploy"}, "--role-arn 'deploy' is not the ARN of a role."),
        ({"role_arn": "arn:aws:iam::1:role/deploy"}, "is not the ARN of a role."),
        ({"role_arn": "arn:aws:iam::111122223333:user/deploy"}, "is not the ARN of a role."),
        ({"external_id": "x"}, "--external-id was given without a role."),
    ],
)
def test_what_is_not_a_role_is_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve_access(AccessOptions(**options), {}, AccessSection(name="x"))
    assert sentence in refused.value.message
