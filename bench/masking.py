"""Copy a table with four attributes masked: what that costs beside a copy without, and beside a script with Faker.

    python bench/masking.py [--items 100000] [--rounds 3] [--without-others]

CPU microseconds an item against the same stub, medians of interleaved rounds, with the ratio to our masked copy of a
name, an email, a street within a map and a text. The script is what people write today: boto3's resource in four
threads and Faker, once with a seed for each value, so that one value always gets the same replacement, and once
without.
"""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime

from copying import OTHERS_SHARE, Table, others_python, stub

OURS = {"dynasmith": "mask", "dynasmith, nothing masked": "raw", "dynasmith, in two processes": "mask-processes"}
SCRIPTS = {"boto3 and Faker, a seed for each value": "seeded", "boto3 and Faker, at random": "random"}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-others", action="store_true")
    chosen = parser.parse_args()
    few = max(1, chosen.items // OTHERS_SHARE)
    python = None if chosen.without_others else others_python()
    table = Table("Four attributes masked")
    for _ in range(chosen.rounds):
        with stub(chosen.items) as address:
            for name, kind in OURS.items():
                table.add(name, sys.executable, "ours.py", address, str(chosen.items), kind)
        if python:
            with stub(few) as address:
                for name, way in SCRIPTS.items():
                    table.add(name, python, "faker_script.py", address, way)
    when = datetime.now(UTC).date().isoformat()
    sys.stdout.write(f"{when}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    sys.stdout.write(f"items of 981 bytes, {chosen.rounds} rounds, medians\n")
    sys.stdout.write("\n".join(table.lines()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
