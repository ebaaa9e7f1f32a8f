"""Roles at the strict endpoint may do what their policies say: judged as another judge does, and tried with boto3."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_backup_calls import MANAGED, TRUST, Protected, plan_of, protected
from dynasmith.strict import StrictServer
from dynasmith.strict.iam.document import PolicyNotUnderstood, read_policy
from dynasmith.strict.iam.judgement import AccessRequest, judge
from example_counts import examples
from iam_judge import verdict
from strict_tables import refused

ROLE, SESSION = "arn:aws:iam::111111111111:role/app", "arn:aws:sts::111111111111:assumed-role/app/one"
TABLES = ("orders", "orders-old")
ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:PartiQLSelect")
RESOURCES = tuple(
    f"arn:aws:dynamodb:us-east-1:{account}:table/{table}{rest}"
    for account in ("111111111111", "222222222222")
    for table in TABLES
    for rest in ("", "/index/by-user", "/stream/2026")
)
_patterns = st.sampled_from(
    (*ACTIONS, "dynamodb:*", "dynamodb:P*", "DYNAMODB:getitem", "dynamodb:?etItem", "*", "s3:*")
)
_arns = st.sampled_from(
    (
        *RESOURCES,
        "*",
        "arn:aws:dynamodb:*:*:table/*",
        "arn:aws:dynamodb:us-east-1:111111111111:table/orders*",
        "arn:aws:dynamodb:us-east-1:111111111111:table/orders/index/*",
        "arn:aws:dynamodb:*:111111111111:table/orders/stream/*",
        "arn:aws:dynamodb:us-east-1:111111111111:table/[o]rders",
    )
)
_conditions = st.dictionaries(
    st.sampled_from(("ForAllValues:StringEquals", "ForAllValues:StringLike", "ForAllValues:StringNotLike")),
    st.fixed_dictionaries({"dynamodb:LeadingKeys": st.lists(st.sampled_from(("u1", "u2", "u*", "?1")), min_size=1)}),
    max_size=2,
) | st.sampled_from(
    (
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        {"StringLike": {"aws:RequestedRegion": ["eu-*", "us-w*"]}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a*"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:*:role/app"}},
        {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/b*", "arn:aws:iam::1*:role/app"]}},
        {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/b*"}},
        {"StringNotLike": {"aws:RequestedRegion": ["eu-*", "us-e*"]}},
        {"StringNotEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
        {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
    )
)


@st.composite
def statements(draw: st.DrawFn, of_resource: bool = False) -> dict[str, Any]:
    said: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    said[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(
        _patterns | st.lists(_patterns, min_size=1, max_size=3)
    )
    said[draw(st.sampled_from(("Resource", "Resource", "NotResource")))] = draw(
        _arns | st.lists(_arns, min_size=1, max_size=3)
    )
    if of_resource:
        who = st.sampled_from(
            (ROLE, SESSION, "111111111111", "arn:aws:iam::111111111111:root", "arn:aws:iam::3:role/x")
        )
        said["Principal"] = draw(st.just("*") | st.fixed_dictionaries({"AWS": who | st.lists(who, min_size=1)}))
    if draw(st.booleans()):
        said["Condition"] = draw(_conditions)
    return said


@given(
    st.lists(statements(), max_size=4),
    st.lists(statements(of_resource=True), max_size=3),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.none() | st.lists(st.sampled_from(("u1", "u2", "x")), min_size=1, max_size=3),
)
@examples(300)
def test_both_judges_say_the_same(
    identity: list[Any], resource: list[Any], action: str, arn: str, keys: list[str] | None
) -> None:
    context = {"aws:RequestedRegion": ["us-east-1"], "aws:PrincipalArn": [ROLE]}
    if keys is not None:
        context["dynamodb:LeadingKeys"] = keys
    call = {"action": action, "resource": arn, "principal": ROLE, "session": SESSION, "context": context}
    lower = {name.lower(): tuple(values) for name, values in context.items()}
    asked = AccessRequest(ROLE, action, arn, SESSION, context=lower)
    ours = judge(asked, read_policy({"Statement": identity}), read_policy({"Statement": resource}))
    assert ours == verdict(call, identity, resource)


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"StringNotEqualsIgnoreCase": {"aws:RequestedRegion": "us-east-1"}}},
        {"Condition": {"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}}},
        {"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}},
        {"Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "a"}}},
        {"Condition": {"StringEquals": {"dynamodb:LeadingKeys": "a"}}},
        {"Resource": "arn:aws:dynamodb:*:*:table/${aws:username}"},
        {"NotPrincipal": "*"},
        {"Effect": "Maybe"},
        {"NotAction": "*"},
    ],
)
def test_what_is_not_understood_is_an_error(more: dict[str, Any]) -> None:
    said = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
    with pytest.raises(PolicyNotUnderstood):
        read_policy({"Statement": [said]})


def test_the_policy_of_a_session_only_takes_away() -> None:
    allow = read_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}})
    narrow = read_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}})
    for action, identity, said in (
        ("dynamodb:GetItem", allow, "allowed"),
        ("dynamodb:PutItem", allow, "not allowed"),
        ("dynamodb:GetItem", (), "not allowed"),
    ):
        assert judge(AccessRequest(ROLE, action, RESOURCES[0]), identity, session=narrow) == said


# --- at the endpoint


KEY = {"TableName": "tab", "Key": {"pk": {"S": "a"}}}


class Taken:
    """A role ``app`` of the account, taken through the endpoint; ``allow`` replaces what it may do."""

    def __init__(self, held: Protected, account: str, client_of: Callable[..., Any]) -> None:
        self._held, self._sts = held, client_of(held.server.endpoint, "sts")
        self.arn = held.iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        self.prefix = f"arn:aws:dynamodb:us-east-1:{account}:table/"
        self.allow()

    def allow(self, *statements: dict[str, Any]) -> None:
        body = {"Version": "2012-10-17", "Statement": list(statements) or [_allow("sts:TagSession")]}
        self._held.iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=json.dumps(body))

    def client(self, service: str = "dynamodb", **more: Any) -> Any:
        said = self._sts.assume_role(RoleArn=self.arn, RoleSessionName="one", **more)["Credentials"]
        return boto3.client(  # type: ignore[call-overload]  # the service is an argument here
            service,
            endpoint_url=self._held.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=said["AccessKeyId"],
            aws_secret_access_key=said["SecretAccessKey"],
            aws_session_token=said["SessionToken"],
        )


def _allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


@pytest.fixture
def held(server: StrictServer, client_of: Callable[..., Any]) -> Protected:
    return protected(server, client_of)


@pytest.fixture
def taken(held: Protected, account: str, client_of: Callable[..., Any]) -> Taken:
    return Taken(held, account, client_of)


def test_a_role_without_permissions_is_told_the_action_and_the_resource(taken: Taken) -> None:
    client = taken.client()
    code, message = refused(client.scan, TableName="tab")
    assert code == "AccessDeniedException"
    assert f"/app/one is not authorized to perform: dynamodb:Scan on resource: {taken.prefix}tab" in message
    taken.allow(_allow("dynamodb:Scan"))
    assert client.scan(TableName="tab")["Count"] == 2


def test_callers_that_took_no_role_are_not_judged(held: Protected, taken: Taken) -> None:
    assert held.dynamodb.scan(TableName="tab")["Count"] == 2
    held.server.rules.off("iam")
    assert taken.client().scan(TableName="tab")["Count"] == 2


def test_leading_keys_hold_for_items_queries_and_partiql(taken: Taken) -> None:
    client = taken.client()
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}
    actions = ("dynamodb:*Item", "dynamodb:Query", "dynamodb:PartiQL*", "dynamodb:BatchGetItem")
    taken.allow(_allow(*actions, Condition=condition))
    client.get_item(TableName="tab", Key={"pk": {"S": "a"}})
    query = {"TableName": "tab", "KeyConditionExpression": "pk = :pk"}
    client.query(**query, ExpressionAttributeValues={":pk": {"S": "a"}})
    client.execute_statement(Statement="SELECT * FROM tab WHERE pk = 'a'")
    client.transact_write_items(TransactItems=[{"Delete": {"TableName": "tab", "Key": {"pk": {"S": "a"}}}}])
    for call, asked in (
        (client.get_item, {"TableName": "tab", "Key": {"pk": {"S": "b"}}}),
        (client.query, {**query, "ExpressionAttributeValues": {":pk": {"S": "b"}}}),
        (client.execute_statement, {"Statement": "SELECT * FROM tab WHERE pk = 'b'"}),
        (client.batch_get_item, {"RequestItems": {"tab": {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}]}}}),
    ):
        assert refused(call, **asked)[0] == "AccessDeniedException"


def test_an_index_and_a_stream_are_resources_of_their_own(held: Protected, taken: Taken) -> None:
    held.dynamodb.update_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "v", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-v",
                    "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    held.server.clock.advance(hours=1)
    held.dynamodb.update_table(
        TableName="tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    held.server.clock.advance(minutes=5)
    client, streams = taken.client(), taken.client("dynamodbstreams")
    taken.allow(_allow("dynamodb:*", resource=taken.prefix + "tab"))
    assert refused(client.scan, TableName="tab", IndexName="by-v")[0] == "AccessDeniedException"
    stream = client.describe_table(TableName="tab")["Table"]["LatestStreamArn"]
    assert refused(streams.describe_stream, StreamArn=stream)[0] == "AccessDeniedException"
    taken.allow(_allow("dynamodb:*", resource=[taken.prefix + "tab/index/*", taken.prefix + "tab/stream/*"]))
    assert client.scan(TableName="tab", IndexName="by-v")["Count"] == 2
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    asked = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**asked)["ShardIterator"]
    again = streams.get_records(ShardIterator=iterator)["NextShardIterator"]
    streams.get_records(ShardIterator=again)
    assert refused(client.describe_table, TableName="tab")[0] == "AccessDeniedException"


def test_transactions_and_restores_take_the_actions_of_their_parts(held: Protected, taken: Taken) -> None:
    client = taken.client()
    taken.allow(_allow("dynamodb:PutItem"))
    parts = [
        {"Put": {"TableName": "tab", "Item": {"pk": {"S": "n"}}}},
        {
            "ConditionCheck": {
                "TableName": "tab",
                "Key": {"pk": {"S": "a"}},
                "ConditionExpression": "attribute_exists(pk)",
            }
        },
    ]
    assert "dynamodb:ConditionCheckItem" in refused(client.transact_write_items, TransactItems=parts)[1]
    client.transact_write_items(TransactItems=parts[:1])
    arn = held.dynamodb.create_backup(TableName="tab", BackupName="one")["BackupDetails"]["BackupArn"]
    held.server.clock.advance(minutes=1)
    taken.allow(_allow("dynamodb:RestoreTableFromBackup"))
    asked = {"BackupArn": arn, "TargetTableName": "new"}
    assert "dynamodb:PutItem on resource" in refused(client.restore_table_from_backup, **asked)[1]


def test_a_resource_policy_allows_and_denies(held: Protected, taken: Taken) -> None:
    client = taken.client()
    statement = {"Effect": "Allow", "Principal": {"AWS": taken.arn}, "Action": "dynamodb:GetItem", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    held.dynamodb.put_resource_policy(ResourceArn=held.table, Policy=json.dumps(policy))
    client.get_item(TableName="tab", Key={"pk": {"S": "a"}})
    assert refused(client.scan, TableName="tab")[0] == "AccessDeniedException"
    taken.allow(_allow("dynamodb:*"))
    client.scan(TableName="tab")
    policy["Statement"] = [{**statement, "Effect": "Deny"}]
    held.server.clock.advance(seconds=16)
    held.dynamodb.put_resource_policy(ResourceArn=held.table, Policy=json.dumps(policy))
    message = refused(client.get_item, TableName="tab", Key={"pk": {"S": "a"}})[1]
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_a_policy_that_cannot_be_judged_fails_the_call(held: Protected, taken: Taken) -> None:
    taken.allow(_allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    code, message = refused(taken.client().scan, TableName="tab")
    assert (code, message) == ("StrictPolicyException", "The strict endpoint cannot judge the condition operator Bool")
    assert refused(taken.client("sqs").list_queues)[0] == "StrictPolicyException"
    assert len(held.server.permissions.not_understood) == 2
    held.server.permissions.not_understood.clear()


def test_a_test_fails_for_what_cannot_be_judged(
    ministack_endpoint: str, account: str, client_of: Callable[..., Any]
) -> None:
    """Also where the program that was refused goes on without it."""
    server = StrictServer(ministack_endpoint)
    taken = Taken(protected(server, client_of), account, client_of)
    taken.allow(_allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
    assert refused(taken.client().scan, TableName="tab")[0] == "StrictPolicyException"
    with pytest.raises(PolicyNotUnderstood, match="condition operator Bool"), server:
        pass


def test_a_plan_takes_the_right_to_pass_its_role(held: Protected, taken: Taken) -> None:
    client = taken.client("backup")
    taken.allow(_allow("backup:*"))
    plan = client.create_backup_plan(BackupPlan=plan_of("cron(0 2 * * ? *)"))["BackupPlanId"]
    selection = {"SelectionName": "tab", "IamRoleArn": held.role, "Resources": [held.table]}
    asked = {"BackupPlanId": plan, "BackupSelection": selection}
    code, message = refused(client.create_backup_selection, **asked)
    assert (code, f"iam:PassRole on resource: {held.role}" in message) == ("AccessDeniedException", True)
    passed = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    taken.allow(_allow("backup:*"), _allow("iam:PassRole", Condition=passed))
    assert refused(client.create_backup_selection, **asked)[0] == "AccessDeniedException"
    passed["StringEquals"]["iam:PassedToService"] = "backup.amazonaws.com"
    taken.allow(_allow("backup:*"), _allow("iam:PassRole", Condition=passed))
    client.create_backup_selection(**asked)


def test_the_policy_that_a_session_was_made_with(taken: Taken) -> None:
    taken.allow(_allow("dynamodb:*"))
    narrow = {"Version": "2012-10-17", "Statement": [_allow("dynamodb:DescribeTable")]}
    client = taken.client(Policy=json.dumps(narrow))
    client.describe_table(TableName="tab")
    assert refused(client.scan, TableName="tab")[0] == "AccessDeniedException"


def test_other_services_are_judged_by_what_they_name(held: Protected, taken: Taken) -> None:
    iam, s3 = taken.client("iam"), taken.client("s3")
    assert refused(iam.get_role, RoleName="backups")[0] == "AccessDenied"
    taken.allow(_allow("iam:Get*", resource=held.role), _allow("s3:*", resource="arn:aws:s3:::mine*"))
    assert iam.get_role(RoleName="backups")["Role"]["Arn"] == held.role
    assert refused(iam.attach_role_policy, RoleName="backups", PolicyArn=MANAGED + "Backup")[0] == "AccessDenied"
    s3.create_bucket(Bucket="mine-1")
    s3.put_object(Bucket="mine-1", Key="a", Body=b"x")
    assert refused(s3.create_bucket, Bucket="theirs")[0] == "AccessDenied"
    assert taken.client("sts").get_caller_identity()["Arn"].endswith("/app/one")
