"""Resource policies at the strict endpoint, asked by boto3: revisions, pauses, and denials that bind everybody."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import ready, refused

WRITES = (
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
    *("PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"),
)
KEY = {"pk": {"S": "a"}}


@dataclass
class Table:
    """A table ``tab``, with an item."""

    server: StrictServer
    db: Any

    @property
    def arn(self) -> str:
        return str(self.db.describe_table(TableName="tab")["Table"]["TableArn"])

    def put_policy(self, policy: str, **more: Any) -> str:
        return str(self.db.put_resource_policy(ResourceArn=self.arn, Policy=policy, **more)["RevisionId"])

    def policy(self, *actions: str, effect: str = "Deny", **more: Any) -> str:
        actions_said = [f"dynamodb:{one}" for one in actions or WRITES]
        said = {"Effect": effect, "Principal": "*", "Action": actions_said, "Resource": self.arn, **more}
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Fence", **said}]})

    def writes(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        db = self.db

        def statement(text: str) -> Any:
            return db.execute_statement(Statement=text)

        put = {"Put": {"TableName": "tab", "Item": KEY}}
        yield "PutItem", lambda: db.put_item(TableName="tab", Item=KEY)
        yield "UpdateItem", lambda: db.update_item(TableName="tab", Key=KEY)
        yield "DeleteItem", lambda: db.delete_item(TableName="tab", Key={"pk": {"S": "none"}})
        yield "BatchWriteItem", lambda: db.batch_write_item(RequestItems={"tab": [{"PutRequest": {"Item": KEY}}]})
        yield "PutItem", lambda: db.transact_write_items(TransactItems=[put])
        yield "PartiQLInsert", lambda: statement("INSERT INTO tab VALUE {'pk': 'n'}")
        yield "PartiQLUpdate", lambda: statement("UPDATE tab SET v = 1 WHERE pk = 'a'")
        yield "PartiQLDelete", lambda: statement("DELETE FROM tab WHERE pk = 'a'")


@pytest.fixture
def tab(server: StrictServer, client: Any) -> Table:
    ready(server, client)
    client.put_item(TableName="tab", Item=KEY)
    return Table(server, client)


def test_a_denial_binds_every_writer_and_no_reader(tab: Table) -> None:
    assert tab.put_policy(tab.policy())
    for action, write in tab.writes():
        code, message = refused(write)
        assert (code, f"perform: dynamodb:{action} on resource: {tab.arn} " in message) == (
            "AccessDeniedException",
            True,
        )
        assert message.endswith("with an explicit deny in a resource-based policy")
    assert tab.db.get_item(TableName="tab", Key=KEY)["Item"] == KEY
    assert tab.db.scan(TableName="tab")["Count"] == 1
    assert tab.db.execute_statement(Statement="SELECT * FROM tab")["Items"] == [KEY]
    tab.server.clock.advance(seconds=16)
    tab.db.delete_resource_policy(ResourceArn=tab.arn)
    for _, write in tab.writes():
        write()


@pytest.mark.parametrize(("condition", "denied"), [
    ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/*"}}, True),
    ({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/aws-service-role/*", "{caller}"]}}, False),
    ({"ArnNotEquals": {"aws:PrincipalArn": "{caller}"}}, False),
    ({"StringNotEquals": {"aws:PrincipalAccount": "123"}}, True),
    ({"StringNotLike": {"aws:RequestedRegion": "us-*"}}, False),
    ({"ArnEquals": {"aws:PrincipalArn": "{caller}"}}, True),
])  # fmt: skip
def test_conditions_except_whom_they_name(tab: Table, account: str, condition: Any, denied: bool) -> None:
    caller = f"arn:aws:iam::{account}:root"
    tab.put_policy(tab.policy(Condition=json.loads(json.dumps(condition).replace("{caller}", caller))))
    if denied:
        assert refused(tab.db.put_item, TableName="tab", Item=KEY)[0] == "AccessDeniedException"
    else:
        tab.db.put_item(TableName="tab", Item=KEY)


def test_a_denial_that_cannot_be_judged_refuses_and_fails_the_test(tab: Table) -> None:
    tab.put_policy(tab.policy(Condition={"Bool": {"aws:SecureTransport": "false"}}))
    assert refused(tab.db.put_item, TableName="tab", Item=KEY)[0] == "StrictPolicyException"
    assert tab.server.permissions.not_understood
    tab.server.permissions.not_understood.clear()
    tab.server.clock.advance(seconds=16)
    # What is allowed need not be understood: it takes nothing from a caller without a role.
    tab.put_policy(tab.policy(effect="Allow", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    tab.db.put_item(TableName="tab", Item=KEY)


def test_revisions_are_held_against_what_is_there(tab: Table) -> None:
    arn, wrong = tab.arn, {"ExpectedRevisionId": "another"}
    first, second = tab.policy("Scan"), tab.policy("Query")
    assert refused(tab.put_policy, policy=first, **wrong)[0] == "PolicyNotFoundException"
    assert refused(tab.db.delete_resource_policy, ResourceArn=arn, **wrong)[0] == "PolicyNotFoundException"
    assert refused(tab.db.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"
    assert "RevisionId" in tab.db.delete_resource_policy(ResourceArn=arn)
    revision = tab.put_policy(first, ExpectedRevisionId="NO_POLICY")
    for expected in ({"ExpectedRevisionId": "NO_POLICY"}, wrong):
        assert refused(tab.put_policy, policy=second, **expected)[0] == "PolicyNotFoundException"
    assert tab.put_policy(first) == revision
    assert refused(tab.put_policy, policy=second, ExpectedRevisionId=revision)[0] == "ResourceInUseException"
    assert refused(tab.db.delete_resource_policy, ResourceArn=arn)[0] == "ResourceInUseException"
    tab.server.clock.advance(seconds=16)
    again = tab.put_policy(second, ExpectedRevisionId=revision)
    there = tab.db.get_resource_policy(ResourceArn=arn)
    assert (again != revision, there["RevisionId"], there["Policy"]) == (True, again, second)
    tab.server.rules.off("policy-15-seconds")
    assert tab.db.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=again)["RevisionId"] == again
    long = tab.policy("Scan", Sid="x" * 20_480)
    assert refused(tab.put_policy, policy=long)[0] == "LimitExceededException"


def test_a_policy_is_enforced_and_shown_later(tab: Table) -> None:
    def passes() -> bool:
        try:
            tab.db.put_item(TableName="tab", Item=KEY)
        except tab.db.exceptions.ClientError:
            return False
        return True

    tab.server.delay_policies(60, ragged=60, shown=60)
    policy = tab.policy()
    tab.put_policy(policy)
    assert passes()
    assert refused(tab.db.get_resource_policy, ResourceArn=tab.arn)[0] == "PolicyNotFoundException"
    tab.server.clock.advance(seconds=90)
    assert tab.db.get_resource_policy(ResourceArn=tab.arn)["Policy"] == policy
    assert {passes() for _ in range(4)} == {True, False}
    tab.server.clock.advance(seconds=60)
    assert {passes() for _ in range(4)} == {False}
    tab.db.delete_resource_policy(ResourceArn=tab.arn)
    assert tab.db.get_resource_policy(ResourceArn=tab.arn)["Policy"] == policy
    assert not passes()
    tab.server.calm()
    assert passes()


def test_the_policy_of_a_new_table_holds_at_once_and_goes_with_it(server: StrictServer, client: Any) -> None:
    server.delay_policies(600, shown=600)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutItem", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    ready(server, client, ResourcePolicy=policy)
    assert refused(client.put_item, TableName="tab", Item=KEY)[0] == "AccessDeniedException"
    client.delete_table(TableName="tab")
    server.clock.advance(60)
    ready(server, client)
    client.put_item(TableName="tab", Item=KEY)


def test_a_stream_has_a_policy_of_its_own(
    server: StrictServer, client: Any, client_of: Callable[..., Any], ministack_endpoint: str
) -> None:
    ready(server, client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    streams = client_of(server.endpoint, "dynamodbstreams")
    arn = client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DescribeStream", "Resource": arn}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert refused(streams.describe_stream, StreamArn=arn)[0] == "AccessDeniedException"
    client.put_item(TableName="tab", Item=KEY)
    streams.list_streams(TableName="tab")


def test_a_policy_that_denies_replication_stops_it(tab: Table) -> None:
    db = tab.db
    replicated = {"TableName": "tab", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
    tab.put_policy(tab.policy())
    assert refused(db.update_table, **replicated)[0] == "ValidationException"
    tab.server.clock.advance(seconds=16)
    slr = "arn:aws:iam::*:role/aws-service-role/replication.dynamodb.amazonaws.com/*"
    tab.put_policy(tab.policy(Condition={"ArnNotLike": {"aws:PrincipalArn": slr}}))
    both = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    db.update_table(TableName="tab", StreamSpecification=both)
    tab.server.clock.advance(minutes=1)
    db.update_table(**replicated)
    tab.server.clock.advance(minutes=10)
    assert db.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE"
    tab.put_policy(tab.policy())
    assert db.describe_table(TableName="tab")["Table"]["TableStatus"] == "REPLICATION_NOT_AUTHORIZED"
