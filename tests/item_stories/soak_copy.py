"""The long proof, beside the tests: `python tests/item_stories/soak_copy.py [ITEMS [PROCESSES]]` (100,000 and 0).

Real items are copied by a real process with a transform, throttled to a tenth of what a new on-demand table bears
(4,000 writes a second, Developer Guide, "Initial throughput for on-demand capacity mode"), with resets and errors at
random; the process is killed twice (kill -9) and resumed; both tables are verified. Prints what it did, and exits 1
when anything is not equal.
"""

import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import airportsdata

from dynasmith import Consent
from dynasmith.local import start_ministack
from dynasmith.project.project import Project, connect
from dynasmith.strict import StrictServer
from item_stories.killing import job_of, kill, running, until_written, written
from item_stories.test_killed_stories import MOVES

WRITE_UNITS = 400
TABLE = """\
{{"name": "{name}", "attributes": [{{"name": "pk", "type": "S"}}],
  "key_schema": [{{"attribute_name": "pk", "key_type": "HASH"}}]}}"""


def say(sentence: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {sentence}\n")
    sys.stdout.flush()


def airports(count: int) -> Iterator[dict[str, Any]]:
    """Every airport of the world, again and again under a key of its own."""
    known = list(airportsdata.load("ICAO").values())
    for number, airport in enumerate(itertools.islice(itertools.cycle(known), count)):
        said = {name: str(value) if isinstance(value, float) else value for name, value in airport.items()}
        yield {**{name: value for name, value in said.items() if value != ""}, "pk": f"{airport['icao']}#{number}"}


def main(count: int, processes: int) -> int:
    """Run it in a folder that is gone at the end; the exit code."""
    with tempfile.TemporaryDirectory(prefix="dynasmith-soak-") as name, start_ministack() as engine:
        folder = Path(name)
        (folder / "moves.py").write_text(MOVES, encoding="utf-8")
        tables = ", ".join(TABLE.format(name=name) for name in ("airports", "airports_v2"))
        (folder / "tables_config.json").write_text(f'{{"tables": [{tables}]}}', encoding="utf-8")
        with (
            connect(endpoint=engine.endpoint, folder=folder, consent=Consent(yes=True)) as project,
            StrictServer(engine.endpoint, clock="real", capacity=False) as strict,
        ):
            for each in ("airports", "airports_v2"):
                project.create(_wish(folder, engine.endpoint, each))
            filled = project.populate("airports", lambda: airports(count))
            say(f"{filled.counts.written:,} real items in {filled.seconds:,.0f} s: digest {filled.target}")
            return _soak(folder, strict, count, processes)


def _wish(folder: Path, endpoint: str, name: str) -> Any:
    with Project.load(folder / "tables_config.json", env="local", endpoint=endpoint) as project:
        return project.tables([name])[0]


def _soak(folder: Path, strict: StrictServer, count: int, processes: int) -> int:
    strict.throttle("airports_v2", write_units=WRITE_UNITS, burst_seconds=0.5)
    for number, (operation, kind) in enumerate(
        itertools.product(("BatchWriteItem", "Scan"), ("reset-before", "reset-after", "500", "cut-body"))
    ):
        strict.fault(operation, kind=kind, times=None, probability=0.01, seed=number)
    strict.fault("BatchWriteItem", kind="unprocessed", times=None, probability=0.01, seed=99)
    say(f"throttled to {WRITE_UNITS:,} units a second; 1 % each of resets, errors, cut replies, unprocessed items")
    at = ("--env", "local", "--endpoint", strict.endpoint, "--region", "us-east-1")
    copy = ["copy", "airports", "airports_v2", "--transform", "moves:split_name", "--segments", "16", "--yes"]
    copy += ["--processes", str(processes)] if processes else []
    begun = time.monotonic()
    with running(folder, *copy, *at) as process:
        job = job_of(process)
        found = until_written(folder, job, count // 3, process, seconds_max=count)
        kill(process)
    say(f"{job}: killed after {found:,} items")
    with running(folder, "jobs", "resume", job, *at) as process:
        found = until_written(folder, job, 2 * count // 3, process, seconds_max=count)
        kill(process)
    say(f"{job}: resumed, killed after {found:,} items; {written(folder, job):,} stand in the checkpoints")
    with running(folder, "jobs", "resume", job, "--json", *at) as process:
        out, err = process.communicate()
        if process.returncode != 0:
            say(f"it did not end well: {out}{err}")
            return 1
    report = json.loads(out)
    say(f"{job}: resumed, done after {time.monotonic() - begun:,.0f} s in all: {report['arithmetic']}")
    say(
        f"{report['retried']:,} items sent again, {report['throttled']:,} throttles, "
        f"{sum(1 for call in strict.journal if call.error):,} refused or broken calls of {len(strict.journal):,} kept"
    )
    strict.calm()
    with running(
        folder, "verify", "airports", "airports_v2", "--transform", "moves:split_name", "--json", *at
    ) as process:
        out, err = process.communicate()
    if process.returncode not in (0, 3):
        say(f"verify did not end well: {out}{err}")
        return 1
    verified = json.loads(out)
    say(f"verify: source, transformed {verified['source']['digest']}, target {verified['target']['digest']}")
    equal = verified["equal"] and verified["target"]["digest"] == report["digest"] and report["adds_up"]
    equal = equal and verified["target"]["count"] == count == report["written"] + report["already"]
    say("equal" if equal else f"NOT EQUAL: {err}")
    return 0 if equal else 1


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    said = [int(word) for word in sys.argv[1:]]
    sys.exit(main(said[0] if said else 100_000, said[1] if len(said) > 1 else 0))
