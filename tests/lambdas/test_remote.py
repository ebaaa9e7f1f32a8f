"""`dynasmith migrate --remote`: a real function on the embedded engine, behind the strict endpoint."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.story import Answer, clean_shell
from dynasmith.cli.main import run
from dynasmith.strict import StrictServer
from dynasmith.testing.function import DeployedFunction, FunctionDeployer
from item_stories.kit import person

ADD = """
def up(m):
    m.table("users").add("country", "CH")
"""
SLEEPS = '''
"""Over fifteen seconds: too long for two invocations of a function that may run for eight and keeps a third of them."""

import time


def up(m):
    for number in range(31):
        m.once(f"step {number}", lambda: time.sleep(0.5))
'''
HANGS = '''
"""Hangs in the middle of a step when it is first called, until the function is killed."""

import time


def up(m):
    m.log("before the step")
    m.once("step", lambda: tried(m))


def tried(m):
    answer = m.client().update_item(
        TableName="users", Key={"pk": {"S": "tries"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="UPDATED_NEW",
    )
    while answer["Attributes"]["n"]["N"] == "1":
        time.sleep(0.1)
'''


@dataclass
class RemoteStory:
    """A folder whose shell knows the strict endpoint, and a function with the same files."""

    folder: Path
    strict: StrictServer
    deploy: FunctionDeployer
    capture: pytest.CaptureFixture[str]
    direct: Any
    function: DeployedFunction | None = None

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")

    def deployed(self, **options: Any) -> DeployedFunction:
        self.function = self.deploy(self.folder, **options)
        return self.function

    def __call__(self, *words: str) -> Answer:
        assert self.function is not None
        self.capture.readouterr()
        code = run(["migrate", *words, "--remote", self.function.arn])
        captured = self.capture.readouterr()
        return Answer(code, captured.out, captured.err)

    def people(self, count: int) -> None:
        self.direct.create_table(
            TableName="users",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        while self.direct.describe_table(TableName="users")["Table"]["TableStatus"] != "ACTIVE":
            pass  # each look moves the clock of the strict endpoint
        for number in range(count):
            self.direct.put_item(TableName="users", Item=person(number))

    def attempts(self, version: str) -> list[str]:
        """The kinds of the events of a migration."""
        return [event["kind"] for event in json.loads(self("show", version, "--json").out)]

    def changed(self, since: int) -> set[str]:
        """The operations that changed items or tables after so many calls; to invoke the function is none."""
        calls = [call for call in list(self.strict.journal)[since:] if not call.operation.endswith("/invocations")]
        return {call.operation for call in calls if (call.writes_items or call.changes_tables) and not call.error}

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.direct.scan(TableName="users")["Items"]
        return found


@pytest.fixture
def remote(
    strict: StrictServer,
    strict_upstream: str,
    dynasmith_function: FunctionDeployer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[RemoteStory]:
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in (("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", strict.endpoint)
    direct = boto3.client(
        "dynamodb", endpoint_url=strict.endpoint, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    story = RemoteStory(tmp_path, strict, dynasmith_function, capsys, direct)
    story.write(
        "dynasmith.toml",
        'default_environment = "aws"\n[jobs]\nledger = "table:jobs"\njournal = "s3://journals/here"\n',
    )
    buckets = boto3.client(
        "s3", endpoint_url=strict_upstream, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    buckets.create_bucket(Bucket="journals")
    yield story
    direct.close()
    buckets.close()


def test_a_day_with_a_function(remote: RemoteStory) -> None:
    remote.people(20)
    remote.write("migrations/0.0.1_country.py", ADD)
    remote.deployed()
    answer = remote("status")
    assert (answer.code, answer.out) == (0, "0.0.0\n"), answer.err
    answer = remote("up", "--yes")
    assert answer.code == 0, answer.err
    assert "0.0.1 country is applied: 20 items read, 20 written." in answer.err
    assert "Current version: 0.0.1" in answer.err
    assert all("country" in item for item in remote.items())
    assert remote("list", "--quiet").out == "0.0.1\n"
    assert remote("outstanding").out == "none\n"
    assert "Nothing to do" in remote("all", "--yes").err
    assert remote("verify").code == 0
    shown = remote("show", "0.0.1")
    assert "function:dynasmith-" in shown.out
    answer = remote("down", "--yes", "--json")
    assert answer.json["events"][0]["state"] == "outstanding", answer.err
    assert answer.json["current"] == "0.0.0"
    assert not any("country" in item for item in remote.items())
    unknown = remote("to", "9.9.9", "--yes")
    assert (unknown.code, unknown.error) == (2, "There is no migration 9.9.9.")


def test_without_a_consent_nothing_is_done_and_the_path_is_shown(remote: RemoteStory) -> None:
    remote.people(3)
    remote.write("migrations/0.0.1_country.py", ADD)
    remote.deployed()
    answer = remote("up")
    assert answer.code == 4, answer.err
    assert "^ 0.0.1" in answer.err
    assert "at most 0.5 read units and 3.0 write units" in answer.err
    assert "Apply 0.0.1 in" in answer.error
    assert not any("country" in item for item in remote.items())
    assert remote("status").out == "0.0.0\n"


def test_a_function_of_eight_seconds_carries_a_migration_that_needs_three_of_them(remote: RemoteStory) -> None:
    remote.people(1)
    remote.write("migrations/0.0.1_sleeps.py", SLEEPS)
    remote.deployed(timeout_seconds=8)
    answer = remote("up", "--yes")
    assert answer.code == 0, answer.err
    assert "0.0.1 sleeps is applied" in answer.err
    attempts = [kind for kind in remote.attempts("0.0.1") if kind in ("started", "resumed")]
    assert len(attempts) >= 3, answer.err
    assert "(once)" in answer.err  # progress names the step


def test_killed_in_the_middle_of_a_step_it_goes_on(remote: RemoteStory) -> None:
    remote.people(1)
    remote.write("migrations/0.0.1_hangs.py", HANGS)
    remote.deployed(timeout_seconds=10)
    answer = remote("up", "--yes")
    assert answer.code == 0, answer.err
    assert "Task timed out after 10.00 seconds" in answer.err
    tries = next(item for item in remote.items() if item["pk"]["S"] == "tries")
    assert int(tries["n"]["N"]) >= 2
    attempts = remote.attempts("0.0.1")
    assert (attempts[0], attempts[-1]) == ("started", "applied")
    assert set(attempts[1:-1]) == {"resumed"}


def test_a_dry_run_over_ten_migrations_writes_nothing(remote: RemoteStory) -> None:
    remote.people(3)
    for number in range(1, 11):
        remote.write(f"migrations/0.0.{number}_write.py", ADD.replace("country", f"country{number}"))
    remote.deployed()
    before = len(remote.strict.journal)
    answer = remote("all", "--dry-run", "--json")
    assert answer.code == 0, answer.err
    assert [each["version"] for each in answer.json["migrations"]] == [f"0.0.{number}" for number in range(1, 11)]
    assert all(each["steps"][0]["operation"] == "add" for each in answer.json["migrations"])
    assert remote.changed(before) == set()
    assert remote.strict.journal.of("DescribeTable")  # the function reads through the journal
    assert remote("all", "--yes").code == 0
    assert {"CreateTable", "PutItem", "TransactWriteItems"} <= remote.changed(before)  # so that the check can fail


HANGING_BACKFILL = '''
"""Hangs in the middle of a page of a backfill when it is first called, until the function is killed."""

import os
import time


def up(m):
    m.table("users").backfill(slow)


def slow(item):
    item["country"] = "CH"
    if item["pk"] == "user-00002" and not os.path.exists(MARK):
        open(MARK, "w").close()
        time.sleep(3600)
    return item


MARK = "{mark}"
'''


def test_killed_in_the_middle_of_a_page_it_goes_on(remote: RemoteStory) -> None:
    """The job that was killed is held by the lock of the migrations: nobody waits for its lease."""
    remote.people(5)
    mark = Path(tempfile.gettempdir()) / f"dynasmith-mark-{uuid.uuid4().hex}"
    remote.write("migrations/0.0.1_hangs.py", HANGING_BACKFILL.replace("{mark}", str(mark)))
    remote.deployed(timeout_seconds=10)
    try:
        answer = remote("up", "--yes")
    finally:
        mark.unlink(missing_ok=True)
    assert answer.code == 0, answer.err
    assert "Task timed out" in answer.err
    assert all(item["country"] == {"S": "CH"} for item in remote.items())
    attempts = remote.attempts("0.0.1")
    assert (attempts[0], attempts[-1]) == ("started", "applied")
    assert "resumed" in attempts
