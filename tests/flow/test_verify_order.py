"""verify shows the same keys in every process, whatever the seed of Python's hashes."""

import os
import subprocess
import sys

PROGRAM = """
from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.items.key import KeyPart, KeySchema

key = KeySchema((KeyPart("pk", "S"), KeyPart("n", "N")), ())
items = [{"pk": f"user-{number}", "n": number} for number in range(200)]
found = verify(VerifySide(from_iterable(items, key)), VerifySide(from_iterable([], key)), key, limit=5)
assert found.more and len(found.differences) == 5
print([each.key for each in found.differences])
"""


def test_the_keys_do_not_depend_on_the_process() -> None:
    shown = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1
