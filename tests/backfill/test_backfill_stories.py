"""dynasmith backfill and jobs undo through the door: words, codes, JSON, a process that is really killed."""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backfill.kit import canonical
from cli.story import Story, clean_shell, new_account
from dynasmith.files.ledger import FolderLedger
from flow.buckets import a_bucket, keys_of
from flow.kit import fill

SHAPE = """\
version: 1
operations:
  - {add: country, value: CH}
  - {rename: name, to: full_name}
"""
TABLE = "people"


@pytest.fixture
def story(
    ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Story]:
    """A folder with an operations file and a table of 120 items."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    account = new_account()
    for name, value in (
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", ministack_endpoint),
        ("AWS_ACCESS_KEY_ID", account),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ):
        monkeypatch.setenv(name, value)
    told = Story(tmp_path, ministack_endpoint, account, capsys)
    (tmp_path / "shape.yaml").write_text(SHAPE)
    direct = told.client
    direct.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    fill(direct, TABLE, 120)
    yield told
    direct.delete_table(TableName=TABLE)
    told.close()


def items(story: Story) -> dict[str, bytes]:
    return canonical(story.client, TABLE)


def backfill(story: Story, *words: str) -> Any:
    return story("backfill", TABLE, "--transform", "shape.yaml", *words)


def test_from_the_dry_run_to_the_undo(story: Story) -> None:
    before = items(story)
    dry = backfill(story, "--dry-run")
    assert dry.code == 0
    assert "120 of 120 items would change" in dry.out
    assert "country: changed in 120 of 120 items" in dry.out
    assert '+ country = "CH"' in dry.out
    assert "Dry run: nothing was written." in dry.out
    assert items(story) == before
    assert backfill(story, "--check").code == 3

    refused = backfill(story)
    assert refused.code == 4
    assert refused.hint == "add --yes"
    assert items(story) == before

    done = backfill(story, "--yes", "--json")
    assert done.code == 0, done.err
    report = done.json
    assert (report["verb"], report["state"], report["written"], report["unchanged"]) == ("backfill", "done", 120, 0)
    job = report["id"]
    assert backfill(story, "--check").code == 0
    again = backfill(story, "--yes")
    assert "120 read, 0 written, 120 unchanged" in again.err
    assert "jobs undo" not in again.err

    estimate = story("jobs", "undo", job, "--dry-run", "--json").json
    assert (estimate["items"], estimate["write_units"]) == (120, 120.0)
    assert story("jobs", "undo", job).code == 4
    undone = story("jobs", "undo", job, "--yes")
    assert undone.code == 0, undone.err
    assert "120 put back" in undone.err
    assert items(story) == before
    assert [entry["verb"] for entry in story("jobs", "list", "--json").json] == ["backfill", "backfill", "undo"]


def test_the_dry_run_of_a_careful_run_counts_what_that_would_do(story: Story) -> None:
    some = backfill(story, "--dry-run", "--limit", "30", "--json").json
    assert (some["changed"], some["changed_error"], some["counted"]) == (30, 0, True)
    assert (some["items"], some["write_units"]) == (30, 30.0)
    assert some["notes"] == ["the limit ends it after 30 changed items; in all 120 would change"]
    shown = backfill(story, "--dry-run", "--limit", "30")
    assert "30 of 30 items would change" in shown.out
    many = backfill(story, "--dry-run", "--limit", "500", "--json").json
    assert (many["changed"], many["items"], many["notes"]) == (120, 120, [])
    canary = backfill(story, "--dry-run", "--canary", "10%", "--json").json
    assert (canary["changed"], canary["items"], canary["counted"]) == (12, 12, False)
    assert canary["write_units"] == 12.0
    assert canary["notes"] == ["the canary stops after about 12 of 120 items; in all 120 would change"]
    both = backfill(story, "--dry-run", "--canary", "50%", "--limit", "20", "--json").json
    assert (both["changed"], both["items"]) == (20, 20)
    assert backfill(story, "--dry-run", "--canary", "200%").code == 2
    assert backfill(story, "--yes", "--limit", "30", "--json").json["written"] == some["changed"]
    rest = backfill(story, "--dry-run", "--canary", "50%", "--json").json
    assert (rest["items"], rest["changed"]) == (60, 45)
    assert 0 < rest["changed_error"] < 15


def test_one_of_a_thing_is_said_as_one(story: Story) -> None:
    for number in range(1, 120):
        story.client.delete_item(TableName=TABLE, Key={"pk": {"S": f"item-{number:05d}"}})
    said = [backfill(story, "--dry-run", "--sample", "1"), backfill(story, "--dry-run"), backfill(story, "--check")]
    (story.folder / "one.yaml").write_text(SHAPE + "  - {remove: number}\n  - {remove: tags}\n  - {remove: more}\n")
    said.append(story("backfill", TABLE, "--transform", "one.yaml", "--dry-run"))
    said.append(story("backfill", TABLE, "--transform", "one.yaml", "--yes"))
    [job] = [entry["id"] for entry in story("jobs", "list", "--json").json]
    said += [story("jobs", "undo", job, "--dry-run"), story("jobs", "undo", job, "--yes")]
    text = "\n".join(answer.out + answer.err for answer in said)
    assert "1 of 1 item would change" in text
    assert "(1 attribute stays as it is)" in text
    assert "1 change would be put back." in text
    assert "1 put back" in text
    assert "1 item: 0 have the new shape, 1 does not." in text
    several = "items|attributes|changes|read units|write units|frames"
    assert re.findall(rf"(?<![\d,.])1 (?:{several})\b", text) == []


def test_a_cut_journal_is_told_by_the_dry_run_of_an_undo(story: Story) -> None:
    job = backfill(story, "--yes", "--json").json["id"]
    whole = story("jobs", "undo", job, "--dry-run")
    assert "damaged" not in whole.out
    for path in (story.folder / ".dynasmith" / "journal" / job).iterdir():
        if path.name != "journal.json":
            content = path.read_bytes()
            path.write_bytes(content[: len(content) // 2])
    dry = story("jobs", "undo", job, "--dry-run")
    assert dry.code == 0
    lost = story("jobs", "undo", job, "--dry-run", "--json").json["damaged_frames"]
    assert lost > 0
    noun = "1 frame of the journal is" if lost == 1 else f"{lost} frames of the journal are"
    assert f"{noun} missing or damaged: what the job wrote there cannot be put back." in dry.out
    assert list(story.folder.glob(".dynasmith/jobs/*/dead.jsonl")) == []
    undone = story("jobs", "undo", job, "--yes", "--json").json
    assert undone["dead"] == lost


def test_what_others_changed_since_is_left_and_listed(story: Story) -> None:
    job = backfill(story, "--yes", "--json").json["id"]
    story.client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "item-00042"}},
        UpdateExpression="SET country = :c, visits = :v",
        ExpressionAttributeValues={":c": {"S": "FR"}, ":v": {"N": "1"}},
    )
    undone = story("jobs", "undo", job, "--yes")
    assert undone.code == 3
    assert "119 put back" in undone.err
    listed = [
        json.loads(line) for path in story.folder.rglob("dead.jsonl") for line in path.read_text().split("\n") if line
    ]
    [entry] = listed
    assert entry["code"] == "changed"
    assert "item-00042" in entry["reason"]
    assert "country" in entry["reason"]
    assert json.loads(items(story)["item-00042|"])["country"] == {"S": "FR"}


def test_a_canary_waits_and_goes_on(story: Story) -> None:
    first = backfill(story, "--canary", "10%", "--yes")
    assert first.code == 0, first.err
    [job] = [entry["id"] for entry in story("jobs", "list", "--json").json]
    assert f"dynasmith jobs resume {job}" in first.err
    assert story("jobs", "show", job, "--json").json["state"] == "interrupted"
    resumed = story("jobs", "resume", job)
    assert resumed.code == 0, resumed.err
    assert backfill(story, "--check").code == 0
    assert story("jobs", "prune", job, "--yes").code == 0
    assert list(story.folder.glob(".dynasmith/journal/*")) == []


def test_a_journal_that_an_interrupted_undo_needs_is_not_pruned(story: Story) -> None:
    assert backfill(story, "--yes").code == 0
    [job] = [entry["id"] for entry in story("jobs", "list", "--json").json]
    assert story("jobs", "undo", job, "--yes").code == 0
    ledger = FolderLedger(story.folder / ".dynasmith" / "jobs")
    undone = ledger.jobs()[-1]
    half = msgspec.structs.replace(undone, id=f"{undone.id}-half", state="running")
    ledger.begin(half).release()
    refused = story("jobs", "prune", job, "--yes")
    assert refused.code == 1
    assert half.id in refused.error
    assert list(story.folder.glob(".dynasmith/journal/*")) != []
    assert story("jobs", "cancel", half.id).code == 0
    assert story("jobs", "prune", job, "--yes").code == 0


def test_what_cannot_be_meant_is_said(story: Story) -> None:
    assert backfill(story, "--canary", "many", "--yes").code == 2
    assert backfill(story, "--limit", "0", "--yes").code == 2
    both = backfill(story, "--where", "number < 10", "--filter", "number > 1", "--yes")
    assert (both.code, both.hint) == (2, "join two conditions with AND")
    assert story("backfill", "nowhere", "--transform", "shape.yaml", "--yes").code == 1
    missing = story("backfill", TABLE, "--transform", "nothing.yaml", "--yes")
    assert missing.code == 2
    (story.folder / "moves.py").write_text("def key(item):\n    item['pk'] += '!'\n")
    replaced = story("backfill", TABLE, "--transform", "moves:key", "--yes")
    assert replaced.code == 1
    assert "copy the table into a new one" in replaced.hint
    assert story("jobs", "undo", "copy-20261120T101500-1a2b3c", "--yes").code == 1
    (story.folder / "dynasmith.toml").write_text('[jobs]\njournal = "table:undo"\n')
    elsewhere = backfill(story, "--env", "aws", "--yes")
    assert (elsewhere.code, "400 KB" in elsewhere.error) == (2, True)
    (story.folder / "dynasmith.toml").unlink()
    assert story("jobs", "list", "--json").json == []


def test_no_journal_says_so_and_cannot_be_undone(story: Story) -> None:
    done = backfill(story, "--no-journal", "--yes", "--json")
    assert done.code == 0
    assert not (story.folder / ".dynasmith" / "journal").exists()
    undone = story("jobs", "undo", done.json["id"], "--yes")
    assert undone.code == 1
    assert "--no-journal" in undone.hint


def test_operations_that_changed_since_the_job_began_need_a_word(story: Story) -> None:
    backfill(story, "--canary", "10%", "--yes")
    [job] = [str(entry["id"]) for entry in story("jobs", "list", "--json").json]
    file = story.folder / "shape.yaml"
    file.write_text(SHAPE.replace("CH", "AT"))
    refused = story("jobs", "resume", job)
    assert refused.code == 4
    assert refused.error.startswith(f"shape.yaml has changed since job {job} began")
    assert refused.hint.startswith("use --accept-changed-transform to continue")
    assert story("jobs", "show", job, "--json").json["state"] == "interrupted"
    # The old file is the one that the job knows, whenever it was written.
    file.write_text(SHAPE)
    goes_on = story("jobs", "resume", job, "--json")
    assert (goes_on.code, goes_on.json["state"]) == (0, "done")
    assert {json.loads(item)["country"]["S"] for item in items(story).values()} == {"CH"}


def test_changed_operations_that_were_accepted_are_known_from_then_on(story: Story) -> None:
    backfill(story, "--canary", "10%", "--yes")
    [job] = [str(entry["id"]) for entry in story("jobs", "list", "--json").json]
    before = story("jobs", "show", job, "--json").json["parameters"]["transform_digest"]
    (story.folder / "shape.yaml").write_text(SHAPE.replace("CH", "AT"))
    goes_on = story("jobs", "resume", job, "--accept-changed-transform", "--json")
    assert (goes_on.code, goes_on.json["state"]) == (0, "done")
    assert story("jobs", "show", job, "--json").json["parameters"]["transform_digest"] != before
    assert {json.loads(item)["country"]["S"] for item in items(story).values()} == {"CH", "AT"}


def test_killed_twice_it_goes_on_and_is_undone_to_the_byte(story: Story) -> None:
    before = items(story)
    (story.folder / "shape.yaml").write_text(SHAPE)
    words = ("backfill", TABLE, "--transform", "shape.yaml", "--yes", "--batch-size", "10", "--max-write-units", "20")
    process = story.spawn(*words)
    job = kill_when_it_wrote(story, process, 1)
    process = story.spawn("jobs", "resume", job)
    assert kill_when_it_wrote(story, process, 40) == job
    assert story("jobs", "show", job, "--json").json["state"] == "interrupted"
    half = items(story)
    assert 0 < sum(b'"country"' in item for item in half.values()) < 120
    story("jobs", "pace", job, "--max-write-units", "100000")
    resumed = story("jobs", "resume", job, "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.json["read"] == 120
    assert resumed.json["adds_up"]
    assert backfill(story, "--check").code == 0
    assert story("jobs", "undo", job, "--yes").code == 0
    assert items(story) == before


def test_killed_and_undone_without_going_on(story: Story) -> None:
    before = items(story)
    words = ("backfill", TABLE, "--transform", "shape.yaml", "--yes", "--batch-size", "10", "--max-write-units", "20")
    process = story.spawn(*words)
    refused: list[int] = []

    def meanwhile(job: str) -> None:
        refused.append(story("jobs", "undo", job, "--yes").code)

    job = kill_when_it_wrote(story, process, 1, meanwhile)
    assert refused == [5]  # it runs
    undone = story("jobs", "undo", job, "--yes")
    assert undone.code == 0, undone.err
    assert items(story) == before
    assert story("jobs", "show", job, "--json").json["state"] == "cancelled"


def test_jobs_and_journal_in_s3(story: Story) -> None:
    before = items(story)
    jobs, journal = "s3://story-ops/jobs", "s3://story-ops/journal"
    (story.folder / "dynasmith.toml").write_text(f'[jobs]\nledger = "{jobs}"\njournal = "{journal}"\n')
    absent = backfill(story, "--env", "aws", "--yes")
    assert (absent.code, absent.error) == (1, "Bucket story-ops does not exist.")
    assert items(story) == before
    with a_bucket(story.endpoint, "story-ops", story.account) as bucket:
        done = backfill(story, "--env", "aws", "--yes", "--json")
        assert done.code == 0, done.err
        job = done.json["id"]
        assert {key.split("/")[1] for key in keys_of(bucket, "story-ops")} == {job}
        assert [entry["id"] for entry in story("jobs", "list", "--env", "aws", "--json").json] == [job]
        assert story("jobs", "show", job, "--env", "aws", "--json").json["written"] == 120
        assert story("jobs", "undo", job, "--env", "aws", "--dry-run", "--json").json["items"] == 120
        [frame, *_] = [key for key in keys_of(bucket, "story-ops") if key.startswith(f"journal/{job}/") and "/0" in key]
        held = bucket.get_object(Bucket="story-ops", Key=frame)["Body"].read()
        bucket.delete_object(Bucket="story-ops", Key=frame)
        assert story("jobs", "undo", job, "--env", "aws", "--dry-run", "--json").json["damaged_frames"] > 0
        bucket.put_object(Bucket="story-ops", Key=frame, Body=held)
        undone = story("jobs", "undo", job, "--env", "aws", "--yes", "--json")
        assert undone.code == 0, undone.err
        assert items(story) == before
        assert story("jobs", "prune", job, undone.json["id"], "--env", "aws", "--yes").code == 0
        assert keys_of(bucket, "story-ops") == []
    assert not (story.folder / ".dynasmith").exists()


def test_killed_with_jobs_in_s3_another_machine_goes_on(story: Story) -> None:
    before = items(story)
    (story.folder / "dynasmith.toml").write_text(
        '[jobs]\nledger = "s3://story-ops/jobs"\njournal = "s3://story-ops/journal"\n'
    )
    here = ("--env", "aws")
    with a_bucket(story.endpoint, "story-ops", story.account):
        process = story.spawn(
            "backfill", TABLE, "--transform", "shape.yaml", "--yes", *here, "--batch-size", "10",
            "--max-write-units", "10",
        )  # fmt: skip
        refused: list[int] = []

        def meanwhile(job: str) -> None:
            refused.extend(story("jobs", verb, job, *here).code for verb in ("resume", "prune"))

        job = kill_when_it_wrote(story, process, 1, meanwhile, here)
        assert refused == [5, 5]  # it runs
        assert 0 < sum(b'"country"' in item for item in items(story).values()) < 120
        assert story("jobs", "pace", job, *here, "--max-write-units", "100000").code == 0
        resumed = story("jobs", "resume", job, *here, "--json")  # once its lease of 15 s has stood still
        assert resumed.code == 0, resumed.err
        assert (resumed.json["read"], resumed.json["adds_up"]) == (120, True)
        assert backfill(story, *here, "--check").code == 0
        assert story("jobs", "undo", job, *here, "--yes").code == 0
        assert items(story) == before


def kill_when_it_wrote(
    story: Story,
    process: "subprocess.Popen[str]",
    at_least: int,
    meanwhile: Callable[[str], None] = lambda _: None,
    here: tuple[str, ...] = (),
) -> str:
    """kill -9 as soon as the table has so many changed items; the job's id."""
    try:
        while sum(b'"country"' in item for item in items(story).values()) < at_least:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
                raise AssertionError(f"it ended by itself: {process.communicate()[1]}")
        [job] = [entry["id"] for entry in story("jobs", "list", *here, "--json").json if entry["verb"] == "backfill"]
        meanwhile(job)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    return str(job)
