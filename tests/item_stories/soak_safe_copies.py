"""The long proof of safe copies: `python tests/item_stories/soak_safe_copies.py [ITEMS]` (100,000 of each table).

Two related tables with nested personal data are refreshed into staging at 5 %, by a real process that is killed twice
(kill -9) and resumed. Then everything that was written (items, ledger, logs, reports) is searched byte by byte for
every personal value of the source, every order's customer is looked for, and a second run must change nothing. Prints
what it did, and exits 1 where anything is not as it should be.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import boto3
from boto3.dynamodb.types import TypeDeserializer

from dynasmith import Consent
from dynasmith.items.digest import digest_items
from dynasmith.local import start_ministack
from dynasmith.project.project import connect
from dynasmith.strict import StrictServer
from item_stories.killing import POLL_SECONDS, job_of, kill, running, written
from item_stories.kit import wire
from item_stories.safe_copy_proof import (
    KEY,
    MASKS,
    check_target,
    folder_bytes,
    items,
    occurrences,
    personal_values,
    write_project,
)

SHARE = 0.05
REFRESH = ("refresh", "staging", "--from", "prod", "--confirm", "staging")
LOG = ("--debug", "--log-file", "debug.log")
Items = dict[str, list[dict[str, Any]]]


def say(sentence: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {sentence}\n")
    sys.stdout.flush()


def main(count: int) -> int:
    """Run it in folders that are gone at the end; the exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="dynasmith-soak-") as name,
        tempfile.TemporaryDirectory(prefix="dynasmith-fill-") as other,
        start_ministack() as engine,
        StrictServer(engine.endpoint, clock="real", capacity=False) as strict,
    ):
        folder = Path(name)
        write_project(folder, sample=f"{SHARE:.0%}", endpoint=strict.endpoint)
        os.environ["MASKING_KEY"] = KEY
        for environment in ("prod", "staging"):
            _run(folder, "apply", "--env", environment, "--yes", "--confirm", "prod")
        with connect(endpoint=engine.endpoint, folder=other, consent=Consent(yes=True)) as project:
            for table in MASKS:
                filled = project.populate(f"prod-{table}", partial(items, table, count), digest=False)
                say(f"{filled.counts.written:,} items in prod-{table} after {filled.seconds:,.0f} s")
        return _soak(folder, strict, engine.endpoint, count)


def _run(folder: Path, *words: str) -> str:
    """The verb as a process; all that it says. Exits where it fails."""
    with running(folder, *words) as process:
        out, err = process.communicate()
    if process.returncode:
        say(f"{' '.join(words)} did not end well: {out}{err}")
        raise SystemExit(1)
    return out


def _soak(folder: Path, strict: StrictServer, engine: str, count: int) -> int:
    began, expected = time.monotonic(), int(count * SHARE)
    for table in MASKS:
        strict.throttle(f"staging-{table}", write_units=max(5, expected / 15), burst_seconds=0.2)
    with running(folder, *REFRESH, *LOG) as process:
        job_of(process)
        found = _until_written(folder, expected // 3, process)
        kill(process)
    (job,) = [each.name for each in (folder / ".dynasmith" / "jobs").glob("refresh-*")]
    say(f"{job}: killed after {found:,} items")
    with running(folder, "jobs", "resume", job, "--env", "staging", *LOG) as process:
        found = _until_written(folder, expected + expected // 2, process)
        kill(process)
    strict.calm()
    say(f"{job}: resumed, killed again after {found:,} items")
    report = json.loads(_run(folder, "jobs", "resume", job, "--env", "staging", "--json", *LOG))
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    for part in report["parts"]:
        say(f"{part['part']}: {part['read']:,} read, {part['written']:,} written, {part['already']:,} there already")
    say(f"refreshed after {time.monotonic() - began:,.0f} s; personal values: {_counts(report)}")
    found_items = dict(_target(engine))
    read = TypeDeserializer().deserialize
    native = {t: [{n: read(v) for n, v in one.items()} for one in each] for t, each in found_items.items()}
    counts = check_target(native, count, SHARE)
    say(f"every order has its customer: {counts['customers']:,} customers, {counts['orders']:,} orders")
    before = _digests(found_items)
    again = json.loads(_run(folder, *REFRESH, "--json", *LOG))
    (folder / "again.json").write_text(json.dumps(again), encoding="utf-8")
    same = _digests(dict(_target(engine))) == before
    say("a second run with the same key changed nothing" if same else "A SECOND RUN CHANGED ITEMS")
    haystack = folder_bytes(folder) + b"\n".join(wire(one) for each in found_items.values() for one in each)
    values, searching = personal_values(count), time.monotonic()
    leaked = occurrences(values, haystack)
    say(
        f"{len(values):,} personal values searched in {len(haystack):,} bytes, as they are and within base64, hex and "
        f"escapes, in {time.monotonic() - searching:,.0f} s: {len(leaked):,} found"
    )
    passed = [each for each in report["personal"].values() if each["passed"]]
    return 0 if same and not leaked and not passed else 1


def _until_written(folder: Path, count: int, process: Any) -> int:
    """Wait until the parts of the refresh wrote so many items together; how many they did."""
    deadline = time.monotonic() + 3_600
    while (found := sum(written(folder, each.name) for each in (folder / ".dynasmith" / "jobs").iterdir())) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
    return found


def _counts(report: dict[str, Any]) -> str:
    ends = {end: sum(each[end] for each in report["personal"].values()) for end in ("masked", "dropped", "passed")}
    return ", ".join(f"{count:,} {end}" for end, count in ends.items())


def _target(engine: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    client = boto3.client(
        "dynamodb",
        endpoint_url=engine,
        region_name="us-east-1",
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
    )
    for table in MASKS:
        pages = client.get_paginator("scan").paginate(TableName=f"staging-{table}")
        yield table, [item for page in pages for item in page["Items"]]


def _digests(found: Items) -> dict[str, str]:
    return {table: str(digest_items([wire(one) for one in each])) for table, each in found.items()}


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
