"""Export a table to packed JSON Lines and populate one from it; CPU microseconds an item, beside a digest.

python bench/files.py [--items 100000] [--rounds 3]
"""

import argparse
import statistics
import sys
import tempfile

from copying import run, stub

KINDS = {
    "export to JSON Lines, gzip level 1, digest on": "export",
    "populate from it, digest on": "populate",
    "digest of a table (one side of verify)": "verify",
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    figures: dict[str, list[float]] = {name: [] for name in KINDS}
    for _ in range(chosen.rounds):
        with stub(chosen.items) as address, tempfile.TemporaryDirectory() as folder:
            for name, kind in KINDS.items():
                found = run(sys.executable, "files.py", address, str(chosen.items), kind, folder)
                figures[name].append(found["cpu_us"])
    sys.stdout.write("| job | CPU us an item |\n|---|---|\n")
    for name, found in figures.items():
        sys.stdout.write(f"| {name} | {statistics.median(found):.1f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
