"""The verbs of a replacement as a role, and the tables that they need."""

import json
from typing import Any

import pytest

from dynasmith.aws.control import policy_fence
from dynasmith.aws.control.policy_fence import PolicyFence
from dynasmith.aws.control.verb_actions import FENCE_STAYS, FENCED, FENCED_POLICY, OWN_STREAM, POLICY_FENCE, SSM_POINTER
from dynasmith.engine.replacement.replacement import _Run
from permissions.case import Case
from permissions.kit import RoleStory
from permissions.prepare import all_of, gone, items, leaving

REPLACED = ("single", "single-v2")
REPLACING = "--yes --config single.json"


def to_replace(story: RoleStory) -> None:
    """A table with items, two of which change while it is replaced; it is named by a file and a parameter."""
    client = story.home.client("dynamodb")
    for name in ("single", "single-v2"):
        gone(name)(story)
    leaving()(story)
    items("a", "b", into="single")(story)
    story.write("table.txt", "single\n")
    story.home.client("ssm").put_parameter(Name="/shop/single", Value="single", Type="String", Overwrite=True)
    real = _Run.enter

    def enter(run: _Run, state: Any) -> None:
        real(run, state)
        if state == "draining":
            client.delete_item(TableName="single", Key={"pk": {"S": "a"}})
            items("c", into="single")(story)

    story.patch.setattr(_Run, "enter", enter)
    story.patch.setattr(policy_fence, "PROOF_SECONDS", 0.0)


def replacing(story: RoleStory) -> None:
    """A table that is followed, and two items of it that have changed since."""
    to_replace(story)
    story.owner("replace", "start", "single", "--yes", "--config", "single.json", "--until", "following")
    story.home.client("dynamodb").delete_item(TableName="single", Key={"pk": {"S": "b"}})
    items("d", into="single")(story)


def switched(story: RoleStory) -> None:
    """It was cut over, and two items of the new table have changed since."""
    story.owner("replace", "cutover", "last", "--pointer", "ssm:/shop/single", "--yes")
    story.home.client("dynamodb").delete_item(TableName="single-v2", Key={"pk": {"S": "d"}})
    items("e", into="single-v2")(story)
    story.home.served.clock.advance(60)


def with_policy(story: RoleStory) -> None:
    """The table has a policy that says nothing of who calls."""
    arn = f"arn:aws:dynamodb:us-east-1:{story.home.number}:table/single"
    principal = {"AWS": "arn:aws:iam::000000000009:root"}
    statement = {"Effect": "Deny", "Principal": principal, "Action": "dynamodb:DeleteTable", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    story.home.client("dynamodb").put_resource_policy(ResourceArn=arn, Policy=policy)
    story.home.served.clock.advance(60)


class Killed(BaseException):
    """The process is gone."""


def fenced(story: RoleStory) -> None:
    """A cut-over that was killed while writes were stopped."""

    def killed(_: PolicyFence) -> None:
        raise Killed

    with story.patch.context() as patch:
        for name in ("prove", "lift"):
            patch.setattr(PolicyFence, name, killed)
        with pytest.raises(Killed):
            story.owner("replace", "cutover", "last", "--pointer", "file:table.txt", "--yes")
    story.home.served.clock.advance(60)


REPLACEMENT_CASES = (
    Case(
        "replace start",
        f"replace start single {REPLACING}",
        tables=REPLACED,
        settings=(),
        also=(OWN_STREAM,),
        before=to_replace,
    ),
    Case("replace verify", "replace verify last", tables=REPLACED, before=replacing),
    Case(
        "replace cutover",
        "replace cutover last --pointer file:table.txt --no-fence --yes",
        tables=REPLACED,
        also=(OWN_STREAM,),
        before=replacing,
    ),
    Case(
        "replace cutover",
        "replace cutover last --pointer ssm:/shop/single --yes",
        tables=REPLACED,
        also=(OWN_STREAM, POLICY_FENCE, SSM_POINTER),
        fenced=("dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
        before=replacing,
    ),
    Case(
        "replace back",
        "replace back last --yes",
        tables=REPLACED,
        also=(POLICY_FENCE, SSM_POINTER),
        fenced=("dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
        before=all_of(replacing, switched),
    ),
    Case(
        "replace finish",
        f"replace finish last {REPLACING}",
        tables=REPLACED,
        settings=(),
        also=(OWN_STREAM, FENCE_STAYS),
        fenced=("dynamodb:DeleteItem",),
        before=all_of(replacing, switched),
    ),
    Case(
        "replace abort",
        "replace abort last --yes",
        tables=REPLACED,
        also=(OWN_STREAM, FENCED),
        before=all_of(replacing, fenced),
    ),
    Case(
        "replace abort",
        "replace abort last --yes",
        tables=REPLACED,
        also=(OWN_STREAM, FENCED_POLICY),
        more=("dynamodb:GetResourcePolicy",),
        before=all_of(replacing, with_policy, fenced),
    ),
)
