"""The fence of a replacement in the resource policy, on the strict endpoint: it holds, is proved, and goes again."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from msgspec.structs import replace as replaced

from cli.story import new_account
from dynasmith.aws.control import client_settings
from dynasmith.aws.control.policy_fence import PolicyFence
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.aws.errors.denial import DenialReason, denial_reason
from dynasmith.errors import AccessDenied, ChangeConflict, NoEffect, Throttled, WaitTimeout
from dynasmith.ports.access import AccessKeys, ResolvedAccess, Secret
from dynasmith.strict import StrictServer
from dynasmith.strict.state.clock import StrictClock
from dynasmith.tables.fence_policy import FENCE_SID, fenced_policy, is_fenced, principal_patterns, unfenced_policy
from dynasmith.tables.policy import same_policy

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
OWN = {"Sid": "own", "Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [OWN]})


@dataclass
class Fenced:
    """A table ``orders`` with an item, a client that writes, and a fence of it."""

    server: StrictServer
    db: Any
    session: Session
    fence: PolicyFence
    arn: str

    def writes(self) -> bool:
        try:
            self.db.put_item(TableName="orders", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True

    def hasty(self) -> PolicyFence:
        """A fence that waits 10 seconds."""
        return PolicyFence(self.session, self.server.clock, AwsTables(self.session).describe("orders"), 10)

    def policy(self) -> str | None:
        try:
            return str(self.db.get_resource_policy(ResourceArn=self.arn)["Policy"])
        except self.db.exceptions.PolicyNotFoundException:
            return None


@pytest.fixture
def fenced(ministack_endpoint: str) -> Iterator[Fenced]:
    account = new_account()
    with StrictServer(ministack_endpoint, auto_advance=True) as server:
        db = boto3.client(
            "dynamodb",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        arn = db.create_table(
            TableName="orders",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "n", "AttributeType": "N"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            BillingMode="PAY_PER_REQUEST",
        )["TableDescription"]["TableArn"]
        server.clock.advance(60)
        keys = AccessKeys(access_key=account, secret_key=Secret("secret"))
        session = Session(ResolvedAccess(endpoint=server.endpoint, region="us-east-1", credentials=keys))
        described = AwsTables(session).describe("orders")
        yield Fenced(server, db, session, PolicyFence(session, server.clock, described), str(arn))
        session.close()
        server.wipe()


def test_a_fence_is_put_proved_and_lifted_and_leaves_the_policy_as_it_was(fenced: Fenced) -> None:
    fenced.db.put_resource_policy(ResourceArn=fenced.arn, Policy=POLICY)
    fence, clock = fenced.fence, fenced.server.clock
    assert fence.refusal() == ""
    fence.put()
    before = clock.monotonic()
    fence.prove()
    assert clock.monotonic() - before >= 4.9
    assert not fenced.writes()
    assert fenced.db.scan(TableName="orders")["Count"] == 0
    # Fence 2 comes after the pause of the service, and lets one principal pass.
    fence.put(passes=principal_patterns(fenced.session.caller().arn))
    assert fenced.writes()
    fence.lift()
    assert same_policy(fenced.policy(), POLICY)
    before = clock.monotonic()
    fence.lift()
    assert clock.monotonic() - before >= 15


def test_where_there_was_no_policy_there_is_none_in_the_end(fenced: Fenced) -> None:
    fenced.fence.put()
    fenced.fence.put()
    assert len(fenced.server.journal.of("PutResourcePolicy", error="")) == 1
    assert not fenced.writes()
    fenced.fence.lift()
    assert fenced.policy() is None
    assert fenced.writes()


@pytest.mark.parametrize("kind", ["reset-after", "500-after", "reset-before", "ResourceInUseException"])
@pytest.mark.parametrize("shown", [0, 4])
def test_a_lost_reply_is_settled_by_reading(
    fenced: Fenced, monkeypatch: pytest.MonkeyPatch, kind: str, shown: int
) -> None:
    # The first attempt of botocore is the only one: its pauses are real.
    monkeypatch.setattr(client_settings, "ISOLATED_ATTEMPTS", 1)
    fenced.session.close()
    fenced.server.delay_policies(shown, shown=shown)
    fenced.server.fault("PutResourcePolicy", kind=kind, times=3)
    fenced.fence.put()
    fenced.fence.prove()
    assert not fenced.writes()
    fenced.server.fault("DeleteResourcePolicy", kind=kind, times=3)
    fenced.fence.lift()
    fenced.server.clock.advance(seconds=60)
    assert (fenced.policy(), fenced.writes()) == (None, True)


def test_the_proof_waits_until_the_fence_holds_everywhere(fenced: Fenced) -> None:
    fenced.server.delay_policies(20, ragged=20)
    put_at = fenced.server.clock.monotonic()
    fenced.fence.put()
    assert fenced.writes()
    fenced.fence.prove()
    assert fenced.server.clock.monotonic() - put_at >= 40
    assert not any(fenced.writes() for _ in range(3))


def test_a_fence_that_nothing_enforces_is_no_fence(fenced: Fenced) -> None:
    fenced.server.rules.off("policy-denies")
    fenced.fence.put()
    with pytest.raises(NoEffect, match="pass the fence"):
        fenced.hasty().prove()


class Meddler(StrictClock):
    """A clock that lets somebody else work while one waits."""

    def __init__(self, clock: StrictClock, work: Callable[[], object]) -> None:
        super().__init__()
        self._clock, self._work = clock, work

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self._work()


def test_a_policy_that_somebody_else_changes_is_left_to_them(fenced: Fenced) -> None:
    def meddle() -> None:
        fenced.server.rules.off("policy-15-seconds")
        fenced.db.put_resource_policy(ResourceArn=fenced.arn, Policy=POLICY)

    described = AwsTables(fenced.session).describe("orders")
    fence = PolicyFence(fenced.session, Meddler(fenced.server.clock, meddle), described)
    fenced.server.fault("PutResourcePolicy", kind="ResourceInUseException")
    with pytest.raises(ChangeConflict, match="Somebody else changed the resource policy"):
        fence.put()
    assert same_policy(fenced.policy(), POLICY)


def test_a_change_that_is_never_taken_ends(fenced: Fenced) -> None:
    fenced.server.fault("PutResourcePolicy", kind="ResourceInUseException", times=None)
    with pytest.raises(WaitTimeout, match="not settled within 10 seconds"):
        fenced.hasty().put()


def test_why_there_can_be_no_fence(fenced: Fenced) -> None:
    described = AwsTables(fenced.session).describe("orders")
    live = replaced(described, table=replaced(described.table, time_to_live="t"))
    assert "time to live" in PolicyFence(fenced.session, fenced.server.clock, live).refusal()
    long = json.dumps({"Version": "2012-10-17", "Statement": [{**OWN, "Sid": "x" * 20_200}]})
    fenced.db.put_resource_policy(ResourceArn=fenced.arn, Policy=long)
    assert "20480 are allowed" in fenced.fence.refusal()


@contextmanager
def role(fenced: Fenced, without: str = "", **more: Any) -> Iterator[PolicyFence]:
    """The fence of a caller that took a role, which allows every action but one; ``more`` is another statement."""
    settings = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": fenced.session.caller().account, "aws_secret_access_key": "secret"}
    place = {"endpoint_url": fenced.server.endpoint, "region_name": "us-east-1", "config": settings}
    iam, sts = (boto3.client(service, **place, **keys) for service in ("iam", "sts"))  # type: ignore[call-overload]
    trust = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    allowed = [
        action for action in ("DeleteItem", "BatchWriteItem", "*ResourcePolicy", "Describe*") if action != without
    ]
    allow = {"Effect": "Allow", "Action": [f"dynamodb:{action}" for action in allowed], "Resource": "*"}
    document = {"Statement": [allow, *([{"Resource": "*", **more}] if more else [])]}
    iam.put_role_policy(RoleName="ci", PolicyName="p", PolicyDocument=json.dumps(document))
    given = sts.assume_role(RoleArn=made, RoleSessionName="run")["Credentials"]
    taken = AccessKeys(
        access_key=given["AccessKeyId"],
        secret_key=Secret(given["SecretAccessKey"]),
        session_token=Secret(given["SessionToken"]),
    )
    session = Session(ResolvedAccess(endpoint=fenced.server.endpoint, region="us-east-1", credentials=taken))
    try:
        yield PolicyFence(session, fenced.server.clock, AwsTables(session).describe("orders"), 60)
    finally:
        session.close()
        iam.delete_role_policy(RoleName="ci", PolicyName="p")
        iam.delete_role(RoleName="ci")
        iam.close()
        sts.close()


@pytest.mark.parametrize("action", ["DeleteItem", "BatchWriteItem"])
def test_a_caller_who_may_not_write_proves_no_fence(fenced: Fenced, action: str) -> None:
    with role(fenced, without=action) as fence:
        with pytest.raises(AccessDenied, match="cannot prove that a fence stops writes") as refused:
            fence.refusal()
        assert refused.value.action == f"dynamodb:{action}"
        assert refused.value.statement["Action"] == f"dynamodb:{action}"
        assert fenced.arn in str(refused.value.statement["Resource"])
        with pytest.raises((AccessDenied, NoEffect)):
            fence.prove()
        fenced.fence.put()
        fence.prove()  # the service names the policy of the table, which denies it to everybody
        assert not fenced.writes()


def test_a_caller_whom_its_own_policy_denies_writes_proves_no_fence(fenced: Fenced) -> None:
    with (
        role(fenced, Effect="Deny", Action="dynamodb:DeleteItem") as fence,
        pytest.raises(AccessDenied, match="explicit deny in an identity-based policy"),
    ):
        fence.prove()


def test_a_denial_without_a_reason_is_a_proof_where_writes_passed_before(fenced: Fenced) -> None:
    def deny_without_reason() -> None:
        fenced.server.rules.off("policy-denies")
        for operation in ("DeleteItem", "BatchWriteItem"):
            fenced.server.fault(operation, kind="AccessDeniedException", times=None)

    deny_without_reason()
    with pytest.raises(AccessDenied, match="cannot prove"):
        fenced.hasty().prove()
    fenced.server.calm()
    assert fenced.fence.refusal() == ""
    deny_without_reason()
    fenced.fence.prove()


def test_a_write_that_was_throttled_is_none_that_passed(fenced: Fenced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_settings, "ISOLATED_ATTEMPTS", 1)
    fenced.session.close()
    fenced.server.fault("BatchWriteItem", kind="throttle", times=3)
    assert fenced.fence.refusal() == ""
    fenced.server.fault("DeleteItem", kind="throttle", times=None)
    with pytest.raises(Throttled):
        fenced.fence.refusal()


def test_a_fence_that_was_lifted_is_given_time_to_go(fenced: Fenced) -> None:
    fenced.fence.put()
    fenced.server.delay_policies(10)
    fenced.fence.lift()
    assert not fenced.writes()
    assert fenced.fence.refusal() == ""
    fenced.server.calm()
    fenced.fence.put()  # somebody else's, say
    with pytest.raises(AccessDenied, match="explicit deny in a resource-based policy"):
        fenced.fence.refusal()


@pytest.mark.parametrize(("words", "reason"), [
    ("with an explicit deny in a resource-based policy", DenialReason.RESOURCE_POLICY),
    ("with an explicit deny in a resource-based policy: arn:aws:dynamodb:::table/a", DenialReason.RESOURCE_POLICY),
    ("with an explicit deny in a resource control policy", DenialReason.OTHER_POLICY),
    ("with an explicit deny in a service control policy", DenialReason.OTHER_POLICY),
    ("with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/a", DenialReason.OTHER_POLICY),
    ("with an explicit deny in a permissions boundary", DenialReason.OTHER_POLICY),
    ("because no identity-based policy allows the dynamodb:DeleteItem action", DenialReason.NOT_ALLOWED),
    ("because no permissions boundary allows the dynamodb:DeleteItem action", DenialReason.NOT_ALLOWED),
    ("because no VPC endpoint policy allows the dynamodb:DeleteItem action", DenialReason.NOT_ALLOWED),
    ("with an explicit deny", DenialReason.UNSAID),
    ("", DenialReason.UNSAID),
])  # fmt: skip
def test_the_service_says_why_it_denies_a_call(words: str, reason: DenialReason) -> None:
    user = "User: arn:aws:iam::1:user/a is not authorized to perform: dynamodb:DeleteItem on resource: arn:aws:x"
    assert denial_reason(f"{user} {words}".strip()) is reason


@pytest.mark.parametrize("policy", [None, POLICY, json.dumps({"Statement": OWN})])
def test_the_fence_is_one_statement(policy: str | None) -> None:
    once = fenced_policy(policy, ARN)
    assert is_fenced(once)
    assert not is_fenced(policy)
    assert fenced_policy(fenced_policy(policy, ARN, ["arn:aws:iam::123456789012:user/a"]), ARN) == once
    statement = json.loads(once)["Statement"][-1]
    assert (statement["Sid"], statement["Effect"], statement["Resource"]) == (FENCE_SID, "Deny", ARN)
    back = unfenced_policy(once)
    assert back is None if policy is None else same_policy(back, policy)


@pytest.mark.parametrize(("caller", "patterns"), [
    ("arn:aws:iam::1:user/a", ("arn:aws:iam::1:user/a",)),
    ("arn:aws:sts::1:assumed-role/ci/run", ("arn:aws:iam::1:role/ci", "arn:aws:iam::1:role/*/ci")),
])  # fmt: skip
def test_a_session_is_its_role_with_any_path(caller: str, patterns: tuple[str, ...]) -> None:
    assert principal_patterns(caller) == patterns
