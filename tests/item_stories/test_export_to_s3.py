"""export to S3: the service exports, and what it wrote is looked at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory
from item_stories.s3_kit import S3Story


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock moves towards what somebody waits for."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server


@pytest.fixture
def s3(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Story]:
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_MAX", 0.02)
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_FIRST", 0.01)
    made = S3Story(story)
    yield made
    made.close()


def test_a_full_export_is_waited_for_and_checked(s3: S3Story) -> None:
    document = s3.made("daily")
    assert (document["state"], document["export_status"], document["item_count"]) == ("done", "COMPLETED", 40)
    assert document["checked"] == {"manifests": True, "files": 1, "etags": 1, "items": 40}
    assert (document["problems"], document["read_units"]) == ([], 0.0)
    assert s3.summary(document)["exportArn"] == document["export_arn"]
    shown = s3.story("jobs", "show", document["export_arn"], "--json").json
    assert (shown["kind"], shown["status"], shown["item_count"]) == ("export", "COMPLETED", 40)
    assert s3.calls("Scan") == 0


def test_a_person_reads_what_was_done(s3: S3Story) -> None:
    answer = s3.story("export", "users", s3.place("daily"))
    assert answer.code == 0, answer.err
    assert "export: 40 items" in answer.err
    assert "Checked: both manifests, 1 data file, 1 checksum." in answer.err


def test_an_export_of_a_time_and_one_of_changes(s3: S3Story) -> None:
    then = s3.now()
    s3.clock.advance(minutes=20)
    s3.client.delete_item(TableName="users", Key={"pk": {"S": "user-00001"}})
    s3.clock.advance(minutes=20)
    assert s3.made("then", "--at", then)["item_count"] == 40
    assert s3.made("now")["item_count"] == 39
    window = f"{then}..{s3.now()}"
    changes = s3.made("changes", "--incremental", window)
    assert (changes["item_count"], s3.summary(changes)["exportType"]) == (1, "INCREMENTAL_EXPORT")
    assert s3.made("some", "--filter", "begins_with(pk, 'user-0000')")["item_count"] == 9


def test_a_limit_of_waiting_and_a_key(s3: S3Story) -> None:
    s3.story.served.auto_advance = False
    words = ["--wait-timeout", "1s", "--kms-key", "alias/mine", "--bucket-owner", s3.story.account]
    answer = s3.export("daily", *words)
    begun = answer.json
    assert (answer.code, begun["export_status"], begun["state"]) == (3, "IN_PROGRESS", "interrupted")
    assert "Not there yet" in begun["problems"][0]
    described = s3.client.describe_export(ExportArn=begun["export_arn"])["ExportDescription"]
    assert (described["S3SseAlgorithm"], described["S3SseKmsKeyId"]) == ("KMS", "alias/mine")
    assert described["S3BucketOwner"] == s3.story.account


def test_not_waited_for_it_is_waited_for_later_and_is_one_export(s3: S3Story) -> None:
    begun = s3.made("daily", "--no-wait")
    assert (begun["state"], begun["export_status"]) == ("interrupted", "IN_PROGRESS")
    assert any("jobs show" in note for note in begun["notes"])
    resumed = s3.story("jobs", "resume", "last", "--json")
    assert resumed.code == 0, resumed.err
    assert (resumed.json["id"], resumed.json["export_arn"]) == (begun["id"], begun["export_arn"])
    assert (resumed.json["state"], s3.calls("ExportTableToPointInTime")) == ("done", 1)
    assert s3.made("daily")["id"] != begun["id"]  # that one is done: this is a new export, beside it


def test_the_same_command_goes_on_with_what_was_begun(s3: S3Story) -> None:
    begun = s3.made("daily", "--no-wait")
    again = s3.made("daily")
    assert (again["id"], again["export_arn"], again["state"]) == (begun["id"], begun["export_arn"], "done")
    assert s3.calls("ExportTableToPointInTime") == 1


@pytest.mark.parametrize("lost", ["the reply", "the job's record"])
def test_a_kill_around_the_request_never_begins_a_second_export(
    s3: S3Story, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The request was sent, and nothing is known of it: the token finds it again, also after its eight hours."""

    def killed(*_: Any) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr("dynasmith.engine.transfer.service_job.keep_arn", killed)
        with pytest.raises(BaseException):  # noqa: B017, PT011  # whatever ends a process
            s3.story("export", "users", s3.place("daily"))
    if lost == "the job's record":
        s3.clock.advance(hours=9)
        monkeypatch.setattr("dynasmith.engine.transfer.service_job._token_may_be_over", lambda *_: True)
    document = s3.made("daily")
    assert (document["state"], document["item_count"]) == ("done", 40)
    assert len(s3.client.list_exports()["ExportSummaries"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence", "hint"),
    [
        (["s3://no-such-bucket-here/daily"], 1, "Bucket no-such-bucket-here does not exist.", "make the bucket"),
        (["s3://"], 2, "names no bucket", "s3://bucket/prefix"),
        (["BUCKET/daily", "--bucket-owner", "999999999999"], 1, "is not one of account 999999999999", "statements"),
        (["BUCKET/full"], 2, "holds files already, such as notes.txt", "another prefix"),
        (["BUCKET/daily", "--at", "2026-11-20T10:15:00"], 2, "has no offset", "2026-11-20T10:15:00Z"),
        (["BUCKET/daily", "--at", "yesterday"], 2, "is not a time", "2026-11-20T10:15:00Z"),
        (["BUCKET/daily", "--incremental", "2026-11-20T10:15:00Z"], 2, "is not a window", "FROM..TO"),
        (
            ["BUCKET/daily", "--incremental", "2026-11-20T10:15:00Z..2026-11-20T10:16:00Z"],
            2,
            "15 minutes to 24 hours",
            "another window",
        ),
        (["BUCKET/daily", "--format", "csv"], 2, "not as csv", "folder"),
        (["BUCKET/daily", "--split-bytes", "5000"], 2, "split_bytes is of an export to files", "remove"),
        (["BUCKET/daily", "--segments", "4"], 2, "segments is of an export to files", "remove"),
        (["./files", "--kms-key", "alias/mine"], 2, "kms_key is of an export to S3", "remove"),
        (["./files", "--format", "ion"], 2, "ion is a format of the service", "s3://"),
        (["-", "--at", "2026-11-20T10:15:00Z"], 2, "--at is of an export to S3", "remove --at"),
    ],
)
def test_bad_input_is_one_sentence_and_begins_nothing(
    s3: S3Story, words: list[str], code: int, sentence: str, hint: str
) -> None:
    s3.s3.put_object(Bucket=s3.bucket, Key="full/notes.txt", Body=b"mine")
    answer = s3.story("export", "users", *(word.replace("BUCKET", f"s3://{s3.bucket}") for word in words))
    assert answer.code == code, answer.err
    assert sentence in answer.error
    assert hint in answer.hint
    assert s3.calls("ExportTableToPointInTime") == 0
    assert s3.story("jobs", "list", "--json").json == []


def test_a_table_without_recovery_and_a_time_outside_of_it(s3: S3Story) -> None:
    s3.story.make("bare")
    answer = s3.story("export", "bare", s3.place("daily"))
    assert answer.code == 2
    assert "has no point-in-time recovery" in answer.error
    for words in (("--at", "2020-01-01T00:00:00Z"), ("--at", "2090-01-01T00:00:00Z")):
        outside = s3.story("export", "users", s3.place("daily"), *words)
        assert outside.code == 2, outside.err
        assert re.search(
            r"exported as it was from 20\d\d-\d\d-\d\dT[\d:.]+Z to now, and not at " + words[1], outside.error
        )
    assert s3.story("export", "users", s3.place("daily"), "--at", "2020-01-01T00:00:00Z", "--dry-run").code == 2
    assert s3.story("export", "absent", s3.place("daily")).code == 1


def test_an_export_of_nothing_although_there_are_items_is_a_failure(
    s3: S3Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> list[bytes]:
        return []

    monkeypatch.setattr("dynasmith.strict.services.export.full_records", nothing)
    answer = s3.export("daily")
    assert (answer.code, answer.json["item_count"]) == (3, 0)
    assert "holds no item, and the table has items now" in answer.json["problems"][0]
    for item in s3.story.items("users"):
        s3.client.delete_item(TableName="users", Key={"pk": item["pk"]})
    s3.clock.advance(hours=1)
    assert s3.export("empty").code == 0


@pytest.mark.parametrize("damage", ["a file is gone", "a file is another", "the list is cut", "the summary is cut"])
def test_what_the_service_wrote_is_looked_at(s3: S3Story, damage: str) -> None:
    begun = s3.made("daily", "--no-wait")
    s3.clock.advance(minutes=10)
    s3.client.describe_export(ExportArn=begun["export_arn"])
    data = next(key for key in s3.listed() if "/data/" in key)
    folder = data.partition("/data/")[0]
    if damage == "a file is gone":
        s3.s3.delete_object(Bucket=s3.bucket, Key=data)
    elif damage == "a file is another":
        s3.change(data, lambda content: content + b"more")
    elif damage == "the list is cut":
        s3.change(f"{folder}/manifest-files.json", lambda _: b"\n")
    else:
        s3.change(f"{folder}/manifest-summary.json", lambda content: content[:40])
    answer = s3.story("jobs", "resume", "last")
    assert answer.code == 1, answer.err
    assert any(word in answer.error for word in ("lacks", "not the file", "cut or damaged")), answer.error


def test_what_failed_is_begun_anew(s3: S3Story) -> None:
    begun = s3.made("daily", "--no-wait")
    s3.clock.advance(minutes=10)
    s3.client.describe_export(ExportArn=begun["export_arn"])
    s3.s3.delete_object(Bucket=s3.bucket, Key=next(key for key in s3.listed() if "/data/" in key))
    assert s3.export("daily").code == 1
    again = s3.made("daily")
    assert (again["id"], again["state"]) == (begun["id"], "done")
    assert again["export_arn"] != begun["export_arn"]


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGINT"])
def test_a_process_that_ends_while_it_waits_leaves_one_export(s3: S3Story, signal: str) -> None:
    import signal as signals
    import time

    s3.story.served.auto_advance = False
    process = s3.story.spawn("export", "users", s3.place("daily"))
    ends = time.monotonic() + 120
    while not s3.calls("DescribeExport") and time.monotonic() < ends:
        time.sleep(0.02)
    process.send_signal(getattr(signals, signal))
    _, said = process.communicate(timeout=120)
    if signal == "SIGINT":
        assert process.returncode == 130, said
        assert "dynasmith jobs resume export-" in said
    s3.story.served.auto_advance = True
    again = s3.made("daily")
    assert (again["state"], again["item_count"], s3.calls("ExportTableToPointInTime")) == ("done", 40, 1)
    assert [job["id"] for job in s3.story("jobs", "list", "--json").json] == [again["id"]]


def test_all_missing_permissions_are_named_at_once(s3: S3Story) -> None:
    for operation in ("ExportTableToPointInTime", "DescribeExport"):
        s3.story.served.fault(operation, times=None, kind="access-denied")
        answer = s3.story("export", "users", s3.place("daily"))
        assert answer.code == 1
        for action in ("dynamodb:DescribeExport", "s3:PutObject", "s3:ListBucket", "dynamodb:ListExports"):
            assert action in answer.error
            assert action in answer.hint
        s3.story.served.calm()
    assert s3.made("daily")["state"] == "done"
    assert len(s3.client.list_exports()["ExportSummaries"]) == 1


def test_an_engine_that_only_says_completed_is_a_failure(s3: S3Story) -> None:
    """ministack, past the strict endpoint: COMPLETED with a count, and nothing in S3."""
    s3.story.direct.update_continuous_backups(
        TableName="users", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    answer = s3.export("daily", "--endpoint", s3.story.engine)
    assert (answer.code, answer.json["item_count"]) == (3, 40), answer.out
    assert "nothing of it is in S3" in answer.json["problems"][0]


def test_a_job_of_the_service_has_no_pace_and_no_pause(s3: S3Story) -> None:
    begun = s3.made("daily", "--no-wait")
    for words in (["pause", begun["id"]], ["pace", begun["id"], "--max-write-units", "5"]):
        answer = s3.story("jobs", *words)
        assert (answer.code, "waits for the service" in answer.error) == (1, True), answer.err
    assert s3.story("jobs", "cancel", begun["id"]).code == 0
    assert s3.made("daily")["export_arn"] != begun["export_arn"]


@pytest.mark.parametrize("words", [["copy", "PLACE", "users"], ["verify", "users", "PLACE"], ["export", "PLACE", "x"]])
def test_a_place_in_s3_is_not_a_table(s3: S3Story, words: list[str]) -> None:
    answer = s3.story(*(word.replace("PLACE", s3.place("daily")) for word in words), *(["--yes"][: words[0] == "copy"]))
    assert (answer.code, "is a place in S3, not a table" in answer.error) == (2, True), answer.err


def test_retire_does_not_export_to_s3(s3: S3Story) -> None:
    answer = s3.story("retire", "users", "--export", s3.place("last"), "--confirm", "users")
    assert (answer.code, "--no-export" in answer.hint) == (2, True)
    assert s3.story.live() == ["users"]


def test_a_dry_run_sends_nothing(s3: S3Story) -> None:
    answer = s3.export("daily", "--dry-run")
    assert answer.code == 0, answer.err
    assert (s3.listed(), s3.calls("ExportTableToPointInTime")) == ([], 0)
    assert "no read units" in answer.json["notes"][0]


def test_python_has_the_same(s3: S3Story, tmp_path: Path) -> None:
    from dynasmith import Project

    with Project.load(
        tmp_path, endpoint=s3.story.endpoint, region="us-east-1", access_key=s3.story.account, secret_key="secret"
    ) as project:
        report = project.export("users", s3.place("daily"))
        assert report.service is not None
        assert (report.job.state, report.service.fields["item_count"], report.service.problems) == ("done", 40, ())
        arn = report.service.fields["export_arn"]
        assert project.jobs.of_service(str(arn))["status"] == "COMPLETED"
    assert json.dumps(report.to_json())
