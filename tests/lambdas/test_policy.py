"""The policy of a function: every call that it makes is allowed by it, and every action in it is one that it makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest

from cli.story import client_of
from dynasmith import Consent, Project
from dynasmith.aws.control.function_actions import HISTORY_ACTIONS, LEDGER_ACTIONS
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.strict.iam.dynamodb_calls import needed_actions
from dynasmith.strict.state.journal import Call
from flow.ledger_cycle import live
from lambdas.conftest import InProcess

REGION = "us-east-1"
TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
DEFINITIONS = {
    "tables": [
        {
            "name": "made",
            "billing_mode": "PAY_PER_REQUEST",
            "attributes": [{"name": "id", "type": "S"}],
            "key_schema": [{"attribute_name": "id", "key_type": "HASH"}],
        }
    ]
}
STEPS = {
    "0.0.1_rewrite": """
    m.table("users").backfill(grow)
    m.table("users").rename("name", "full_name")
    m.table("users").remove("old")
    m.table("users").add("country", "CH")
    """,
    "0.0.2_move": """
    m.table("users").copy_to("others")
    m.table("users").copy_to("others", mode="overwrite")
    m.table("others").populate("rows.jsonl")
    """,
    "0.0.3_clear": """
    m.table("others").delete_where("pk = 'user-00001'")
    """,
    "0.0.4_tables": """
    m.create_table("made")
    m.table("users").add_index("by_n", partition_key="n", types={"n": "N"})
    m.table("users").drop_index("by_n")
    m.table("users").set(time_to_live={"attribute": "expires"}, tags={"team": "a"})
    """,
    "0.0.5_end": """
    m.table("others").delete_all()
    m.drop_table("gone")
    """,
    "0.0.6_taken_back": """
    m.table("users").backfill(shrink)
    m.table("users").delete_where("pk = 'user-00001'")
    m.table("users").add_index("by_country", partition_key="country", types={"country": "S"})
    m.table("users").set(tags={"more": "b"})
    """,
}
TRANSFORM = """

def grow(item, ctx):
    item["grown"] = True
    if item["pk"] == "odd":
        item['said"so'] = True  # which no statement of PartiQL can say
    return item


def shrink(item, ctx):
    item.pop("grown", None)
    return item
"""


def made_by(calls: list[Call]) -> set[tuple[str, str]]:
    """The actions of calls, with what they are on: tables, backups, history, jobs, or nothing of DynamoDB."""
    found = set()
    for call in calls:
        if call.service == "dynamodb":
            body = call.request or {"TableName": call.table}
            for each in needed_actions(call.operation, body, REGION, "1", lambda *_: "pk"):
                name = each.resource.rpartition("table/")[2]
                found.add((each.action, _kind(name)))
        elif call.service == "application-autoscaling":
            found.add((f"application-autoscaling:{call.operation}", "Anywhere"))
        elif call.service == "s3":
            found.add((_of_s3(call.operation), "Bucket"))
    return found


def _kind(name: str) -> str:
    if "/backup/" in name:
        return "Backups"
    return {"dynasmith-migrations": "History", "jobs": "Jobs", "*": "Anywhere"}.get(name, "Tables")


def _of_s3(operation: str) -> str:
    method, _, path = operation.partition(" ")
    if method == "GET" and path.count("/") < 2:
        return "s3:ListBucket"
    return {"GET": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject", "POST": "s3:DeleteObject"}[
        method
    ]


def allowed(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The actions of a policy, with what they are on."""
    return {
        (action, statement.get("Sid", "Bucket"))
        for statement in document["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


@pytest.fixture
def function(in_process: InProcess) -> InProcess:
    """A function with migrations of every step."""
    story = in_process.story
    story.people("users", 30)
    story.make("others", "gone")
    story.put("users", {"pk": {"S": "odd"}, 'quo"te': {"S": "x"}, "old": {"S": "x"}})
    story.put("others", {"pk": {"S": "user-00002"}, "n": {"N": "7"}})
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    story.write("dynasmith.toml", f'definitions = ["tables.json"]\n{project}')
    story.write("tables.json", json.dumps(DEFINITIONS))
    story.write("migrations/rows.jsonl", "".join(f'{{"pk": "row-{number}"}}\n' for number in range(30)))
    for name, steps in STEPS.items():
        story.write(f"migrations/{name}.py", f'"""Steps."""\n\n\ndef up(m):{steps}{TRANSFORM}')
    return in_process


@pytest.fixture
def iam(in_process: InProcess) -> Iterator[Any]:
    story = in_process.story
    client = boto3.client(
        "iam",
        endpoint_url=story.engine,
        region_name=REGION,
        aws_access_key_id=story.account,
        aws_secret_access_key="x",
    )
    yield client
    client.close()


@pytest.fixture
def taken(function: InProcess, iam: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    """The same as a role with the policy, whose calls the strict endpoint judges."""
    story = function.story
    policy = Project.load(story.folder, endpoint=story.endpoint, region=REGION).lambdas.policy(account=story.account)
    iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="function", PolicyName="all", PolicyDocument=json.dumps(policy.document))
    sts = boto3.client(
        "sts",
        endpoint_url=story.endpoint,
        region_name=REGION,
        aws_access_key_id=story.account,
        aws_secret_access_key="x",
    )
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{story.account}:role/function", RoleSessionName="one")["Credentials"]
    sts.close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])
    yield function
    iam.delete_role_policy(RoleName="function", PolicyName="all")
    iam.delete_role(RoleName="function")


def run_all(function: InProcess) -> list[Call]:
    """Every step, and the last migration taken back; the calls that were made."""
    story = function.story
    since = len(story.served.journal)
    story.served.fault("UpdateItem", nth=1, kind="ConditionalCheckFailedException", table="users")
    consent = {"yes": True, "confirm": ["users", "others", "made", "gone"]}
    for command, arguments in (("migrate.all", {}), ("migrate.down", {"count": 1})):
        reply = function(command, f"r-{command}", consent=consent, arguments=arguments)
        assert reply["status"] == "done", reply["error"]
    return list(story.served.journal)[since:]


def test_every_call_is_allowed_and_every_action_is_called(taken: InProcess) -> None:
    story = taken.story
    policy = Project.load(story.folder, endpoint=story.endpoint).lambdas.policy()
    since = len(story.served.journal)
    client = client_of(story.endpoint, story.account)
    # What the steps do not show on an engine: a protected history, and a page of dead letters that is done again.
    with HistoryTable(client, "dynasmith-migrations", "other", guarded=True).hold("r", "up", "ann", wait_seconds=0):
        pass
    live(TableLedger(client, "jobs", owner="one"))
    story.direct.update_table(TableName="dynasmith-migrations", DeletionProtectionEnabled=False)
    # What the last backup before a table is dropped keeps of alarms is optional: where they cannot be read it says so.
    denied = [call for call in run_all(taken) if "AccessDenied" in call.error and call.service != "monitoring"]
    assert denied == []
    made = made_by(list(story.served.journal)[since:])
    assert sorted(made - allowed(policy.document)) == []
    assert sorted(allowed(policy.document) - made) == []


def test_a_role_with_less_is_denied(taken: InProcess, iam: Any) -> None:
    """Or the test above would prove nothing."""
    given = json.loads(json.dumps(iam.get_role_policy(RoleName="function", PolicyName="all")["PolicyDocument"]))
    for statement in given["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != "dynamodb:Scan"]
    iam.put_role_policy(RoleName="function", PolicyName="all", PolicyDocument=json.dumps(given))
    reply = taken("migrate.up", consent={"yes": True})
    assert "dynamodb:Scan" in reply["error"]["message"]


WHOLE = """
[jobs]
ledger = "table:jobs"
journal = "s3://journals/a/b"

[environments.prod]
region = "cn-north-1"
account = "444455556666"
table_prefix = "p-"
role_arn = "arn:aws-cn:iam::444455556666:role/tables"

[crypto]
pii = {kms = "alias/pii"}
"""
YES = Consent(yes=True)
VERBS_RUN: dict[str, Callable[[Project], object]] = {
    "ensure": lambda project: project.ensure(),
    "backfill": lambda project: project.backfill("users", "migrations/moves.yaml", consent=YES),
    "copy": lambda project: project.copy("users", "others", consent=YES),
    "populate": lambda project: project.populate("others", "migrations/rows.jsonl", consent=YES),
}


@pytest.mark.parametrize("verb", VERBS_RUN)
def test_a_verb_calls_what_its_policy_allows(function: InProcess, verb: str) -> None:
    story = function.story
    story.write("migrations/moves.yaml", "version: 1\noperations:\n  - {add: country, value: CH}\n")
    with Project.load(story.folder, endpoint=story.endpoint) as project:
        policy = project.lambdas.policy([verb])
        since = len(story.served.journal)
        VERBS_RUN[verb](project)
        made = made_by(list(story.served.journal)[since:])
    assert made
    assert sorted(made - allowed(policy.document)) == []
    names = {name for statement in policy.document["Statement"] for name in statement.get("Resource", ())}
    assert not any("dynasmith-migrations" in name for name in names)


def test_it_is_as_narrow_as_the_project(in_process: InProcess) -> None:
    """The whole of it, for a project with one migration, in an environment with prefix, account and a key of KMS."""
    story = in_process.story
    story.write("dynasmith.toml", WHOLE)
    story.write("migrations/0.0.1_x.py", 'def up(m):\n    m.table("users").delete_where("a = 1")\n')
    project = Project.load(story.folder, env="prod", variables={})
    assert project.lambdas.policy().document == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Tables",
                "Effect": "Allow",
                "Action": [
                    "dynamodb:CreateBackup",
                    "dynamodb:DeleteItem",
                    "dynamodb:DescribeContinuousBackups",
                    "dynamodb:DescribeTable",
                    "dynamodb:DescribeTimeToLive",
                    "dynamodb:GetItem",
                    "dynamodb:PutItem",
                    "dynamodb:Scan",
                ],
                "Resource": "arn:aws-cn:dynamodb:cn-north-1:444455556666:table/users",
            },
            {
                "Sid": "Backups",
                "Effect": "Allow",
                "Action": ["dynamodb:DescribeBackup"],
                "Resource": "arn:aws-cn:dynamodb:cn-north-1:444455556666:table/users/backup/*",
            },
            {
                "Sid": "History",
                "Effect": "Allow",
                "Action": list(HISTORY_ACTIONS),
                "Resource": "arn:aws-cn:dynamodb:cn-north-1:444455556666:table/p-dynasmith-migrations",
            },
            {
                "Sid": "Jobs",
                "Effect": "Allow",
                "Action": list(LEDGER_ACTIONS),
                "Resource": "arn:aws-cn:dynamodb:cn-north-1:444455556666:table/jobs",
            },
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws-cn:s3:::journals"},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": "arn:aws-cn:s3:::journals/a/b/*",
            },
            {
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": "*",
                "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/pii"}},
            },
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole"],
                "Resource": "arn:aws-cn:iam::444455556666:role/tables",
            },
        ],
    }
