"""Items to objects and back: CPU microseconds an item, side by side in one run, as ratios.

python bench/models.py

One item of about 1 KB with 12 attributes, already parsed from JSON (`{"id": {"S": ...}}`), to an object of a class and
back to that form: what PynamoDB, dyntastic, pydynox and boto3's own serializers do for the same. Minima of many rounds.
The rivals are installed into .bench/models from bench/models.txt, whose versions are pinned; a plain `.venv` has none.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
VENV = HERE.parent / ".bench" / "models"
RIVALS = HERE / "contenders" / "models.py"
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
