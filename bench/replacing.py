"""The drain of a replacement, its comparison, and for how long its cut-over stops writes, on the embedded engine.

    python bench/replacing.py [--keys 2000]

A table of that many items is replaced by one with another key and followed; then each item is changed once while nobody
follows, and `jobs resume` makes every key equal: a strong read of each and a conditional write, by eight threads. Then
`replace verify` compares both tables twice, each time from both sides. The cut-over is done without a writer, so that
what is measured is the fence, its proof and the last look at the stream. Both stand behind the strict endpoint and
share the cores with it.
"""

import argparse
import sys
import tempfile
import time
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
            began = project.replace("users", transform="bench_moves:same", until="following")
            project.populate("users", items(count, 1))
            since = time.monotonic()
            project.jobs.resume(began.job.id)
            seconds = time.monotonic() - since
            since = time.monotonic()
            project.replacements.verify(began.job.id)
            compared = 4 * count / (time.monotonic() - since)
            done = project.replacements.cutover(began.job.id, pointer=f"file:{pointer}")
        fence = done.progress.fence_seconds or 0.0
        sys.stdout.write("| keys | keys made equal a second | items compared a second | writes stopped, s |\n")
        sys.stdout.write("|---:|---:|---:|---:|\n")
        sys.stdout.write(f"| {count:,} | {count / seconds:,.0f} | {compared:,.0f} | {fence:.1f} |\n")
    return 0


def items(count: int, version: int) -> list[dict[str, object]]:
    """The users, each with a mail of its own."""
    return [{"id": f"user-{number}", "mail": f"mail-{number}-{version}"} for number in range(count)]


if __name__ == "__main__":
    sys.exit(main())
