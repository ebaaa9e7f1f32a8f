"""Export a table to packed JSON Lines and populate one from it; CPU microseconds an item, beside a digest.

python bench/files.py [--items 100000] [--rounds 3]
"""

import sys

sys.path.pop(0)  # this folder, whose ``copy`` is not Python's own

import argparse
import importlib.util
import statistics
import tempfile
from pathlib import Path
from typing import Any

KINDS = {
    "export to JSON Lines, gzip level 1, digest on": "export",
    "populate from it, digest on": "populate",
    "digest of a table (one side of verify)": "verify",
}


def bench_copy() -> Any:
    """The benchmark beside this one, for its stub and its way to run a contender."""
    spec = importlib.util.spec_from_file_location("bench_copy", Path(__file__).with_name("copy.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, "")  # what copy.py takes out again
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    bench = bench_copy()
    figures: dict[str, list[float]] = {name: [] for name in KINDS}
    for _ in range(chosen.rounds):
        with bench.stub(chosen.items) as address, tempfile.TemporaryDirectory() as folder:
            for name, kind in KINDS.items():
                found = bench.run(sys.executable, "files.py", address, str(chosen.items), kind, folder)
                figures[name].append(found["cpu_us"])
    sys.stdout.write("| job | CPU us an item |\n|---|---|\n")
    for name, found in figures.items():
        sys.stdout.write(f"| {name} | {statistics.median(found):.1f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
