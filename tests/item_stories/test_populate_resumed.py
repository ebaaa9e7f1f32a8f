"""A populate that was killed goes on with the files that it began with, and with no others."""

import gzip
import os
from pathlib import Path

import pytest

from dynasmith.files.items.fingerprint import ENDS_BYTES, PIECE_BYTES, PIECES, WHOLE_BYTES
from item_stories.kit import ItemStory


def people(count: int, *, size: int = 10) -> bytes:
    return b"".join(b'{"pk": "p%05d", "x": "%b"}\n' % (number, b"x" * size) for number in range(count))


def stopped(story: ItemStory, *names: str) -> str:
    """A populate that failed halfway: a write is refused once."""
    story.served.fault("BatchWriteItem", nth=3, kind="access-denied")
    answer = story("populate", "users", *names, "--batch-size", "25", "--yes")
    assert answer.code == 1, answer.err
    [job] = story("jobs", "list", "--json").json
    assert job["state"] == "failed"
    assert f"dynasmith jobs resume {job['id']}" in answer.err
    return str(job["id"])


BIG = people(60_000, size=200)  # 13 MB: not looked at whole
GAP = ENDS_BYTES + (len(BIG) - WHOLE_BYTES) * 32 // (PIECES + 1) + 2 * PIECE_BYTES  # where no piece is looked at


def edited(text: bytes) -> bytes:
    return text.replace(b"p00199", b"p99999")


@pytest.mark.parametrize(
    ("name", "before", "after", "says"),
    [
        ("cut.jsonl", people(200), people(150), "it had 7,200 bytes and has 5,400"),
        ("longer.jsonl", people(200), people(300), "it had 7,200 bytes and has 10,800"),
        ("edited.jsonl", people(200), edited(people(200)), "it holds something else"),
        ("packed.jsonl.gz", gzip.compress(people(200), mtime=0), gzip.compress(edited(people(200)), mtime=0), "it ha"),
        ("big.jsonl", BIG, BIG[:GAP] + b"y" + BIG[GAP + 1 :], "it was written to"),
        ("end.jsonl", BIG, BIG.replace(b"p59999", b"q59999"), "it holds something else"),
    ],
)
def test_a_file_that_changed_is_not_gone_on_with(
    story: ItemStory, name: str, before: bytes, after: bytes, says: str
) -> None:
    story.make("users")
    path = Path(story.folder / name)
    path.write_bytes(before)
    was = path.stat()
    job = stopped(story, name)
    path.write_bytes(after)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 1_000_000))
    for _ in range(2):
        answer = story("jobs", "resume", job)
        assert answer.code == 1
        assert f"{path} changed since the job began: {says}" in answer.error
        assert "start a new job" in answer.err
    assert story("jobs", "show", job, "--json").json["state"] == "failed"
    path.write_bytes(before)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    if len(before) > 100_000:
        return  # the resume itself is shown by the small ones
    assert story("jobs", "resume", job).code == 0
    assert len(story.items("users")) == 200


def test_a_small_file_that_was_written_again_as_it_was_is_the_same(story: ItemStory) -> None:
    story.make("users")
    path = story.write("people.jsonl", people(200).decode())
    job = stopped(story, "people.jsonl")
    path.write_bytes(people(200))
    os.utime(path, ns=(1, 1))
    answer = story("jobs", "resume", job)
    assert answer.code == 0, answer.err
    assert len(story.items("users")) == 200


def test_a_key_of_before_the_kill_is_known_after_it(story: ItemStory) -> None:
    story.make("users")
    lines = people(100) + b'{"pk": "p00001", "x": 2}\n' + people(2)
    path = story.write("people.jsonl", lines.decode())
    job = stopped(story, "people.jsonl")
    answer = story("jobs", "resume", job)
    assert answer.code == 3, answer.err
    assert f"Dead letter (duplicate) at {path}:101: {path}:2 has the key pk=p00001 too" in answer.err
    assert "103 read = 100 written + 2 already there + 1 dead" in answer.err


def test_one_key_in_two_files_is_noticed(story: ItemStory) -> None:
    story.make("users")
    story.write("a.jsonl", people(60).decode())
    story.write("b.jsonl", '{"pk": "p00007", "x": "other"}\n' + people(3).decode())
    answer = story("populate", "users", "a.jsonl", "b.jsonl", "--yes", "--json")
    assert answer.code == 3, answer.err
    report = answer.json
    assert (report["read"], report["written"], report["already"], report["dead"]) == (64, 60, 3, 1)
    assert report["adds_up"]
