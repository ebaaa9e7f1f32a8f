"""Copy by workers: processes of this machine beside workers that a local Dask cluster places.

    python bench/workers.py [--items 200000] [--counts 1,2,4]

Against the stub (``bench/stub.py``), which shares the cores: above two workers on two cores nothing gets faster. Three
attributes are changed, the digest is on. Says items a second after the first page, what the keeper itself costs a page,
what its sockets carry a page, how long it takes to the first page, and from SIGKILL of a worker until its segments are
given back (those of a worker elsewhere when it can write no more, which is up to 10 s).
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copying import run, stub

CLUSTER = Path(__file__).parents[1] / "tests" / "item_stories" / "dask_cluster.py"
COLUMNS = {
    "items_per_second": "items/s",
    "keeper_cpu_ms_a_page": "keeper, CPU ms a page",
    "received_bytes_a_page": "bytes a page, to the keeper",
    "sent_bytes_a_page": "from it",
    "first_page_seconds": "first page, s",
    "give_back_seconds": "given back, s",
}


@contextmanager
def dask(count: int) -> Iterator[str]:
    """A local cluster of ``count`` worker processes; its scheduler."""
    process = subprocess.Popen(
        [sys.executable, str(CLUSTER), str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["address"]
    finally:
        process.stdin.close()
        process.wait(60)


def measured(items: int, count: int, where: str) -> dict[str, Any]:
    """The figures of a run, with the seconds to the giving back of one in which a worker was killed."""
    with stub(items) as address:
        found = run(sys.executable, "workers.py", address, str(items), str(count), where)
        killed = run(sys.executable, "workers.py", address, str(items), str(count), where, "kill")
    return found | {"give_back_seconds": killed["give_back_seconds"]}


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--counts", default="1,2,4")
    chosen = parser.parse_args()
    sys.stdout.write(f"| workers | {' | '.join(COLUMNS.values())} |\n|---|{'---|' * len(COLUMNS)}\n")
    for count in map(int, chosen.counts.split(",")):
        line(f"{count}, `--processes`", measured(chosen.items, count, "processes"))
        with dask(count) as scheduler:
            line(f"{count}, Dask", measured(chosen.items, count, scheduler))
    return 0


def line(name: str, found: dict[str, Any]) -> None:
    """A line of the table."""
    cells = [f"{found[key]:,.{0 if found[key] >= 100 else 2}f}" for key in COLUMNS]
    sys.stdout.write(f"| {name} | {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
