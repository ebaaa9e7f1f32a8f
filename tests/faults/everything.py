"""``make faults``: the product of every fault, verb, operation, place, once and forever, option and transport.

``python tests/faults/everything.py [--part 0.01] [--seed 1] [--verb copy] [--fault TEXT]``. The cases come in an order
that the seed decides, so that a part is a fair sample of all; each that fails is printed, and the exit code is then 1.
Several can run beside each other with ``--share 1/4`` to ``--share 4/4``.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.remove(str(Path(__file__).parent))  # the module faults.py of this folder would hide the package
sys.path.insert(0, str(Path(__file__).parents[1]))

from dynasmith.local import start_ministack
from faults.arena import arena
from faults.matrix import everything

SAID_EACH = 200


def main(words: list[str]) -> int:
    """Try the cases that were asked for."""
    parser = argparse.ArgumentParser(prog="faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", type=float, default=1.0, help="which part of the cases, from 0 to 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verb", default="", help="one verb only, as `verify empty`")
    parser.add_argument("--fault", default="", help="only faults whose name holds this text")
    parser.add_argument("--share", default="1/1", help="the n-th of m shares")
    asked = parser.parse_args(words)
    cases = [case for case in everything() if asked.verb in ("", case.verb) and asked.fault in case.struck[0].fault]
    random.Random(asked.seed).shuffle(cases)
    share, shares = map(int, asked.share.split("/"))
    cases = cases[: round(len(cases) * asked.part)][share - 1 :: shares]
    failed, began = 0, time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_ministack() as engine,
        arena(engine.endpoint, Path(folder)) as at,
    ):
        for number, case in enumerate(cases, 1):
            verdict = at.judge(case)
            if verdict.wrong or not verdict.met:
                failed += 1
                sys.stdout.write(f"{verdict if verdict.wrong else f'no call met the fault: {case.name}'}\n\n")
            if number % SAID_EACH == 0 or number == len(cases):
                spent = time.monotonic() - began
                sys.stdout.write(f"{number} of {len(cases)} cases, {failed} failed, {spent:.0f} s\n")
                sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
