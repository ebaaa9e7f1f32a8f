"""What goes wrong under a populate: files in another form, a table that goes, a ledger that is damaged, a full disk.

One sentence and a hint each, and the job goes on once it is fixed.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
import zstandard

from item_stories.kit import ItemStory

PEOPLE = b"".join(b'{"pk": "p%05d", "x": "%s"}\n' % (n, os.urandom(20).hex().encode()) for n in range(300))
ARRAY = b'[{"pk": "a"}]\n'
DEEP = b'{"pk": "a", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}\n"
FILES = {
    "le.json": (ARRAY.decode().encode("utf-16-le"), "is UTF-16LE, not UTF-8", "iconv -f UTF-16LE"),
    "be.json": (ARRAY.decode().encode("utf-16-be"), "is UTF-16BE, not UTF-8", "iconv -f UTF-16BE"),
    "wide.json": (ARRAY.decode().encode("utf-32"), "is UTF-32, not UTF-8", "iconv -f UTF-32"),
    "latin.jsonl": ('{"pk": "Zürich"}\n'.encode("latin-1"), "this is not UTF-8", "iconv -f LATIN1"),
    "latin.csv": ("pk,x\na,Zürich\n".encode("latin-1"), "not a line of CSV in UTF-8", "iconv -f LATIN1"),
    "book.xlsx": (b"PK\x03\x04" + bytes(50), "is not text", "JSON or CSV"),
    "deep.jsonl": (DEEP, "this is not JSON", "one item a line"),
    "commas.tsv": (b"pk,x\na,b\n", "has no field pk", "tabs"),
}


@pytest.mark.parametrize("name", FILES)
def test_another_form_is_refused_before_a_job_begins(story: ItemStory, name: str) -> None:
    content, says, hint = FILES[name]
    story.make("users")
    (story.folder / name).write_bytes(content)
    answer = story("populate", "users", name, "--yes")
    assert answer.code == 1, answer.err
    assert says in answer.error
    assert hint in answer.err
    assert "Traceback" not in answer.err
    assert story("jobs", "list", "--json").json == []


def test_a_cut_zst_file_is_noticed_though_its_lines_are_whole(story: ItemStory) -> None:
    """The library's own reader ends there without a word."""
    story.make("users")
    packer = zstandard.ZstdCompressor().compressobj()
    packed = packer.compress(PEOPLE[: PEOPLE.index(b"\n") + 1]) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    whole = zstandard.compress(PEOPLE) + packed + packer.compress(PEOPLE) + packer.flush()
    for cut in (len(zstandard.compress(PEOPLE)) - 5, len(zstandard.compress(PEOPLE)) + len(packed), len(whole) - 4):
        (story.folder / "people.zst").write_bytes(whole[:cut])
        answer = story("populate", "users", "people.zst", "--yes")
        assert answer.code == 1, (cut, answer.err)
        assert "people.zst is cut: it ends inside its compressed part" in answer.error
    (story.folder / "people.zst").write_bytes(whole)
    assert story("populate", "users", "people.zst", "--yes").code == 0


def test_a_line_that_is_no_csv_is_rejected_wherever_it_is(story: ItemStory) -> None:
    story.make("users")
    path = story.write("people.csv", 'pk,x\na,1\nb,"2"3\nc,4\nd,5,6\n')
    answer = story("populate", "users", "people.csv", "--yes")
    assert answer.code == 3, answer.err
    assert f"at {path}:3:" in answer.err
    assert sorted(item["pk"]["S"] for item in story.items("users")) == ["a", "c"]


def begun(story: ItemStory) -> tuple[str, Path]:
    """A job that failed at its third batch, and its folder."""
    (story.folder / "people.jsonl").write_bytes(PEOPLE)
    story.served.fault("BatchWriteItem", nth=3, kind="access-denied")
    answer = story("populate", "users", "people.jsonl", "--batch-size", "25", "--yes")
    assert answer.code == 1
    assert "dynamodb:BatchWriteItem on users is not allowed" in answer.error
    job = story("jobs", "list", "--json").json[-1]["id"]
    return job, story.folder / ".dynasmith" / "jobs" / job


def replaced(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new))


def newer(path: Path) -> None:
    body = path.read_bytes().split(b"\n")[0].replace(b'"format":1', b'"format":9')
    path.write_bytes(body + b"\n" + blake2b(body, digest_size=16).hexdigest().encode() + b"\n")


DAMAGES: dict[str, tuple[Any, str, str]] = {
    "flipped": (
        lambda home: replaced(home / "segments/00000", b'"segment":0', b'"segment":1'),
        "is damaged",
        "new job",
    ),
    "cut": (lambda home: (home / "segments/00000").write_bytes(b'{"format"'), "is damaged or cut", "new job"),
    "newer": (lambda home: newer(home / "segments/00000"), "has version 9", "the dynasmith that began it"),
    "job": (lambda home: replaced(home / "job.json", b'"verb"', b'"vreb"'), "is damaged", "new job"),
    "newer job": (lambda home: replaced(home / "job.json", b'"format":1', b'"format":7'), "in version 7", "that began"),
    "wish": (lambda home: (home / "control.json").write_bytes(b"{nope"), "control.json is damaged", "remove it"),
    "gone": (lambda home: shutil.rmtree(home / "segments"), "could not be written", "then resume the job"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_ledger_is_said_and_kept(story: ItemStory, damage: str) -> None:
    hurt, says, hint = DAMAGES[damage]
    story.make("users")
    job, home = begun(story)
    kept = story.folder / "kept"
    shutil.copytree(home, kept)
    hurt(home)
    for _ in range(2):
        answer = story("jobs", "resume", job)
        assert answer.code == 1
        assert says in answer.error
        assert hint in answer.err
        assert "Traceback" not in answer.err
    shutil.rmtree(home)
    shutil.copytree(kept, home)
    assert story("jobs", "resume", job).code == 0
    assert len(story.items("users")) == 300


def test_a_checkpoint_of_another_job_is_refused(story: ItemStory) -> None:
    story.make("users")
    job, home = begun(story)
    other, elsewhere = begun(story)
    shutil.copy(elsewhere / "segments/00000", home / "segments/00000")
    answer = story("jobs", "resume", job)
    assert answer.code == 1
    assert f"The checkpoint is of segment 0 of 1 of job {other}, not of" in answer.error


def test_a_table_that_was_deleted_and_made_again_is_another_one(story: ItemStory) -> None:
    story.make("users")
    job, _ = begun(story)
    absent(story, job)
    for key in ("id", "pk"):
        story.make("users", key=key)
        answer = story("jobs", "resume", job)
        assert answer.code == 1
        assert f"Table users was deleted and recreated since job {job} began" in answer.error
        assert story.items("users") == []
        absent(story, job)


def absent(story: ItemStory, job: str) -> None:
    """The table is deleted, and a resume says so."""
    story.direct.delete_table(TableName="users")
    assert "Table users does not exist." in story("jobs", "resume", job).error


def test_a_table_that_is_deleted_while_it_runs_is_said_and_the_job_goes_on_later(story: ItemStory) -> None:
    story.make("users")
    (story.folder / "people.jsonl").write_bytes(PEOPLE)
    story.served.fault("BatchWriteItem", nth=3, kind="ResourceNotFoundException")
    answer = story("populate", "users", "people.jsonl", "--batch-size", "25", "--yes")
    assert answer.code == 1
    assert "Table users does not exist." in answer.error
    [job] = story("jobs", "list", "--json").json
    assert f"dynasmith jobs resume {job['id']}" in answer.err
    assert story("jobs", "resume", job["id"]).code == 0
    assert len(story.items("users")) == 300


def test_tables_of_other_keys_are_not_verified(story: ItemStory) -> None:
    story.make("users")
    story.make("others", key="id")
    answer = story("verify", "users", "others")
    assert answer.code == 2
    assert "others has the key id (S), and users has pk (S)" in answer.error


CALLS = (
    ("DescribeTable", ("populate", "users", "people.jsonl", "--yes")),
    ("PutItem", ("populate", "users", "people.jsonl", "--mode", "skip-existing", "--yes")),
    ("DescribeTable", ("export", "users", "out")),
    ("Scan", ("export", "users", "out")),
    ("Scan", ("verify", "users", "people.jsonl")),
)


@pytest.mark.parametrize(("call", "words"), CALLS)
def test_a_call_that_is_not_allowed_is_named(story: ItemStory, call: str, words: tuple[str, ...]) -> None:
    story.people("users", 3)
    (story.folder / "people.jsonl").write_bytes(PEOPLE)
    for operation in {call, "BatchExecuteStatement"} if call == "PutItem" else {call}:
        story.served.fault(operation, kind="access-denied", times=None)
    answer = story(*words)
    assert answer.code == 1, answer.err
    assert f"dynamodb:{call} on users is not allowed" in answer.error or "PartiQL" in answer.error
    assert "llow" in answer.err.partition("Hint:")[2]
    story.served.calm()
    for job in story("jobs", "list", "--json").json:
        assert story("jobs", "resume", job["id"]).code == 0


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("populate", "users", "bad.jsonl", "--yes"), "dead.jsonl could not be written"),
        (("export", "users", "out.jsonl"), "could not be written"),
    ],
)
def test_a_full_disk_is_said_and_the_job_goes_on_with_room(story: ItemStory, words: tuple[str, ...], what: str) -> None:
    story.people("users", 300)
    (story.folder / "bad.jsonl").write_bytes(b'{"pk": "new"}\n' + b'{"no": "%s"}\n' % (b"x" * 100) * 300)

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000))

    ran = subprocess.run(
        [sys.executable, "-m", "dynasmith", *words],
        capture_output=True,
        cwd=story.folder,
        preexec_fn=small,
        check=False,
    )
    said = ran.stderr.decode()
    assert ran.returncode == 1, said
    assert what in said
    assert "make room" in said
    assert "Traceback" not in said
    [job] = story("jobs", "list", "--json").json
    assert job["state"] == "failed"
    answer = story("jobs", "resume", job["id"], "--json")
    assert answer.code == (3 if words[0] == "populate" else 0), answer.err
    assert answer.json["read"] == 301 if words[0] == "populate" else 300
    assert json.loads((story.folder / ".dynasmith" / "jobs" / job["id"] / "job.json").read_bytes())["state"] == "done"


@pytest.mark.parametrize("option", [("--map", "pk=a-{x}", "--map", "pk={x}"), ("--type", "x=S", "--type", "x=N")])
def test_an_option_that_names_one_attribute_twice_is_refused(story: ItemStory, option: tuple[str, ...]) -> None:
    story.make("users")
    (story.folder / "people.csv").write_text("pk,x\na,1\n")
    answer = story("populate", "users", "people.csv", *option, "--yes")
    assert answer.code == 2
    assert "twice" in answer.error


@pytest.mark.parametrize("name", ["kept.jsonl", "kept.csv"])
def test_an_export_that_changed_is_not_populated_as_if_it_were_the_same(story: ItemStory, name: str) -> None:
    """One character of a value: every count is right, and only the digest of the manifest knows."""
    story.make("users")
    story.make("others")
    (story.folder / "people.jsonl").write_bytes(b'{"pk": "a", "x": "one"}\n{"pk": "b", "x": "two"}\n')
    assert story("populate", "users", "people.jsonl", "--yes").code == 0
    kind = "csv" if name.endswith(".csv") else "dynamodb"
    assert story("export", "users", name, "--format", kind, "--yes").code == 0
    assert story("populate", "others", name, "--yes").code == 0
    path = story.folder / name
    path.write_bytes(path.read_bytes().replace(b"two", b"twp"))
    answer = story("populate", "others", name, "--yes")
    assert answer.code == 1, answer.err
    assert "changed since" in answer.error
    assert story("populate", "others", name, "--map", "x=a{x}", "--yes").code == 0


@pytest.mark.parametrize("damage", [b"\xff", b"{", b"[" * 100_000])
def test_a_damaged_manifest_is_named(story: ItemStory, damage: bytes) -> None:
    story.make("users")
    (story.folder / "people.jsonl").write_bytes(b'{"pk": "a"}\n')
    (story.folder / "people.jsonl.manifest.json").write_bytes(damage)
    answer = story("populate", "users", "people.jsonl", "--yes")
    assert answer.code == 1
    assert "is not a manifest of an export" in answer.error
