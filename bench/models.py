"""Items to objects and back: CPU microseconds an item, side by side in one run, as ratios.

python bench/models.py

One item of about 1 KB with 12 attributes, already parsed from JSON (`{"id": {"S": ...}}`), to an object of a class and
back to that form: what PynamoDB, dyntastic, pydynox and boto3's own serializers do for the same (boto3
and the last row stop at a dict). Minima of many rounds.
The rivals are installed into .bench/models from bench/models.txt, whose versions are pinned; a plain `.venv` has none.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

from copying import stub

HERE = Path(__file__).parent
VENV = HERE.parent / ".bench" / "models"
RIVALS = HERE / "contenders" / "models.py"
SCAN = HERE / "contenders" / "models_scan.py"
SCANS = ("dynasmith", "PynamoDB", "boto3")
ITEMS = 20_000
GOALS = {"PynamoDB": 8, "dyntastic": 7, "boto3": 4, "pydynox": 2.5}


def interpreter() -> Path:
    """The interpreter of the venv with the rivals and this package, made when it is not there."""
    python = VENV / "bin" / "python"
    if not python.exists():
        sys.stderr.write("installing what is compared with into .bench/models\n")
        venv.create(VENV, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(HERE / "models.txt"), str(HERE.parent)], check=True)
    return python


def main() -> int:
    """Measure and print."""
    command = [str(interpreter()), str(RIVALS), str(HERE.parent / "src")]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ours = sum(figures["dynasmith"])
    sys.stdout.write("| | decode, us | encode, us | both, times dynasmith's | goal |\n|---|---|---|---|---|\n")
    for name, (decode, encode) in figures.items():
        goal = f"at least {GOALS[name]}" if name in GOALS else ""
        sys.stdout.write(f"| {name} | {decode:.1f} | {encode:.1f} | {(decode + encode) / ours:.1f} | {goal} |\n")
    scans(str(interpreter()))
    return 0


def scans(python: str) -> None:
    """A whole scan of the stub as objects, all in."""
    sys.stdout.write("\n| a scan as objects, all in | CPU us an item | times dynasmith's |\n|---|---|---|\n")
    figures = {}
    with stub(ITEMS) as endpoint:
        for name in SCANS:
            command = [python, str(SCAN), str(HERE.parent / "src"), endpoint, name]
            runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
            figures[name] = min(map(float, runs))
    for name, us in figures.items():
        sys.stdout.write(f"| {name} | {us:.1f} | {us / figures['dynasmith']:.1f} |\n")


if __name__ == "__main__":
    sys.exit(main())
