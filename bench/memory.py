"""Memory of a copy of a small and of a large table: the peak must not grow with the table.

python bench/memory.py [--small 100000] [--large 1000000]
"""

import sys

sys.path.pop(0)  # this folder, whose ``copy`` is not Python's own

import argparse
import importlib.util
from pathlib import Path
from typing import Any

KINDS = {"untransformed": "raw", "three attributes changed": "lazy"}


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
    """Measure and print; 1 where the large table takes more than a tenth more memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    chosen = parser.parse_args()
    bench = bench_copy()
    sys.stdout.write(f"| copy | {chosen.small:,} items, MB | {chosen.large:,} items, MB |\n|---|---|---|\n")
    grown = False
    for name, kind in KINDS.items():
        peaks = []
        for items in (chosen.small, chosen.large):
            with bench.stub(items) as address:
                peaks.append(bench.run(sys.executable, "ours.py", address, str(items), kind)["memory_mb"])
        grown = grown or peaks[1] > peaks[0] * 1.1
        sys.stdout.write(f"| {name} | {peaks[0]:.0f} | {peaks[1]:.0f} |\n")
        sys.stdout.flush()
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
