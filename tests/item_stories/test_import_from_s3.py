"""populate --by import and --by bulk: the service reads the files."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import gsi, table
from dynasmith import Consent, Project
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory
from item_stories.s3_kit import S3Story

LINES = b'{"Item":{"pk":{"S":"a"},"n":{"N":"1"}}}\n{"Item":{"pk":{"S":"b"}}}\n'


@pytest.fixture
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose clock moves towards what somebody waits for."""
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        yield server


@pytest.fixture
def s3(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Story]:
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_MAX", 0.05)
    monkeypatch.setattr("dynasmith.engine.transfer.service_job.POLL_SECONDS_FIRST", 0.01)
    made = S3Story(story, 5)
    yield made
    made.close()


def defined(s3: S3Story, **more: Any) -> None:
    s3.story.define(table("users_v2", **more))


def imported(s3: S3Story, prefix: str, *words: str, name: str = "users_v2") -> Any:
    return s3.story("populate", name, s3.place(prefix), "--create", "--by", "import", "--yes", "--json", *words)


def put(s3: S3Story, key: str, content: bytes) -> None:
    s3.s3.put_object(Bucket=s3.bucket, Key=key, Body=content)


def test_an_export_becomes_a_table_as_it_is_defined(s3: S3Story) -> None:
    s3.made("daily")
    defined(
        s3,
        tags={"team": "a"},
        time_to_live={"enabled": True, "attribute": "ends"},
        global_secondary_indexes=[gsi("by_name", "name")],
        deletion_protection=True,
        point_in_time_recovery={"enabled": True},
    )
    answer = imported(s3, "daily")
    assert answer.code == 0, answer.err + answer.out
    document = answer.json
    assert (document["state"], document["import_status"], document["imported_items"]) == ("done", "COMPLETED", 5)
    assert (document["read"], document["written"], document["dead"], document["problems"]) == (5, 5, 0, [])
    assert s3.story.digest("users_v2") == s3.story.digest("users")
    assert s3.story("plan", "users_v2", "--json").json["tables"][0]["changes"] == []
    assert s3.calls("BatchWriteItem") == 0
    s3.client.update_table(TableName="users_v2", DeletionProtectionEnabled=False)


@pytest.mark.parametrize("packing", ["none", "gzip"])
def test_files_of_dynamodb_json_and_csv(s3: S3Story, packing: str) -> None:
    pack = gzip.compress if packing == "gzip" else bytes
    put(s3, "in/items.json", pack(LINES))
    put(s3, "csv/items.csv", pack(b"a;1\nb;2\n"))
    defined(s3)
    assert imported(s3, "in", "--compress", packing).code == 0
    assert {item["pk"]["S"] for item in s3.story.items("users_v2")} == {"a", "b"}
    s3.client.delete_table(TableName="users_v2")
    s3.clock.advance(minutes=1)
    words = ["--format", "csv", "--delimiter", ";", "--headers", "pk,n", "--compress", packing]
    answer = imported(s3, "csv", *words)
    assert answer.code == 0, answer.out
    assert {item["n"]["S"] for item in s3.story.items("users_v2")} == {"1", "2"}


def test_items_that_fail_are_counted_and_their_errors_shown(s3: S3Story) -> None:
    put(s3, "in/items.json", LINES + b'{"Item":{"n":{"N":"1"}}}\nnothing\n')
    defined(s3, tags={"team": "a"})
    answer = imported(s3, "in")
    assert answer.code == 3, answer.err
    document = answer.json
    assert (document["written"], document["dead"], document["error_count"]) == (2, 2, 2)
    assert "log-group" in document["errors_at"]
    assert len(document["first_errors"]) == 2
    assert "in/items.json, item" in document["first_errors"][0]
    assert s3.client.list_tags_of_resource(ResourceArn=_arn(s3))["Tags"] == [{"Key": "team", "Value": "a"}]


def _arn(s3: S3Story) -> str:
    return str(s3.client.describe_table(TableName="users_v2")["Table"]["TableArn"])


def test_not_waited_for_and_gone_on_with_it_is_one_import(s3: S3Story) -> None:
    put(s3, "in/items.json", LINES)
    defined(s3, tags={"team": "a"})
    begun = imported(s3, "in", "--no-wait")
    assert (begun.code, begun.json["import_status"]) == (0, "IN_PROGRESS")
    again = imported(s3, "in")
    assert (again.code, again.json["id"], again.json["state"]) == (0, begun.json["id"], "done"), again.out
    assert s3.calls("ImportTable") == 1
    shown = s3.story("jobs", "show", again.json["import_arn"], "--json").json
    assert (shown["kind"], shown["imported"]) == ("import", 2)


def test_a_kill_after_the_request_never_begins_a_second_import(s3: S3Story, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3, "in/items.json", LINES)
    defined(s3)

    def killed(*_: Any) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr("dynasmith.engine.transfer.service_job.keep_arn", killed)
        with pytest.raises(BaseException):  # noqa: B017, PT011  # whatever ends a process
            imported(s3, "in")
    answer = s3.story("jobs", "resume", "last", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["written"] == 2
    assert len(s3.client.list_imports()["ImportSummaryList"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["users_v2", "BUCKET/in", "--by", "import"], 2, "makes a new table"),
        (["users", "BUCKET/in", "--by", "import", "--create"], 1, "exists"),
        (["unknown", "BUCKET/in", "--by", "import", "--create"], 2, "No definition has a table unknown"),
        (["users_v2", "BUCKET/nothing", "--by", "import", "--create"], 2, "holds no object"),
        (["users_v2", "s3://no-such-bucket-here/x", "--by", "import", "--create"], 1, "does not exist"),
        (["users_v2", "BUCKET/in", "--by", "import", "--create", "--format", "tsv"], 2, "not tsv"),
        (["users_v2", "BUCKET/in", "--by", "import", "--create", "--delimiter", ";"], 2, "are of CSV"),
        (
            ["users_v2", "BUCKET/in", "--by", "import", "--create", "--format", "csv", "--delimiter", "#"],
            2,
            "is not a delimiter",
        ),
        (["users_v2", "BUCKET/in", "--by", "import", "--create", "--filter", "n = 1"], 2, "filter cannot be used"),
        (
            ["users_v2", "BUCKET/in", "--by", "import", "--create", "--max-write-units", "5"],
            2,
            "max_write_units cannot",
        ),
        (["users_v2", "BUCKET/in", "--by", "import", "--create", "--error-bucket", "s3://b/x"], 2, "error_bucket"),
        (["users_v2", "items.json", "--by", "import", "--create"], 2, "reads from one place in S3"),
        (["users_v2", "BUCKET/in", "--compress", "gzip"], 2, "compress does nothing"),
        (["users_v2", "BUCKET/in", "--headers", "a,b"], 2, "headers does nothing"),
        (["users_v2", "BUCKET/in", "--no-wait"], 2, "wait does nothing"),
        (["users_v2", "BUCKET/in", "--wait-timeout", "1m"], 2, "wait_timeout does nothing"),
        (["users", "BUCKET/in", "--by", "bulk", "--create"], 2, "needs a table that exists"),
        (["users", "BUCKET/in", "--by", "bulk", "--error-bucket", "here"], 2, "not a place in S3"),
        (["users", "BUCKET/in", "--by", "bulk"], 1, "it needs botocore 1.44"),
    ],
)
def test_bad_input_is_one_sentence_and_begins_nothing(s3: S3Story, words: list[str], code: int, sentence: str) -> None:
    put(s3, "in/items.json", LINES)
    s3.story.define(table("users_v2"), table("users"))
    answer = s3.story("populate", *(word.replace("BUCKET", f"s3://{s3.bucket}") for word in words), "--yes")
    assert answer.code == code, answer.err
    assert sentence in answer.error
    assert answer.hint
    assert s3.calls("ImportTable") == 0
    assert s3.story("jobs", "list", "--json").json == []


def test_what_an_import_cannot_make(s3: S3Story) -> None:
    put(s3, "in/items.json", LINES)
    defined(
        s3,
        attributes=[{"name": each, "type": "S"} for each in ("pk", "sk", "at")],
        key_schema=[
            {"attribute_name": "pk", "key_type": "HASH"},
            {"attribute_name": "sk", "key_type": "RANGE"},
        ],
        local_secondary_indexes=[
            {
                "name": "by_at",
                "key_schema": [
                    {"attribute_name": "pk", "key_type": "HASH"},
                    {"attribute_name": "at", "key_type": "RANGE"},
                ],
            }
        ],
    )
    answer = imported(s3, "in")
    assert answer.code == 2
    assert "makes no local secondary index, and users_v2 has by_at" in answer.json["error"]["message"]


def test_consent_is_asked_for_and_a_dry_run_sends_nothing(s3: S3Story) -> None:
    s3.made("daily")
    defined(s3)
    place = s3.place("daily")
    assert s3.story("populate", "users_v2", place, "--create", "--by", "import").code == 4
    dry = s3.story("populate", "users_v2", place, "--create", "--by", "import", "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert (dry.json["items"], s3.calls("ImportTable")) == (5, 0)
    assert "would be created" in dry.json["notes"][0]


def test_what_failed_is_begun_anew(s3: S3Story) -> None:
    put(s3, "in/items.json", LINES)
    defined(s3)
    answer = imported(s3, "in", "--compress", "gzip")
    assert answer.code == 1, answer.out
    assert "FAILED" in answer.json["error"]["message"]
    assert "delete users_v2 if the import made it" in answer.json["error"]["hint"]
    s3.client.delete_table(TableName="users_v2")
    s3.clock.advance(minutes=1)
    assert imported(s3, "in", "--compress", "gzip").code == 1
    assert s3.calls("ImportTable") == 2


NEWER = os.environ.get("DYNASMITH_NEWER_BOTOCORE", "")
"""A folder with botocore 1.44.8 or newer, installed with ``pip install --target``."""


@pytest.mark.skipif(not NEWER, reason="DYNASMITH_NEWER_BOTOCORE names no botocore that knows bulk writes")
def test_the_requests_of_a_bulk_write_have_the_shapes_of_botocore() -> None:
    """Nothing is sent: the parameters are validated against the model, and replies are stubbed."""
    script = Path(__file__).with_name("bulk_shapes.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": NEWER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "COMPLETED_WITH_ERRORS"


def test_a_client_that_only_reads_sends_no_bulk_write(s3: S3Story, tmp_path: Path) -> None:
    from dynasmith.aws.data.allow_list import own_call_reads

    assert not own_call_reads("dynamodb", "StartBulkPutItems", {})
    assert not own_call_reads("dynamodb", "CancelBulkOperation", {})
    assert not own_call_reads("dynamodb", "ImportTable", {})
    assert not own_call_reads("dynamodb", "ExportTableToPointInTime", {})
    assert own_call_reads("dynamodb", "DescribeBulkOperation", {})
    assert own_call_reads("dynamodb", "ListImports", {})
    put(s3, "in/items.json", LINES)
    s3.story.define(table("users_v2"))
    with Project.load(
        tmp_path, endpoint=s3.story.endpoint, region="us-east-1", access_key=s3.story.account, secret_key="secret"
    ) as project:
        report = project.populate(
            "users_v2", s3.place("in"), create_target=True, by="import", consent=Consent(yes=True)
        )
        assert report.service is not None
        assert (report.counts.written, report.service.fields["imported_items"]) == (2, 2)
