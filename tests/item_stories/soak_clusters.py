"""The long proof of workers elsewhere: `python tests/item_stories/soak_clusters.py [ITEMS]` (200,000).

A copy with a transform on a Dask cluster of two worker processes loses one of them to SIGKILL, then its keeper; another
client resumes it with another number of workers, and verify is equal. The same cluster then rewrites the copy in place,
loses another worker, and undoes it to the digest that it had; an export by its workers is loaded into a third table.
Prints what it did, and exits 1 when anything is not equal.
"""

import json
import os
import signal
import sys
import tempfile
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

TABLES = ("airports", "airports_v2", "airports_v3")
GROWN = '\n\ndef grown(item, ctx):\n    item["grown_by"] = ctx.job\n    return item\n'


def main(count: int) -> int:
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
            with dask_cluster(2) as cluster:
                return _soak(folder, strict.endpoint, count, cluster)


def _soak(folder: Path, endpoint: str, count: int, cluster: dict[str, Any]) -> int:
    at = ("--env", "local", "--endpoint", endpoint, "--region", "us-east-1", "--yes", "--json")
    on = ("--on", cluster["address"].replace("tcp://", "dask://"), "--workers")

    def done(*words: str) -> Any:
        with running(folder, *words, *at) as process:
            out, err = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(words)} did not end well: {out}{err}")
        return json.loads(out)

    copy = ("copy", "airports", "airports_v2", "--transform", "moves:split_name", "--segments", "24", *on, "2")
    with running(folder, *copy, *at) as process:
        job = job_of(process)
        until_written(folder, job, count // 4, process, seconds_max=count)
        os.kill(cluster["pids"][0], signal.SIGKILL)
        say(f"{job}: a worker was killed")
        until_written(folder, job, count // 2, process, seconds_max=count)
        kill(process)
    say(f"{job}: its keeper was killed")
    copied = done("jobs", "resume", job, *on, "1")
    say(f"{job}: resumed by another client, done: {copied['arithmetic']}")
    verified = done("verify", "airports", "airports_v2", "--job", job)
    before = verified["target"]["digest"]
    say(f"verify: {'equal' if verified['equal'] else 'NOT EQUAL'}, {verified['target']['count']:,} items, {before}")
    with running(
        folder, "backfill", "airports_v2", "--transform", "moves:grown", "--segments", "24", *on, "2", *at
    ) as process:
        changed = job_of(process)
        until_written(folder, changed, count // 3, process, seconds_max=count)
        os.kill(cluster["pids"][1], signal.SIGKILL)
        out, err = process.communicate()
    if process.returncode:
        raise SystemExit(f"backfill did not end well: {out}{err}")
    say(f"{changed}: a worker was killed; {json.loads(out)['arithmetic']}")
    undone = done("jobs", "undo", changed, *on, "2")
    say(f"undone: {undone['arithmetic']}")
    done("export", "airports_v2", str(folder / "out"), *on, "2")
    say("exported by two workers")
    loaded = done("populate", "airports_v3", str(folder / "out"))
    equal = verified["equal"] and loaded["digest"] == before and loaded["written"] == count
    say("equal" if equal else f"NOT EQUAL: {verified} {loaded}")
    return 0 if equal else 1


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))
