"""A sample of two related tables into staging, killed and resumed: nothing personal arrives or is written down.

``soak_safe_copies.py`` does the same with 100,000 items of each.
"""

from __future__ import annotations

import json
from base64 import b64encode
from binascii import hexlify

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory, wire
from item_stories.safe_copy_proof import (
    KEY,
    MASKS,
    check_target,
    copy_words,
    customer,
    folder_bytes,
    items,
    occurrences,
    personal_values,
    write_project,
)

COUNT = 600
SHARE = 0.25


def test_a_sample_of_production_holds_nothing_personal_and_is_the_same_every_night(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKING_KEY", KEY)
    write_project(story.folder)
    write = TypeSerializer().serialize
    for environment in ("prod", "staging"):
        assert story("apply", "--env", environment, "--yes", "--confirm", "prod").code == 0
    for table in MASKS:
        story.put(
            f"prod-{table}", *({name: write(value) for name, value in each.items()} for each in items(table, COUNT))
        )
    values = personal_values(COUNT)
    log = ("--debug", "--log-file", "debug.log")
    said: list[str] = []

    def searched() -> set[bytes]:
        found = b"".join(wire(item) for table in MASKS for item in story.items(f"staging-{table}"))
        return occurrences(values, found + folder_bytes(story.folder) + "\n".join(said).encode())

    for table in MASKS:
        dry = story(*copy_words(table, "25%"), "--dry-run", *log)
        assert dry.code == 0, dry.err
        said += [dry.out, dry.err]
    story.served.throttle("staging-customers", write_units=COUNT / 10, burst_seconds=0.2)
    with running(
        story.folder, *copy_words("customers", "25%"), "--segments", "3", "--batch-size", "20", *log
    ) as process:
        job = job_of(process)
        until_written(story.folder, job, 10, process)
        kill(process)
    assert searched() == set()
    story.served.calm()
    resumed = story("jobs", "resume", job, "--env", "staging", "--json", *log)
    copied = story(*copy_words("orders", "25%"), "--json", *log)
    assert (resumed.code, copied.code) == (0, 0), resumed.err + copied.err
    reports = {"customers": resumed.json, "orders": copied.json}
    said += [resumed.out, resumed.err, copied.out, copied.err, story("jobs", "show", job, "--json").out]
    read = TypeDeserializer().deserialize
    found = {
        table: [{name: read(value) for name, value in item.items()} for item in story.items(f"staging-{table}")]
        for table in MASKS
    }
    counts = check_target(found, COUNT, SHARE)
    for table, report in reports.items():
        assert report["written"] + report["already"] == counts[table]
        assert report["personal"]
        assert all(each["passed"] == 0 for each in report["personal"].values()), report["personal"]
    before = {table: story.digest(f"staging-{table}") for table in MASKS}
    for table in MASKS:
        again = story(*copy_words(table, "25%"), "--json", *log)
        assert again.json["read"] == COUNT
        said += [again.out, again.err]
    assert {table: story.digest(f"staging-{table}") for table in MASKS} == before
    assert searched() == set()


def test_the_search_finds_values_however_they_are_written() -> None:
    values = personal_values(3)
    for table in MASKS:
        for one in items(table, 3):
            written = json.dumps(one, default=str).encode()
            for form in (written, written.upper(), b"x" + b64encode(written), b"x" + hexlify(written)):
                assert len(occurrences(values, form)) > 3
    assert occurrences(values, json.dumps({"mobile": str(customer(2)["mobile"])}).encode())
