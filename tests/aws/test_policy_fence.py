"""The fence of a replacement in the resource policy, on the strict endpoint: it holds, is proved, and goes again."""

import json
from collections.abc import Callable, Iterator
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
from dynasmith.errors import ChangeConflict, NoEffect, WaitTimeout
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
