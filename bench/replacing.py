"""The drain of a replacement there and back, its comparison, and for how long each switch stops writes, on the embedded
engine.

    python bench/replacing.py [--keys 2000]

A table of that many items is replaced by one with another key and followed; then each item is changed once while nobody
follows, and `jobs resume` makes every key equal: a strong read of each and a conditional write, in 16 threads. Then
`replace verify` compares both tables twice, each time from both sides. The cut-over is done without a writer, so that
what is measured is the fence, its proof and the last look at the stream. Then the same on the way back: each item of
the new table is changed once, and the old table is made equal, where a read of the old item comes before each write.
Beside it stands what goes back without it: to stop writes, and to copy every item back, for as long as that takes.
Both tables stand behind the strict endpoint and share the cores with it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dynasmith import Consent, Key, KeyAttribute, Table, connect
from dynasmith.local import start_ministack
from dynasmith.strict import StrictServer

ACCOUNT = "300000000992"
MOVES = "def same(item, ctx):\n    return item\n"


def key(name: str) -> Key:
    """A key of one string."""
    return Key(partition=(KeyAttribute(name=name, type="S"),))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=2_000)
    count = parser.parse_args().keys
    with (
        start_ministack() as engine,
        StrictServer(engine.endpoint, clock="real", capacity=False) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        Path(folder, "bench_moves.py").write_text(MOVES)
        pointer = Path(folder, "table.txt")
        pointer.write_text("users\n")
        places = {"endpoint": server.endpoint, "region": "us-east-1", "folder": folder, "consent": Consent(yes=True)}
        with connect(credentials=(ACCOUNT, "x"), tables=[Table(name="users", key=key("id"))], **places) as project:
            project.ensure()
            project.populate("users", items(count, 0))
        with connect(credentials=(ACCOUNT, "x"), tables=[Table(name="users", key=key("mail"))], **places) as project:
            began = project.replace(
                "users", transform="bench_moves:same", reverse="bench_moves:same", until="following"
            )
            project.populate("users", items(count, 1))
            drained = rate(count, lambda: project.jobs.resume(began.job.id))
            compared = rate(4 * count, lambda: project.replacements.verify(began.job.id))
            there = project.replacements.cutover(began.job.id, pointer=f"file:{pointer}")
            project.populate("users-v2", items(count, 1, note="changed"))
            drained_back = rate(count, lambda: project.jobs.resume(began.job.id))
            compared_back = rate(4 * count, lambda: project.replacements.verify(began.job.id))
            back = project.replacements.back(began.job.id)
            copied = rate(count, lambda: project.copy("users-v2", "users", "bench_moves:same"))
        out = sys.stdout.write
        out("| way | keys | keys made equal a second | items compared a second | writes stopped, s |\n")
        out("|---|---:|---:|---:|---:|\n")
        out(f"| there | {count:,} | {drained:,.0f} | {compared:,.0f} | {there.progress.fence_seconds:.1f} |\n")
        out(f"| back | {count:,} | {drained_back:,.0f} | {compared_back:,.0f} | {back.progress.fence_seconds:.1f} |\n")
        out(f"| a copy back instead | {count:,} | {copied:,.0f} | | {count / copied:.1f} |\n")
    return 0


def rate(count: int, work: Callable[[], object]) -> float:
    """So many a second."""
    since = time.monotonic()
    work()
    return count / (time.monotonic() - since)


def items(count: int, version: int, **more: object) -> list[dict[str, object]]:
    """The users, each with a mail of its own."""
    return [{"id": f"user-{number}", "mail": f"mail-{number}-{version}", **more} for number in range(count)]


if __name__ == "__main__":
    sys.exit(main())
