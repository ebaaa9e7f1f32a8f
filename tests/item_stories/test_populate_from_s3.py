"""populate from S3: exports of the service in all their forms, and files as they are on a machine."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.story import table
from dynasmith.strict import StrictServer
from item_stories.kit import ODD, ItemStory, person
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


def populate(s3: S3Story, prefix: str, *words: str, table: str = "users_v2") -> Any:
    return s3.story("populate", table, s3.place(prefix), "--yes", "--json", *words)


def written_export(s3: S3Story, folder: str, lines: list[bytes], ending: str = "json.gz", **summary: Any) -> str:
    """An export as the service writes it, made by hand."""
    content = gzip.compress(b"".join(line + b"\n" for line in lines))
    digest = hashlib.md5(content, usedforsecurity=False)
    key = f"{folder}/data/abc.{ending}"
    listing = {
        "itemCount": len(lines),
        "md5Checksum": base64.b64encode(digest.digest()).decode(),
        "etag": digest.hexdigest(),
        "dataFileS3Key": key,
    }
    about = {"itemCount": len(lines), "manifestFilesS3Key": f"{folder}/manifest-files.json", **summary}
    for name, body in (
        (key, content),
        (f"{folder}/manifest-files.json", json.dumps(listing).encode() + b"\n"),
        (f"{folder}/manifest-summary.json", json.dumps(about).encode()),
    ):
        s3.s3.put_object(Bucket=s3.bucket, Key=name, Body=body)
    return folder


def test_a_full_export_is_equal_by_digest(s3: S3Story) -> None:
    for item in ODD:
        s3.client.put_item(TableName="users", Item=item)
    s3.clock.advance(hours=1)
    s3.made("daily")
    s3.story.make("users_v2")
    answer = populate(s3, "daily")
    assert answer.code == 0, answer.err
    assert answer.json["written"] == 40 + len(ODD)
    assert s3.story.digest("users_v2") == s3.story.digest("users") == answer.json["digest"]
    assert s3.story("verify", "users", "users_v2").code == 0
    assert not list(s3.story.folder.rglob("objects"))


def test_a_full_and_an_incremental_export_are_equal_to_the_changed_table(s3: S3Story) -> None:
    then = s3.now()
    s3.made("full", "--at", then)
    s3.clock.advance(minutes=10)
    for number in range(5, 10):
        s3.client.put_item(TableName="users", Item={**person(number), "name": {"S": "changed"}})
    for number in range(5):
        s3.client.delete_item(TableName="users", Key={"pk": person(number)["pk"]})
    s3.client.put_item(TableName="users", Item=person(77))
    s3.clock.advance(minutes=20)
    s3.made("changes", "--incremental", f"{then}..{s3.now()}")
    s3.story.make("users_v2")
    assert populate(s3, "full").code == 0
    assert s3.story.digest("users_v2") != s3.story.digest("users")
    dry = populate(s3, "changes", "--dry-run")
    assert dry.code == 0, dry.out + dry.err
    assert dry.json["items"] == 11
    answer = populate(s3, "changes")
    assert answer.code == 0, answer.err
    assert (answer.json["read"], answer.json["written"]) == (11, 11)
    assert s3.story.digest("users_v2") == s3.story.digest("users")
    assert populate(s3, "changes").code == 0  # done again it changes nothing
    assert s3.story.digest("users_v2") == s3.story.digest("users")


def test_exports_that_were_copied_to_this_machine(s3: S3Story) -> None:
    then = s3.now()
    s3.made("full", "--at", then)
    s3.client.put_item(TableName="users", Item=person(77))
    s3.client.delete_item(TableName="users", Key={"pk": person(1)["pk"]})
    s3.clock.advance(minutes=20)
    s3.made("changes", "--incremental", f"{then}..{s3.now()}")
    for key in s3.listed():
        path = s3.story.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.read(key))
    s3.story.make("users_v2")
    assert s3.story("populate", "users_v2", "full", "--yes").code == 0
    dry = s3.story("populate", "users_v2", "changes", "--dry-run", "--json")
    assert (dry.code, dry.json["items"]) == (0, 2), dry.err
    assert s3.story("populate", "users_v2", "changes", "--yes", "--filter", "n = 1").code == 2
    assert s3.story("verify", "users_v2", "./changes").code == 2
    answer = s3.story("populate", "users_v2", "changes", "--yes", "--json")
    assert (answer.code, answer.json["written"]) == (0, 2), answer.err
    assert s3.story.digest("users_v2") == s3.story.digest("users")


def test_throttled_changes_are_sent_again(s3: S3Story) -> None:
    lines = [
        json.dumps({"Keys": {"pk": {"S": str(number)}}, "NewImage": {"pk": {"S": str(number)}}}).encode()
        for number in range(40)
    ]
    lines += [json.dumps({"Keys": {"pk": person(number)["pk"]}}).encode() for number in range(40)]
    written_export(s3, "changes", lines, exportType="INCREMENTAL_EXPORT")
    s3.story.served.fault("BatchWriteItem", times=3, kind="unprocessed")
    answer = populate(s3, "changes", table="users")
    assert answer.code == 0, answer.err
    assert answer.json["retried"] > 0
    assert {item["pk"]["S"] for item in s3.story.items("users")} == {str(number) for number in range(40)}


@pytest.mark.parametrize("words", [["--mode", "skip-existing"], ["--filter", "n = 1"], ["--map", "pk=a-{pk}"]])
def test_changes_are_applied_as_they_are(s3: S3Story, words: list[str]) -> None:
    written_export(s3, "changes", [b'{"Keys":{"pk":{"S":"a"}}}'], exportType="INCREMENTAL_EXPORT")
    answer = populate(s3, "changes", *words, table="users")
    assert answer.code == 2
    assert "incremental export" in answer.json["error"]["message"]


def test_changes_that_are_none_are_dead_letters(s3: S3Story) -> None:
    lines = [
        b'{"Keys":{"pk":{"S":"a"}},"NewImage":{"pk":{"S":"a"}}}',
        b'{"Keys":{"id":{"S":"a"}}}',
        b'{"Keys":{"pk":{"S":"b"}},"NewImage":{"pk":{"S":"c"}}}',
        b"{",
    ]
    written_export(s3, "changes", lines, exportType="INCREMENTAL_EXPORT")
    answer = populate(s3, "changes", table="users")
    assert (answer.code, answer.json["written"], answer.json["dead"]) == (3, 1, 3)


ION = (
    '$ion_1_0 {Item:{pk:"a\\u0041\\n",n:103.,big:6d2,small:-15d-1,yes:true,none:null,\'a b\':"x",b:{{AAE=}},'
    's:$dynamodb_SS::["x","y"],ns:$dynamodb_NS::[1.,2.5],bs:$dynamodb_BS::[{{AA==}}],l:[1.,"z",{m:[]}],m:{q:{}}}}'
)
OF_ION = {
    "pk": {"S": "aA\n"},
    "n": {"N": "103"},
    "big": {"N": "600"},
    "small": {"N": "-1.5"},
    "yes": {"BOOL": True},
    "none": {"NULL": True},
    "a b": {"S": "x"},
    "b": {"B": b"\x00\x01"},
    "s": {"SS": ["x", "y"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": [b"\x00"]},
    "l": {"L": [{"N": "1"}, {"S": "z"}, {"M": {"m": {"L": []}}}]},
    "m": {"M": {"q": {"M": {}}}},
}


def test_an_export_as_ion(s3: S3Story) -> None:
    s3.story.make("users_v2")
    written_export(s3, "ion", [ION.encode(), b'$ion_1_0 {Item:{pk:"b",x:2024-01-01T}}'], "ion.gz", outputFormat="ION")
    answer = populate(s3, "ion")
    assert (answer.code, answer.json["written"], answer.json["dead"]) == (3, 1, 1)
    assert s3.story.items("users_v2") == [OF_ION]


def test_changes_as_ion(s3: S3Story) -> None:
    lines = [
        b'$ion_1_0[{Record:{Keys:{pk:"new"},Metadata:{WriteTimestampMicros:1684374845117899.},NewImage:{pk:"new",n:1.}}}]',
        b'$ion_1_0 {Record:{Keys:{pk:"user-00001"},OldImage:{pk:"user-00001"}}}',
    ]
    written_export(s3, "ion", lines, "ion.gz", outputFormat="ION", exportType="INCREMENTAL_EXPORT")
    answer = populate(s3, "ion", table="users")
    assert answer.code == 0, answer.err
    keys = {item["pk"]["S"] for item in s3.story.items("users")}
    assert ("new" in keys, "user-00001" in keys, len(keys)) == (True, False, 40)


def test_an_export_that_was_copied_elsewhere(s3: S3Story) -> None:
    s3.made("daily")
    for key in s3.listed("daily/"):
        s3.s3.put_object(Bucket=s3.bucket, Key=f"kept/{key.removeprefix('daily/AWSDynamoDB/')}", Body=s3.read(key))
        s3.s3.delete_object(Bucket=s3.bucket, Key=key)
    s3.story.make("users_v2")
    assert populate(s3, "kept").code == 0
    assert s3.story.digest("users_v2") == s3.story.digest("users")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("the list is cut", "manifest"),
        ("the summary is cut", "manifest"),
        ("a file is gone", "lacks"),
        ("a file is another", "not the file"),
        ("the summary is gone", "is not finished"),
    ],
)
def test_a_cut_export_is_refused_before_anything_is_written(s3: S3Story, damage: str, sentence: str) -> None:
    s3.made("daily")
    s3.story.make("users_v2")
    data = next(key for key in s3.listed() if "/data/" in key)
    folder = data.partition("/data/")[0]
    if damage == "the list is cut":
        s3.change(f"{folder}/manifest-files.json", lambda _: b"")
        s3.s3.delete_object(Bucket=s3.bucket, Key=f"{folder}/manifest-files.md5")
        s3.change(f"{folder}/manifest-files.json", lambda _: b"\n")
    elif damage == "the summary is cut":
        s3.change(f"{folder}/manifest-summary.json", lambda content: content[:30])
    elif damage == "a file is gone":
        s3.s3.delete_object(Bucket=s3.bucket, Key=data)
    elif damage == "a file is another":
        s3.change(data, lambda content: content + b"x")
    else:
        s3.s3.delete_object(Bucket=s3.bucket, Key=f"{folder}/manifest-summary.json")
    answer = populate(s3, "daily")
    assert answer.code == 1, answer.out
    assert sentence in answer.json["error"]["message"]
    assert answer.json["error"]["hint"]
    assert s3.story.items("users_v2") == []


def test_a_damaged_object_is_found_before_any_of_it_is_written(s3: S3Story) -> None:
    """Its ETag says nothing, as that of an object that is encrypted by KMS: its MD5 does."""
    written_export(s3, "made", [b'{"Item":{"pk":{"S":"a"}}}'])
    data = next(key for key in s3.listed() if "/data/" in key)
    s3.change(data, lambda _: gzip.compress(b'{"Item":{"pk":{"S":"b"}}}\n'))
    s3.change("made/manifest-files.json", lambda content: json.dumps({**json.loads(content), "etag": ""}).encode())
    s3.story.make("users_v2")
    answer = populate(s3, "made")
    assert answer.code == 1
    assert "is damaged: its MD5" in answer.json["error"]["message"]
    assert s3.story.items("users_v2") == []


def test_several_exports_below_a_place_are_named(s3: S3Story) -> None:
    s3.made("daily")
    s3.made("daily")
    s3.story.make("users_v2")
    answer = populate(s3, "daily")
    assert (answer.code, "holds 2 exports" in answer.json["error"]["message"]) == (2, True)
    one = answer.json["error"]["hint"].split(": ")[1].split(", ")[0].removeprefix(f"s3://{s3.bucket}/")
    assert populate(s3, one).code == 0


@pytest.mark.parametrize(
    ("place", "code", "sentence"),
    [
        ("s3://no-such-bucket-here/x", 1, "does not exist"),
        ("s3://BUCKET/nothing", 2, "holds no object"),
        ("s3://", 2, "names no bucket"),
    ],
)
def test_places_where_nothing_is(s3: S3Story, place: str, code: int, sentence: str) -> None:
    answer = s3.story("populate", "users", place.replace("BUCKET", s3.bucket), "--yes")
    assert answer.code == code, answer.err
    assert sentence in answer.error
    assert answer.hint


def test_a_bucket_of_another_account(s3: S3Story) -> None:
    s3.made("daily")
    answer = populate(s3, "daily", "--bucket-owner", "999999999999", table="users")
    assert answer.code == 1
    assert "is not one of account 999999999999" in answer.json["error"]["message"]
    assert populate(s3, "daily", "--bucket-owner", s3.story.account, table="users").code == 0


def test_objects_are_files_too(s3: S3Story) -> None:
    s3.s3.put_object(Bucket=s3.bucket, Key="in/a.csv", Body=b"pk,n\na,1\nb,2\n")
    s3.s3.put_object(Bucket=s3.bucket, Key="in/b.jsonl.gz", Body=gzip.compress(b'{"pk":"c"}\n'))
    s3.story.make("users_v2")
    answer = populate(s3, "in")
    assert answer.code == 0, answer.err
    assert {item["pk"]["S"] for item in s3.story.items("users_v2")} == {"a", "b", "c"}
    assert populate(s3, "in/a.csv", "--type", "n=S").code == 0
    assert {"S": "1"} in [item.get("n") for item in s3.story.items("users_v2")]


def test_an_export_of_ours_that_was_copied_to_s3(s3: S3Story) -> None:
    assert s3.story("export", "users", "out", "--split-bytes", "1000").code == 0
    for path in (s3.story.folder / "out").iterdir():
        s3.s3.put_object(Bucket=s3.bucket, Key=f"ours/{path.name}", Body=path.read_bytes())
    s3.story.make("users_v2")
    assert populate(s3, "ours").code == 0
    assert s3.story.digest("users_v2") == s3.story.digest("users")
    part = next(key for key in s3.listed("ours/") if not key.endswith("manifest.json"))
    s3.s3.delete_object(Bucket=s3.bucket, Key=part)
    assert populate(s3, "ours").code == 1


def test_a_job_goes_on_with_the_same_objects(s3: S3Story) -> None:
    s3.made("daily")
    s3.story.make("users_v2")
    s3.story.served.fault("BatchWriteItem", times=None, kind="access-denied")
    assert populate(s3, "daily").code == 1
    s3.story.served.calm()
    resumed = s3.story("jobs", "resume", "last", "--json")
    assert resumed.code == 0, resumed.err
    assert s3.story.digest("users_v2") == s3.story.digest("users")


def test_a_job_of_changed_objects_is_refused(s3: S3Story) -> None:
    s3.s3.put_object(Bucket=s3.bucket, Key="in/a.csv", Body=b"pk,n\na,1\nb,2\n")
    s3.story.make("users_v2")
    s3.story.served.fault("BatchWriteItem", times=None, kind="access-denied")
    assert populate(s3, "in").code == 1
    s3.story.served.calm()
    s3.change("in/a.csv", lambda content: content + b"c,3\n")
    answer = s3.story("jobs", "resume", "last")
    assert answer.code == 1
    assert "changed since the job began" in answer.error


def test_the_table_is_created_as_it_is_defined(s3: S3Story) -> None:
    s3.made("daily")
    s3.story.define(table("users_v2", tags={"team": "a"}))
    answer = populate(s3, "daily", "--create")
    assert answer.code == 0, answer.err
    assert s3.story.digest("users_v2") == s3.story.digest("users")
    assert populate(s3, "daily", "--create").code == 1


def put_in_parts(s3: S3Story, key: str, content: bytes) -> None:
    """An object whose ETag is no checksum, as a large one that was copied has."""
    made = s3.s3.create_multipart_upload(Bucket=s3.bucket, Key=key)["UploadId"]
    part = s3.s3.upload_part(Bucket=s3.bucket, Key=key, UploadId=made, PartNumber=1, Body=content)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.s3.complete_multipart_upload(Bucket=s3.bucket, Key=key, UploadId=made, MultipartUpload=parts)
    assert "-" in s3.s3.head_object(Bucket=s3.bucket, Key=key)["ETag"]


def test_a_file_whose_etag_is_no_checksum_is_compared_before_anything_is_written(s3: S3Story) -> None:
    s3.made("daily")
    s3.story.make("users_v2")
    data = next(key for key in s3.listed() if "/data/" in key)
    whole = s3.read(data)
    put_in_parts(s3, data, whole[:-8])
    answer = populate(s3, "daily")
    assert (answer.code, s3.story.items("users_v2")) == (1, []), answer.err
    assert "is damaged: its MD5" in answer.json["error"]["message"]
    assert s3.story("jobs", "list", "--json").json[-1]["verb"] == "export"
    put_in_parts(s3, data, whole)
    assert populate(s3, "daily").code == 0
    assert len(s3.story.items("users_v2")) == 40


def test_a_cut_part_of_an_export_of_ours_is_found_before_anything_is_written(s3: S3Story) -> None:
    assert s3.story("export", "users", "./kept").code == 0
    for file in (s3.story.folder / "kept").iterdir():
        content = file.read_bytes()
        whole = file.name == "manifest.json"
        s3.s3.put_object(Bucket=s3.bucket, Key=f"kept/{file.name}", Body=content if whole else content[:-5])
    s3.story.make("users_v2")
    answer = populate(s3, "kept")
    assert (answer.code, s3.story.items("users_v2")) == (1, []), answer.err
    assert "is cut: it has" in answer.json["error"]["message"]
