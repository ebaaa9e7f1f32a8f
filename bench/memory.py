"""Memory of a copy of a small and of a large table: the peak must not grow with the table.

python bench/memory.py [--small 500000] [--large 2000000]

A run of a second (100,000 items) has not met its peak yet: it ends some MB lower.
"""

import argparse
import sys

from copying import run, stub

KINDS = {"untransformed": "raw", "three attributes changed": "lazy"}


def main() -> int:
    """Measure and print; 1 where the large table takes more than a tenth more memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=500_000)
    parser.add_argument("--large", type=int, default=2_000_000)
    chosen = parser.parse_args()
    sys.stdout.write(f"| copy | {chosen.small:,} items, MB | {chosen.large:,} items, MB |\n|---|---|---|\n")
    grown = False
    for name, kind in KINDS.items():
        peaks = []
        for items in (chosen.small, chosen.large):
            with stub(items) as address:
                peaks.append(run(sys.executable, "ours.py", address, str(items), kind)["memory_mb"])
        grown = grown or peaks[1] > peaks[0] * 1.1
        sys.stdout.write(f"| {name} | {peaks[0]:.0f} | {peaks[1]:.0f} |\n")
        sys.stdout.flush()
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
