"""backup restore --prove s3://...: each item is compared with an export by the service of the same second."""

from collections.abc import Iterator

import pytest

from item_stories.kit import ItemStory
from item_stories.s3_kit import S3Story


@pytest.fixture
def s3(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Story]:
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_MAX", 0.02)
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_FIRST", 0.01)
    made = S3Story(story, people=12)
    yield made
    made.close()


def _delete(s3: S3Story, number: int) -> None:
    s3.client.delete_item(TableName="users", Key={"pk": {"S": f"user-{number:05}"}})


def test_a_time_and_a_backup_are_proved_exactly(s3: S3Story) -> None:
    then = s3.now()
    assert s3.story("backup", "create", "users", "--name", "kept").code == 0
    s3.clock.advance(minutes=10)
    _delete(s3, 1)
    for number, source in enumerate((["--table", "users", "--at", then], ["kept"])):
        words = ["backup", "restore", *source, "--target", f"users-{number}", "--prove", s3.place(f"proof-{number}")]
        dry = s3.story(*words, "--dry-run")
        assert (dry.code, s3.listed(f"proof-{number}")) == (0, []), dry.err
        answer = s3.story(*words, "--yes", "--json")
        assert answer.code == 0, answer.err + answer.out
        report = answer.json
        assert (report["verified"], report["equal"], report["items_found"]) == ("exact", True, 12), report
        assert any(key.endswith("manifest-summary.json") for key in s3.listed(f"proof-{number}"))
    assert s3.calls("ExportTableToPointInTime") == 2


def test_an_export_that_is_there_is_compared_and_differs(s3: S3Story) -> None:
    s3.made("before")
    _delete(s3, 1)
    assert s3.story("backup", "create", "users", "--name", "later").code == 0
    words = ["backup", "restore", "later", "--target", "users-2", "--yes", "--json", "--prove"]
    answer = s3.story(*words, s3.place("before"))
    assert (answer.code, answer.json["verified"], answer.json["equal"]) == (3, "exact", False), answer.err
    assert "1 keys differ from s3://" in answer.json["why"]
    assert s3.calls("ExportTableToPointInTime") == 1


def test_a_stopped_proof_waits_for_the_same_export(s3: S3Story, monkeypatch: pytest.MonkeyPatch) -> None:
    then = s3.now()
    s3.clock.advance(minutes=10)

    def killed(*_: object) -> None:
        raise SystemExit(9)

    words = ["backup", "restore", "--table", "users", "--at", then, "--target", "users-2"]
    with monkeypatch.context() as patched:
        patched.setattr("dynasmith.engine.transfer.service_job.keep_arn", killed)
        with pytest.raises(BaseException):  # noqa: B017, PT011  # whatever ends a process
            s3.story(*words, "--prove", s3.place("proof"), "--yes")
    answer = s3.story("backup", "restore", "--target", "users-2", "--resume", "--json")
    assert (answer.code, answer.json["verified"], answer.json["equal"]) == (0, "exact", True), answer.err
    assert len(s3.client.list_exports()["ExportSummaries"]) == 1


@pytest.mark.parametrize(
    ("place", "code", "sentence"),
    [
        ("s3://no-such-bucket-here/proof", 1, "Bucket no-such-bucket-here does not exist."),
        ("s3://", 2, "names no bucket"),
        ("BUCKET/changes", 2, "is an incremental export"),
    ],
)
def test_a_place_that_proves_nothing_is_refused_before_anything(
    s3: S3Story, place: str, code: int, sentence: str
) -> None:
    begun = s3.now()
    s3.clock.advance(minutes=20)
    if "changes" in place:
        s3.made("changes", "--incremental", f"{begun}..{s3.now()}")
    assert s3.story("backup", "create", "users", "--name", "kept").code == 0
    asked = place.replace("BUCKET", f"s3://{s3.bucket}")
    answer = s3.story("backup", "restore", "kept", "--target", "users-2", "--yes", "--prove", asked)
    assert (answer.code, sentence in answer.error) == (code, True), answer.err
    assert s3.calls("RestoreTableFromBackup") == 0


def test_a_table_without_recovery_or_gone_has_no_export_to_make(s3: S3Story) -> None:
    assert s3.story("backup", "create", "users", "--name", "kept").code == 0
    words = ["backup", "restore", "kept", "--target", "users-2", "--yes", "--prove", s3.place("proof")]
    off = {"PointInTimeRecoveryEnabled": False}
    s3.client.update_continuous_backups(TableName="users", PointInTimeRecoverySpecification=off)
    answer = s3.story(*words)
    assert (answer.code, "point-in-time recovery of table users is off" in answer.error) == (2, True), answer.err
    s3.client.delete_table(TableName="users")
    s3.clock.advance(minutes=5)
    answer = s3.story(*words)
    assert (answer.code, "table users is gone" in answer.error) == (2, True), answer.err
