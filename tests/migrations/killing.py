"""A migration with two backfills and an `m.once`, killed and begun again until it is applied; what holds then."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from item_stories.kit import ItemStory

SCRIPT = Path(__file__).parent / "killed_run.py"
MIGRATION = """
def up(m):
    m.table("users").add("country", "CH")
    ran = m.once("counted", lambda: counted(m))
    m.table("users").backfill(split)
    assert m.once("again", lambda: ran) == ran


def counted(m):
    answer = m.client().update_item(
        TableName="counts", Key={"pk": {"S": "once"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["n"]["N"])


def split(item):
    if "name" in item:
        item["first"], _, item["last"] = item.pop("name").partition(" ")
    return item
"""
SECONDS_MAX = 900.0


def run(story: ItemStory, call: int, *words: str) -> subprocess.CompletedProcess[str]:
    """`dynasmith migrate all` in a process that is killed at that call; 0 never."""
    command = [sys.executable, str(SCRIPT), str(call), "migrate", *(words or ("all", "--yes"))]
    return subprocess.run(
        command, cwd=story.folder, capture_output=True, text=True, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL
    )


def fresh(story: ItemStory, items: int) -> None:
    """Tables, items, a migration, no history."""
    names = story.direct.list_tables()["TableNames"]
    for name in ("users", "counts", "dynasmith-migrations"):
        if name in names:
            story.direct.delete_table(TableName=name)
    story.make("counts")
    story.people("users", items)
    story.write("migrations/0.0.1_two.py", MIGRATION)


def check(story: ItemStory, expected: str) -> list[dict[str, Any]]:
    """What must hold of an applied migration, however often it was killed; its events."""
    assert story.digest("users") == expected
    done = story.direct.get_item(TableName="counts", Key={"pk": {"S": "once"}})["Item"]
    assert int(done["n"]["N"]) >= 1
    events: list[dict[str, Any]] = json.loads(story("migrate", "show", "0.0.1", "--json").out)
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "applied"
    assert set(kinds[1:-1]) <= {"resumed", "interrupted"}
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    last = events[-1]
    assert last["attempts"] == sum(kind in ("started", "resumed") for kind in kinds)
    jobs = [json.loads(story("jobs", "show", job, "--json").out) for job in last["jobs"]]
    assert [job["state"] for job in jobs] == ["done", "done"]
    assert last["counts"]["read"] == sum(job["read"] for job in jobs)
    assert last["counts"]["written"] == sum(job["written"] for job in jobs)
    return events
