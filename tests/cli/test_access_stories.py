"""What stands between a person and the service: nothing listens, no credentials, no rights. A sentence and a hint."""

import socket
from pathlib import Path

import pytest

from cli.story import Answer, Story, table
from dynasmith.strict import StrictServer


def _free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("verb", ["list", "ensure", "plan", "check", "apply"])
def test_nothing_listens(story: Story, verb: str) -> None:
    story.define(table("orders"), table("users"))
    port = _free_port()
    answer = story(verb, "--endpoint", f"http://127.0.0.1:{port}")
    assert (answer.code, answer.error) == (1, f"Nothing listens at http://127.0.0.1:{port}.")
    assert answer.hint == f"dynasmith local start --port {port}"


def _away(story: Story, shell: pytest.MonkeyPatch, *words: str) -> Answer:
    """A command against AWS itself with nothing to sign with: it must end before any call."""
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        shell.delenv(name)
    return story(*words, "--env", "aws")


def test_no_credentials(story: Story, shell: pytest.MonkeyPatch) -> None:
    story.define(table())
    answer = _away(story, shell, "ensure")
    assert answer.code == 1
    assert "credentials" in answer.err
    assert answer.hint
    assert "Traceback" not in answer.err


def test_an_unknown_profile(story: Story, shell: pytest.MonkeyPatch) -> None:
    answer = _away(story, shell, "list", "--profile", "nobody")
    assert answer.code in (1, 2)
    assert "nobody" in answer.error
    assert answer.hint


def test_a_profile_of_one_side_is_for_that_side(story: Story, shell: pytest.MonkeyPatch) -> None:
    """`--profile` is the project's own; an endpoint of the other side has none. One for an endpoint is refused."""
    story.define(table("aaa"))
    assert story("ensure").code == 0
    for option in ("--source-profile", "--target-profile"):
        refused = story("copy", "aaa", "bbb", option, "prod", "--endpoint", story.endpoint, "--yes")
        assert refused.code == 2, refused
        assert "prod cannot be used" in refused.error, refused
    answer = _away(story, shell, "copy", "a", "b", "--profile", "nobody", "--target-endpoint", story.endpoint, "--yes")
    assert "nobody" in answer.error
    assert "cannot be used" not in answer.error


def test_no_region(story: Story, shell: pytest.MonkeyPatch) -> None:
    shell.delenv("AWS_REGION")
    answer = _away(story, shell, "list")
    assert (answer.code, answer.error) == (2, "No AWS Region is set.")
    assert "--region" in answer.hint


def test_secrets_on_the_command_line_are_warned_of_and_never_shown(story: Story) -> None:
    answer = story("list", "--aws-access-key", "AKIA1", "--aws-secret-key", "hunter2hunter2", "--debug")
    assert answer.code == 0
    assert "shells remember" in answer.err
    assert "hunter2" not in answer.err + answer.out


def test_denied_says_the_action_and_a_statement_that_allows_it(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("orders"))
    strict.fault("DescribeTable", kind="access-denied", times=None)
    answer = strict_story("describe", "orders")
    assert answer.code == 1
    assert "dynamodb:DescribeTable" in answer.error
    assert '"Effect": "Allow"' in answer.hint
    assert "table/orders" in answer.hint


def test_one_table_that_cannot_be_read_is_planned_around(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("orders"), table("users"))
    strict.fault("DescribeTable", kind="access-denied", times=None, table="orders")
    planned = strict_story("plan", "--json")
    assert planned.code == 1
    assert [(each["table"], each["code"]) for each in planned.json["failures"]] == [("orders", "access-denied")]
    assert [each["table"] for each in planned.json["tables"]] == ["users"]
    assert strict_story("check").code == 1
    as_json = strict_story("apply", "--yes", "--json", "--dry-run").json
    assert as_json["failures"]["orders"]["code"] == "access-denied"
    applied = strict_story("apply", "--yes")
    assert (applied.code, applied.error) == (1, "1 table failed (orders); 1 done.")
    assert strict_story.live() == ["users"]


def test_one_table_that_fails_while_it_is_applied(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(*(table(name, point_in_time_recovery={"enabled": True}) for name in ("one", "two", "six")))
    strict.fault("UpdateContinuousBackups", kind="access-denied", times=None, table="two")
    answer = strict_story("apply", "--yes", "--json")
    assert answer.code == 1
    assert sorted(each["table"] for each in answer.json["applied"]) == ["one", "six"]
    assert answer.json["failures"]["two"]["code"] == "access-denied"
    strict.calm()
    again = strict_story("apply", "--yes", "--json")
    assert again.code == 0
    assert [(each["table"], [c["path"] for c in each["changes"]]) for each in again.json["applied"]] == [
        ("two", ["point_in_time_recovery"])
    ]
    assert strict_story("check").code == 0


def test_expired_credentials(strict_story: Story, strict: StrictServer) -> None:
    strict.fault("*", kind="expired-credentials", times=None)
    answer = strict_story("list", "--json")
    assert answer.code == 1
    assert answer.json["error"]["code"] == "credentials-expired"


def test_a_table_that_cannot_be_described_is_listed_with_the_reason_and_exits_1(
    strict_story: Story, strict: StrictServer
) -> None:
    strict_story.define(table("one"), table("two"))
    assert strict_story("apply", "--yes").code == 0
    assert strict_story("list").code == 0
    strict.fault("DescribeTable", kind="access-denied", times=None, table="two")
    one = strict_story("list", "--json")
    assert one.code == 1
    assert [(row["name"], bool(row.get("failure"))) for row in one.json] == [("one", False), ("two", True)]
    strict.calm()
    strict.fault("DescribeTable", kind="access-denied", times=None)
    answer = strict_story("list")
    assert (answer.code, "one" in answer.out, "two" in answer.out) == (1, True, True)


def test_what_clears_by_itself_is_waited_for(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table(tags={"a": "b"}))
    strict.fault("CreateTable", kind="500", times=2)
    strict.fault("CreateTable", kind="LimitExceededException", nth=3)
    answer = strict_story("apply", "--yes")
    assert answer.code in (0, 1), answer.err
    assert strict_story("apply", "--yes").code == 0
    assert strict_story("check").code == 0


def test_a_folder_that_cannot_be_written(story: Story) -> None:
    story.define(table())
    answer = story("plan", "--out", str(Path("absent") / "p.plan"))
    assert answer.code == 1
    assert "p.plan" in answer.error
    logged = story("list", "--log-file", str(Path("absent") / "log"))
    assert logged.code == 2
    assert "cannot be written" in logged.error
