"""The long proof of workers elsewhere: `python tests/item_stories/soak_clusters.py [ITEMS [VERB...]]` (200,000, all).

Each of copy (with a transform), backfill (and its undo), export and populate runs on a Dask cluster of two worker
processes of its own, loses one of them to SIGKILL, then its keeper; another client resumes it with another number of
workers, and verify, by workers too, is equal. Prints what it did, and exits 1 when anything is not equal.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from dynasmith import Consent
from dynasmith.local import start_ministack
from dynasmith.project.project import Project, connect
from dynasmith.strict import StrictServer
from item_stories.killing import job_of, kill, running, until_written
from item_stories.soak_copy import TABLE, airports, say
from item_stories.test_clusters import dask_cluster
from item_stories.test_killed_stories import MOVES

VERBS = ("copy", "backfill", "export", "populate")
TABLES = ("airports", "airports_v2", "airports_v3")
GROWN = '\n\ndef grown(item, ctx):\n    item["grown_by"] = ctx.job\n    return item\n'


def main(count: int, verbs: Sequence[str]) -> int:
    """Run it in a folder that is gone at the end; the exit code."""
    with tempfile.TemporaryDirectory(prefix="dynasmith-soak-") as name, start_ministack() as engine:
        folder = Path(name)
        (folder / "moves.py").write_text(MOVES + GROWN, encoding="utf-8")
        tables = ", ".join(TABLE.format(name=each) for each in TABLES)
        (folder / "tables_config.json").write_text(f'{{"tables": [{tables}]}}', encoding="utf-8")
        with (
            connect(endpoint=engine.endpoint, folder=folder, consent=Consent(yes=True)) as project,
            StrictServer(engine.endpoint, clock="real", capacity=False) as strict,
        ):
            with Project.load(folder / "tables_config.json", env="local", endpoint=engine.endpoint) as defined:
                for wish in defined.tables(list(TABLES)):
                    project.create(wish)
            filled = project.populate("airports", lambda: airports(count))
            say(f"{filled.counts.written:,} real items: digest {filled.target}")
            soak = Soak(folder, strict.endpoint, count)
            equal = [getattr(soak, verb)() for verb in verbs]
            return 0 if all(equal) else 1


@dataclass(frozen=True)
class Soak:
    """The verbs, each on a cluster of its own; each says whether all was equal."""

    folder: Path
    endpoint: str
    count: int

    def copy(self) -> bool:
        """With a transform, into the second table."""
        words = ("copy", "airports", "airports_v2", "--transform", "moves:split_name", "--segments", "24")
        with dask_cluster(2) as cluster:
            copied = self._lossy(cluster, *words)
            return self._equal(cluster, "airports", "airports_v2", "--job", copied["id"])

    def backfill(self) -> bool:
        """The first table in place, and back to the digest that it had."""
        before = self._digest()
        with dask_cluster(2) as cluster:
            changed = self._lossy(cluster, "backfill", "airports", "--transform", "moves:grown", "--segments", "24")
            grown = self._digest() != before and changed["written"] + changed["already"] == self.count
        with dask_cluster(2) as cluster:
            undone = self._lossy(cluster, "jobs", "undo", changed["id"])
        equal = grown and self._digest() == before and undone["written"] + undone["already"] == self.count
        say("undone to the digest that it had" if equal else f"NOT EQUAL: {changed} {undone}")
        return equal

    def export(self) -> bool:
        """The second table to files."""
        with dask_cluster(2) as cluster:
            self._lossy(cluster, "export", "airports_v2", str(self.folder / "out"), "--segments", "24")
            return self._equal(cluster, "airports_v2", str(self.folder / "out"))

    def populate(self) -> bool:
        """The third table from those files, or from others where there are none."""
        source = self.folder / "out"
        if not source.exists():
            self._done("export", "airports", str(source), "--segments", "24")
        with dask_cluster(2) as cluster:
            self._lossy(cluster, "populate", "airports_v3", str(source))
            return self._equal(cluster, str(source), "airports_v3")

    def _lossy(self, cluster: dict[str, Any], *words: str) -> dict[str, Any]:
        """A job that loses a worker, and then its keeper, and is resumed by another client; its report."""
        on, name = self._on(cluster), words[:2] if words[0] == "jobs" else words[:1]
        with running(self.folder, *words, *on, "2", *self._at("--yes")) as process:
            job = job_of(process)
            seen = until_written(self.folder, job, self.count // 4, process, seconds_max=self.count)
            os.kill(cluster["pids"][0], signal.SIGKILL)
            say(f"{' '.join(name)} {job}: a worker was killed after {seen:,} items")
            seen = until_written(self.folder, job, self.count // 2, process, seconds_max=self.count)
            kill(process)
        say(f"{' '.join(name)} {job}: its keeper was killed after {seen:,} items")
        report = self._done("jobs", "resume", job, *on, "1")
        say(f"{' '.join(name)} {job}: resumed by another client with one worker: {report['arithmetic']}")
        return report

    def _equal(self, cluster: dict[str, Any], *words: str) -> bool:
        found = self._done("verify", *words, *self._on(cluster), "2")
        equal = bool(found["equal"]) and found["target"]["count"] == self.count
        target = found["target"]
        say(
            f"verify by two workers: {'equal' if equal else 'NOT EQUAL'}, {target['count']:,} items, {target['digest']}"
        )
        return equal

    def _digest(self) -> str:
        found = self._done("verify", "airports", "airports", "--processes", "1")
        return str(found["target"]["digest"])

    def _done(self, *words: str) -> dict[str, Any]:
        with running(self.folder, *words, *self._at()) as process:
            out, err = process.communicate()
        if process.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(words)} did not end well: {out}{err}")
        return dict(json.loads(out))

    def _on(self, cluster: dict[str, Any]) -> tuple[str, ...]:
        return ("--on", cluster["address"].replace("tcp://", "dask://"), "--workers")

    def _at(self, *more: str) -> tuple[str, ...]:
        return ("--env", "local", "--endpoint", self.endpoint, "--region", "us-east-1", "--json", *more)


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, sys.argv[2:] or VERBS))
