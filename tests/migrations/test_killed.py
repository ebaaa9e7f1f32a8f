"""kill -9 at calls of a migration with two backfills and an `m.once`, then `up`: it goes on, and the sums are true."""

from __future__ import annotations

import random
import re

from item_stories.kit import ItemStory
from migrations.killing import check, fresh, run

ITEMS = 300


def test_killed_at_any_call_it_goes_on_and_arrives(story: ItemStory) -> None:
    """Calls all over the run, other ones in each run of the suite; `make soak` does all of them."""
    fresh(story, ITEMS)
    done = run(story, 0)
    assert done.returncode == 0, done.stderr
    found = re.search(r"calls (\d+)", done.stderr)
    assert found is not None
    calls, digest = int(found[1]), story.digest("users")
    assert len(check(story, digest)) == 2

    rest = random.Random()
    third = calls // 3
    kills = [(rest.randrange(start, start + third),) for start in (1, third, 2 * third)]
    for calls_killed in (*kills, (third, calls // 4)):  # the last one is killed twice
        fresh(story, ITEMS)
        for call in calls_killed:
            run(story, call)
        again = run(story, 0)
        assert again.returncode == 0, (calls_killed, again.stderr)
        check(story, digest)
