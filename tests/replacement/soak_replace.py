"""The long proof of `replace`.

    python tests/replacement/soak_replace.py [ITEMS] [--kind KIND] [--writes A_SECOND]

Three tables of 50,000 items get a new key with a unique attribute that moves, a local index, and a number key in place
of a string, each while eight connections write all the time; before that it is measured how much they write without a
replacement. With --writes they write no more than that afterwards, for a machine that has other work.
The process that replaces is killed (kill -9) in each state, and resumed. The application follows the pointer to the new
table, back to the old one, and to the new one for good; each time every item is compared with boto3 with what was
acknowledged. Prints what it did, and exits 1 where anything is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from dynasmith.local import start_ministack
from replacement.killed_process import KilledProcess
from replacement.writers import KINDS, Application, Kind, client

MOVES = """
def same(item, ctx):
    return item


def numbered(item, ctx):
    return {**item, "old_id": item["id"], "id": int(item["id"])}


def named(item, ctx):
    return {**{name: item[name] for name in item if name != "old_id"}, "id": str(item["id"])}
"""
MEASURED_SECONDS = 15.0
WRITES_BETWEEN = 3_000
"""Writes to a table before the next switch; of a small table as many as it has items."""
CUTOVER = ("replace", "cutover", "last", "--pointer", "file:table.txt", "--write", "--yes")
BACK = ("replace", "back", "last", "--write", "--yes")
SHORT = ("planned", "target", "capturing", "draining")
"""States that may be over before anybody kills in them."""


def say(sentence: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")
    sys.stdout.flush()


class Proof:
    """One table that is replaced, with its application."""

    def __init__(self, kind: Kind, count: int, url: str, engine: str, folder: Path, rate: float | None) -> None:
        self.kind, self.count, self.rate = kind, count, rate
        self.direct, self.pointer = client(engine), folder / "table.txt"
        self.differing = 0
        (folder / "moves.py").write_text(MOVES)
        (folder / "tables_config.json").write_text(json.dumps({"tables": [kind.definition()]}))
        self.pointer.write_text(f"{kind.name}\n")
        self.process = KilledProcess(folder, url)
        self.application = Application(url, kind, count, self.pointer)

    def fill(self) -> None:
        """The old table."""
        name = self.kind.name
        self.direct.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        every = list(self.application.expected.values())
        for start in range(0, len(every), 25):
            some = [{"PutRequest": {"Item": item}} for item in every[start : start + 25]]
            self.direct.batch_write_item(RequestItems={name: some})

    def run(self) -> bool:
        """Every step; whether nothing differed."""
        self.fill()
        self.application.start()
        try:
            self.measure()
            self.replace()
            self.cut_over()
            self.follow_back()
            self.go_back()
            self.cut_over_again()
        finally:
            self.application.stop()
        kills = ", ".join(f"{state} {times}" for state, times in self.process.kills.items())
        did = self.application
        say(
            f"{self.kind.name}: {did.writes:,} writes in all ({did.moves:,} moves of mails, {did.creations:,} new "
            f"items, {did.deletions:,} deletions), {did.denied:,} denied; kills: {kills}; "
            f"{self.differing:,} keys differ"
        )
        return self.differing == 0

    def measure(self) -> None:
        """How much is written where nothing is replaced."""
        before = self.application.writes
        time.sleep(MEASURED_SECONDS)
        rate = (self.application.writes - before) / MEASURED_SECONDS
        say(f"{self.kind.name}: {self.count:,} items; {rate:,.0f} writes a second without a replacement")
        self.application.rate = self.rate

    def replace(self) -> None:
        """Until verified."""
        began, before = time.monotonic(), self.application.writes
        words = ("replace", self.kind.name, "--yes", *self.kind.words)
        for state, after in (
            ("planned", 0.0),
            ("target", 0.0),
            ("capturing", 0.0),
            ("copying", 1.0),
            ("draining", 0.2),
            ("following", 1.0),
        ):
            self.kill(state, *words, after=after)
            words = ("jobs", "resume", self.process.job()) if self.process.job() else words
        found = self.process.run(*words)
        self.expect(found, "verified")
        seconds, writes = time.monotonic() - began, self.application.writes - before
        say(f"{self.kind.name}: verified after {seconds:,.0f} s, {writes / seconds:,.0f} writes a second meanwhile")

    def cut_over(self) -> None:
        """The application goes to the new table."""
        kind = self.kind
        with self.switch("cut-over", kind.new_name) as found:
            self.kill("verified", *CUTOVER, after=1.0)
            self.kill("cutover", *CUTOVER, after=2.0)
            resume = ("jobs", "resume", self.process.job())
            if self.process.kill_in("cutover", *resume, switching=True) or not self.is_in_use(kind.new_name):
                found |= self.process.run(*resume)
                self.expect(found, "following back")
        self.compare(kind.new_name)
        self.application.await_writes(min(WRITES_BETWEEN, self.count))

    def follow_back(self) -> None:
        """The old table follows."""
        resume = ("jobs", "resume", self.process.job())
        for after in (0.0, 1.0):
            self.kill("following back", *resume, after=after)
            self.application.await_writes(200)
        self.compare_both()

    def go_back(self) -> None:
        """The application goes to the old table, and the new one follows."""
        kind = self.kind
        with self.switch("way back", kind.name) as found:
            self.kill("following back", *BACK, after=2.0)
            self.kill("cutover back", *BACK, after=2.0)
            resume = ("jobs", "resume", self.process.job())
            if self.process.kill_in("cutover back", *resume, switching=True) or not self.is_in_use(kind.name):
                found |= self.process.run(*resume)
                self.expect(found, "following")
        self.compare(kind.name)
        self.application.await_writes(min(WRITES_BETWEEN, self.count))
        self.kill("following", "jobs", "resume", self.process.job(), after=0.5)
        self.compare_both()

    def cut_over_again(self) -> None:
        """The application goes to the new table for good."""
        kind = self.kind
        with self.switch("second cut-over", kind.new_name) as found:
            found |= self.process.run(*CUTOVER)
            self.expect(found, "following back")
        self.application.await_writes(min(WRITES_BETWEEN, self.count))
        self.compare_both()
        ended = self.process.run("replace", "finish", "last", "--yes")
        self.expect(ended, "finished")
        self.compare(kind.new_name)
        plan = self.process.run("plan")
        changes = [(table["table"], table["changes"]) for table in plan["tables"]]
        if changes != [(kind.new_name, [])]:
            raise SystemExit(f"{kind.name}: the plan is not empty: {changes}")
        say(f"{kind.name}: finished, and the plan is empty")

    # --- steps

    def kill(self, state: str, *words: str, after: float = 0.0) -> None:
        """Kill a command in a state. Ends the proof where a state that takes time was not met."""
        if not self.process.kill_in(state, *words, after=after):
            if state not in SHORT:
                raise SystemExit(f"{self.kind.name}: {' '.join(words)} ended before it was killed in {state}")
            say(f"{self.kind.name}: {state} was over too soon")

    @contextmanager
    def switch(self, name: str, table: str) -> Iterator[dict[str, Any]]:
        """A switch to a table; says how long writes were stopped."""
        self.application.stopped_seconds()
        began, before, found = time.monotonic(), self.application.writes, dict[str, Any]()
        yield found
        if not self.is_in_use(table):
            raise SystemExit(f"{self.kind.name}: the pointer says {self.pointer.read_text()}, and not {table}")
        self.application.await_writes(100)
        fence = self.process.progress()["fence_seconds"]
        seconds = time.monotonic() - began
        say(
            f"{self.kind.name}: {name} after {seconds:,.0f} s, {(self.application.writes - before) / seconds:,.0f} "
            f"writes a second meanwhile; writes stopped for {fence:.1f} s, as the application saw it for "
            f"{self.application.stopped_seconds():.1f} s at most"
        )

    def is_in_use(self, table: str) -> bool:
        """Whether the pointer says a table."""
        return self.pointer.read_text().strip() == table

    def expect(self, found: dict[str, Any], state: str) -> None:
        """End the proof where a report says another state, or that something did not come over."""
        report = found["replacement"]
        if report["state"] != state or report["conflicts"] or report["blocked_keys"]:
            raise SystemExit(f"{self.kind.name}: not {state}: {report}")

    def compare_both(self) -> None:
        """The table that is not in use holds everything too, once it followed and nobody writes."""
        with self.application.paused():
            followed = self.process.run("jobs", "resume", self.process.job())
            self.expect(followed, followed["replacement"]["state"])
            for table in (self.kind.name, self.kind.new_name):
                self._compare(table)

    def compare(self, table: str) -> None:
        """Every item of a table with what was acknowledged, while nobody writes."""
        with self.application.paused():
            self._compare(table)

    def _compare(self, table: str) -> None:
        kind = self.kind
        pages = self.direct.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        held = {kind.place(table, item): item for page in pages for item in page["Items"]}
        made = [kind.in_table(table, item) for item in self.application.expected.values()]
        expected = {kind.place(table, item): item for item in made}
        wrong = sorted(key for key in held.keys() | expected.keys() if held.get(key) != expected.get(key))
        self.differing += len(wrong)
        say(f"{kind.name}: {len(held):,} items of {table} compared, {len(wrong):,} keys differ")
        for key in wrong[:5]:
            say(f"  {held.get(key)} and not {expected.get(key)}")


def main() -> int:
    """Prove each kind; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", type=int, nargs="?", default=50_000)
    parser.add_argument("--kind", action="append", choices=[kind.name for kind in KINDS])
    parser.add_argument("--writes", type=float, help="a second at most; default as many as the endpoint carries")
    options = parser.parse_args()
    kinds = [kind for kind in KINDS if kind.name in (options.kind or [each.name for each in KINDS])]
    equal = []
    with start_ministack() as engine:
        command = [sys.executable, "-m", "dynasmith.strict", engine.endpoint, "--no-capacity"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as strict:
            assert strict.stdout is not None
            url = json.loads(strict.stdout.readline())["endpoint"]
            for kind in kinds:
                with tempfile.TemporaryDirectory() as folder:
                    proof = Proof(kind, options.items, url, engine.endpoint, Path(folder), options.writes)
                    equal.append(proof.run())
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
