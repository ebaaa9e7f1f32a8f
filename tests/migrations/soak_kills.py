"""The long proof: `python tests/migrations/soak_kills.py [ITEMS [CALLED [EVERY]]]` (50,000, 1,000 and 1).

A migration with two backfills and an `m.once` over ITEMS is killed (kill -9) at 20 random instants, each time begun
again; one over CALLED items at every EVERYth of its calls. The table, the history and the sums are looked at. Exits 1
with the call at which something was not as it must be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from item_stories.kit import ItemStory
from migrations.killing import ALL, Killer, check, fresh, killed_at_instants

INSTANTS = 20
ASKED = os.environ.get("SOAK_KILLS", "").split()
ITEMS, CALLED, EVERY = (*map(int, ASKED), *(50_000, 1_000, 1)[len(ASKED) :])


def said(line: str) -> None:
    """Where it is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")


def recorded(story: ItemStory, killer: Killer, items: int) -> tuple[str, int, float]:
    """A run that is not killed: the digest of the table, the calls and the seconds."""
    fresh(story, items)
    done = killer(story, *ALL)
    assert done.code == 0, done.err
    digest = story.digest("users")
    check(story, digest)
    said(f"{items:,} items: {done.calls:,} calls in {done.seconds:.1f} s")
    return digest, done.calls, done.seconds


def test_instants(story: ItemStory, killer: Killer) -> None:
    """Many items, and instants; a test only to have the engine of one."""
    digest, _, seconds = recorded(story, killer, ITEMS)
    fresh(story, ITEMS)
    killed_at_instants(story, killer, digest, seconds, INSTANTS)
    said(f"killed at {INSTANTS} instants")


def test_every_call(story: ItemStory, killer: Killer) -> None:
    """Every call of a run."""
    digest, calls, _ = recorded(story, killer, CALLED)
    for call in range(1, calls + 1, EVERY):
        fresh(story, CALLED)
        assert killer(story, *ALL, call=call).killed or call > calls * 0.9  # beats are not always as many
        again = killer(story, *ALL)
        assert again.code == 0, (call, again.err)
        check(story, digest)
        if call % 10 == 1:
            said(f"killed at call {call} of {calls}")


if __name__ == "__main__":  # a process of its own: pytest must be imported before the package
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "pytest", "-qs", "-p", "no:cacheprovider", f"--basetemp={home}/t", __file__]
        environ = {**os.environ, "SOAK_KILLS": " ".join(sys.argv[1:4])}
        sys.exit(subprocess.run(command, env=environ, check=False).returncode)
