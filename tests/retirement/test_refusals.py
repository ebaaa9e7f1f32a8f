"""What retire and delete refuse, and what they leave: nothing is half-deleted in silence."""

import time
from datetime import timedelta
from typing import Any

import pytest

from cli.story import table
from item_stories.kit import ItemStory
from retirement.snapshot import client

GLOBAL = {
    "stream": {"view_type": "NEW_AND_OLD_IMAGES"},
    "replicas": [{"region": "eu-west-1", "deletion_protection": True}, {"region": "ap-southeast-1"}],
}
BOTH = ("us-east-1", "eu-west-1")


def names(story: ItemStory, region: str) -> list[str]:
    return list(client(story, "dynamodb", region).list_tables()["TableNames"])


def until_active(story: ItemStory, region: str) -> None:
    ends = time.monotonic() + 60
    while client(story, "dynamodb", region).describe_table(TableName="users")["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < ends
        time.sleep(0.1)


@pytest.fixture
def users(story: ItemStory) -> ItemStory:
    """A global table, protected in another Region."""
    story.define(table("users", **GLOBAL))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err
    return story


def test_delete_refuses_a_protected_replica_then_removes_replicas(users: ItemStory) -> None:
    answer = users("delete", "users", "--confirm", "users")
    assert (answer.code, answer.error) == (
        1,
        "The replica of users in eu-west-1 is protected against deletion; nothing was deleted.",
    )
    assert "dynasmith retire" in answer.hint
    assert [names(users, region) for region in BOTH] == [["users"], ["users"]]
    until_active(users, "eu-west-1")
    client(users, "dynamodb", "eu-west-1").update_table(TableName="users", DeletionProtectionEnabled=False)
    shown = users("delete", "users", "--dry-run")
    assert "Would delete users and its replicas in ap-southeast-1, eu-west-1." in shown.err
    assert "and its replicas in ap-southeast-1, eu-west-1?" in users("delete", "users").err
    assert users("delete", "users", "--confirm", "users", "--no-wait").code == 3
    assert users("delete", "users", "--confirm", "users", "--json").json["deleted"] == ["users"]
    assert [names(users, region) for region in (*BOTH, "ap-southeast-1")] == [[], [], []]


def test_a_region_that_cannot_be_read_stops_it_before_anything(
    users: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynasmith.aws.control.session import Session
    from dynasmith.errors import AccessDenied

    send = Session._send

    def denied(self: Session, session: Any, service: str, name: str, parameters: Any, of: str) -> dict[str, Any]:
        if session.meta.region_name == "eu-west-1":
            raise AccessDenied("User is not authorized.", hint="ask for dynamodb:DescribeTable", action=name)
        return send(self, session, service, name, parameters, of)

    monkeypatch.setattr(Session, "_send", denied)
    answer = users("retire", "users", "--no-export", "--confirm", "users")
    assert (answer.code, answer.error) == (
        1,
        "The replica of users in eu-west-1 cannot be read, so nothing was deleted: User is not authorized.",
    )
    assert answer.hint
    monkeypatch.undo()
    assert [names(users, region) for region in BOTH] == [["users"], ["users"]]


def test_a_setting_that_cannot_be_read_stops_it_before_anything(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynasmith.aws.control.session import Session
    from dynasmith.errors import AccessDenied

    send = Session._send

    def denied(self: Session, session: Any, service: str, name: str, parameters: Any, of: str) -> dict[str, Any]:
        if name == "ListBackupPlans":
            raise AccessDenied("You cannot list plans.", action="backup:ListBackupPlans")
        return send(self, session, service, name, parameters, of)

    story.make("users")
    monkeypatch.setattr(Session, "_send", denied)
    answer = story("retire", "users", "--no-export", "--confirm", "users")
    assert (answer.code, story.live()) == (1, ["users"])
    assert answer.error.startswith("The backup plan of users in us-east-1 cannot be read, so nothing was deleted")
    monkeypatch.setattr(Session, "_send", send)
    # A connection that breaks is no engine without the service.
    story.served.fault("DescribeAlarms", kind="reset-before", times=20)
    answer = story("retire", "users", "--no-export", "--confirm", "users")
    assert (answer.code, story.live()) == (1, ["users"])
    assert "so nothing was deleted" in answer.error
    assert story("delete", "users", "--confirm", "users").code == 0


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("retire", "users", "nowhere", "--no-export", "--confirm", "users", "--confirm", "nowhere"), 1, "nowhere"),
        (("retire", "users", "--no-export", "--confirm", "user"), 4, "Retire table users"),
        (("retire", "--all", "--backup", "last", "--confirm", "users"), 2, "--backup last"),
        (("retire", "users", "others", "--backup", "last"), 2, "one table"),
        (("retire", "users", "--backup", "a b", "--confirm", "users"), 2, "'a b' is not a valid name"),
    ],
)
def test_bad_words_delete_nothing(story: ItemStory, words: tuple[str, ...], code: int, part: str) -> None:
    story.define(table("users"), table("others"))
    story.make("users", "others")
    answer = story(*words)
    assert (answer.code, part in answer.error, story.wrote()) == (code, True, []), answer.err
    assert answer.hint
    assert sorted(story.live()) == ["others", "users"]


def test_of_several_tables_the_others_go_on(story: ItemStory) -> None:
    story.make("first", "second", "third")
    client(story, "dynamodb").update_table(TableName="second", DeletionProtectionEnabled=True)
    names_of = ("first", "second", "third")
    confirmed = [word for name in names_of for word in ("--confirm", name)]
    answer = story("delete", *names_of, *confirmed, "--json")
    assert answer.code == 1
    assert (answer.json["deleted"], [*answer.json["failures"]]) == (["first", "third"], ["second"])
    assert story.live() == ["second"]
    story.make("first", "third")
    story.put("third", {"pk": {"S": "a"}})
    assert story("export", "second", "last/second").code == 0
    story.put("second", {"pk": {"S": "late"}})
    answer = story("retire", *names_of, "--export", "last", *confirmed, "--json")
    assert answer.code == 1
    found = {each["table"]: each for each in answer.json}
    assert found["second"]["error"]["message"].endswith("differs from table second; nothing was deleted.")
    assert {step["step"]: step["state"] for step in found["third"]["steps"]}["table"] == "done"
    assert story.live() == ["second"]
    answer = story("retire", "second", "--export", "other", "--confirm", "second")
    assert (answer.code, story.live()) == (0, []), answer.err


def test_a_refusal_that_ends_in_a_day_says_when(users: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service refuses to remove a replica from which a replica was made within a day."""
    from dynasmith.aws.control.session import Session
    from dynasmith.errors import ValidationRefused

    send = Session._send

    def refused(self: Session, session: Any, service: str, name: str, parameters: Any, of: str) -> dict[str, Any]:
        removes = "Delete" in str(parameters.get("ReplicaUpdates", "")) and "eu-west-1" in str(parameters)
        if name == "UpdateTable" and removes:
            raise ValidationRefused("Replica cannot be deleted: it acted as a source.", operation=f"dynamodb:{name}")
        return send(self, session, service, name, parameters, of)

    newest = max(
        client(users, "dynamodb", region).describe_table(TableName="users")["Table"]["CreationDateTime"]
        for region in ("us-east-1", "ap-southeast-1")
    )
    with monkeypatch.context() as patch:
        patch.setattr(Session, "_send", refused)
        answer = users("retire", "users", "--no-export", "--confirm", "users")
    assert answer.code == 1, answer.err
    assert "it acted as a source" in answer.error
    assert f"again after {newest + timedelta(hours=24):%Y-%m-%dT%H:%M}" in answer.hint
    again = users("retire", "users", "--no-export", "--confirm", "users")
    assert (again.code, [names(users, region) for region in (*BOTH, "ap-southeast-1")]) == (0, [[], [], []]), again.err
