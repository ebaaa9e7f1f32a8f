"""The benchmarks of the item flow in turn. Tables of ratios on standard output, progress on standard error."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARKS = (
    "copying.py",
    "stage.py",
    "files.py",
    "memory.py",
    "backfill.py",
    "masking.py",
    "models.py",
    "workers.py",
    "replacing.py",
)


def main() -> int:
    """Run what there is; 1 where one failed."""
    failed = 0
    for name in BENCHMARKS:
        sys.stdout.write(f"\n## {name.removesuffix('.py')}\n\n")
        sys.stdout.flush()
        failed += subprocess.run([sys.executable, str(HERE / name)], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
