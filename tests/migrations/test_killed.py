"""kill -9 in a migration with two backfills and an `m.once`: it goes on, and the sums are true."""

from __future__ import annotations

import random

from item_stories.kit import ItemStory
from migrations.killing import ALL, Killer, check, fresh, killed_at_instants

ITEMS, CALLED = 2_000, 100
INSTANTS = 5


def test_killed_at_several_instants_it_goes_on_each_time_and_arrives(story: ItemStory, killer: Killer) -> None:
    """A migration of 2,000 items that is killed again and again; other instants in each run of the suite, and twenty of
    50,000 items in `make soak`."""
    fresh(story, ITEMS)
    done = killer(story, *ALL)
    assert done.code == 0, done.err
    digest = story.digest("users")
    assert len(check(story, digest)) == 2
    fresh(story, ITEMS)
    killed_at_instants(story, killer, digest, done.seconds, INSTANTS)


def test_killed_at_any_call_it_goes_on_and_arrives(story: ItemStory, killer: Killer) -> None:
    """Calls all over the run, other ones in each run of the suite; `make soak` does all of them."""
    fresh(story, CALLED)
    done = killer(story, *ALL)
    assert done.code == 0, done.err
    digest, third = story.digest("users"), done.calls // 3
    assert len(check(story, digest)) == 2

    chance = random.Random()
    kills = [(chance.randrange(start, start + third),) for start in (1, third, 2 * third)]
    for calls in (*kills, (third, done.calls // 4)):  # the last one is killed twice
        fresh(story, CALLED)
        for call in calls:
            killer(story, *ALL, call=call)
        again = killer(story, *ALL)
        assert again.code == 0, (calls, again.err)
        check(story, digest)
