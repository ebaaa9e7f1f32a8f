"""The long proof: `python tests/migrations/soak_kills.py [ITEMS [EVERY]]` (50,000 and 7).

A migration with two backfills and an `m.once` over so many items is killed (kill -9) at every so-manieth of its calls,
and at 20 random ones, each time begun again; the table, the history and the sums are looked at. Exits 1 with the call
at which something was not as it must be.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest

from item_stories.kit import ItemStory
from migrations.killing import check, fresh, run


def test_every_call(story: ItemStory) -> None:
    """All of it; a test only to have the engine of one."""
    fresh(story, ITEMS)
    done = run(story, 0)
    found = re.search(r"calls (\d+)", done.stderr)
    assert found is not None, done.stderr
    calls, digest = int(found[1]), story.digest("users")
    wanted = [*range(1, calls, EVERY), *(random.randrange(1, calls) for _ in range(20))]
    for number, call in enumerate(wanted, 1):
        fresh(story, ITEMS)
        run(story, call)
        again = run(story, 0)
        assert again.returncode == 0, (call, again.stderr)
        check(story, digest)
        sys.stderr.write(f"{time.strftime('%H:%M:%S')}  killed at call {call} of {calls}: {number} of {len(wanted)}\n")


ITEMS, EVERY = (*map(int, sys.argv[1:3]), 50_000, 7)[:2] if __name__ == "__main__" else (50_000, 7)
if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.argv[1:] = []
        sys.exit(pytest.main(["-q", "-s", "-p", "no:cacheprovider", f"--basetemp={folder}/t", __file__]))
