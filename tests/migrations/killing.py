"""Runs of `dynasmith` that are killed and begun again, and what holds of a migration with two backfills then."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from item_stories.kit import ItemStory

ALL = ("migrate", "all", "--yes")
SCRIPT = Path(__file__).parent / "killed_run.py"
KILLED = frozenset({-9, -14})
"""How a process ended that was killed at a call, or at an instant."""
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


@dataclass(frozen=True)
class KilledRun:
    """How a run ended. ``calls`` and ``seconds`` are of one that was not killed."""

    code: int
    out: str
    err: str
    calls: int = 0
    seconds: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether it was."""
        return self.code in KILLED


@dataclass
class Killer:
    """Runs commands in processes that may be killed."""

    said: Path
    _server: Any = field(default=None)
    running: int = 0
    """The process of a run that began and was not waited for; 0 where there is none."""

    def __call__(self, story: ItemStory, *words: str, call: int = 0, seconds: float = 0.0) -> KilledRun:
        """Run it; killed at that call, or after so many seconds."""
        self.begin(story, *words, call=call, seconds=seconds)
        return self.end()

    def begin(self, story: ItemStory, *words: str, call: int = 0, seconds: float = 0.0) -> int:
        """Begin a run; its process id. `end` waits for it."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(self.said)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])},
            )
        self._stop()
        asked = {"words": words, "call": call, "seconds": seconds}
        asked |= {"folder": str(story.folder), "variables": dict(os.environ)}
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        self.running = int(json.loads(self._server.stdout.readline())["pid"])
        return self.running

    def end(self) -> KilledRun:
        """Wait for the run that began last."""
        answer = json.loads(self._server.stdout.readline())
        self.running = 0
        return KilledRun(out=(self.said / "out").read_text(), err=(self.said / "err").read_text(), **answer)

    def kill(self) -> KilledRun:
        """Kill the run that began last."""
        os.kill(self.running, signal.SIGKILL)
        return self.end()

    def _stop(self) -> None:
        """Kill a run that nobody waited for: its test failed."""
        if self.running:
            self.kill()

    def close(self) -> None:
        """End the process of the runs."""
        if self._server is not None:
            self._stop()
            self._server.stdin.close()
            self._server.wait()
            self._server.stdout.close()


@contextmanager
def killing(folder: Path) -> Iterator[Killer]:
    """A killer, and its end."""
    folder.mkdir(exist_ok=True)
    killer = Killer(folder)
    try:
        yield killer
    finally:
        killer.close()


def remove_tables(story: ItemStory) -> None:
    """No table, no history."""
    for name in story.direct.list_tables()["TableNames"]:
        story.direct.delete_table(TableName=name)


def fresh(story: ItemStory, items: int) -> None:
    """Tables, items, a migration, no history."""
    remove_tables(story)
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


def killed_at_instants(story: ItemStory, killer: Killer, digest: str, seconds: float, instants: int) -> None:
    """Kill a run of ``seconds`` again and again until it was killed so often, each time begun again, and to its end.

    Where it arrives before that, it begins anew.
    """
    items, chance, killed = len(story.items("users")), random.Random(), 0
    while killed < instants:
        again = killer(story, *ALL, seconds=chance.uniform(0.01, seconds / 5))
        killed += again.killed
        if not again.killed:
            assert again.code == 0, again.err
            check(story, digest)
            fresh(story, items)
    again = killer(story, *ALL)
    assert again.code == 0, again.err
    check(story, digest)
