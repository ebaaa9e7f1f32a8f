"""The fault proxy itself: without a fault it changes nothing, and what it holds it sends on when it is told to."""

import itertools
import threading

from faults.arena import Arena
from faults.verbs import VERBS, compared, item_of


def test_without_a_fault_every_verb_does_what_it_is_judged_by(tried: Arena) -> None:
    for proxy, verb in zip(itertools.cycle(tried.proxies), VERBS.values(), strict=False):
        made = verb(tried.world)
        proxy.arm()
        answer = tried.worker.run(tried.world.folder, tried.environment(proxy), *made.words())
        assert answer.code in made.expected_codes(), answer
        assert not made.wrong(), made.wrong()
        assert proxy.seen.keys() >= made.uses, f"{made.name} calls {sorted(proxy.seen)}"
        made.end()


def test_what_it_holds_reaches_the_engine_when_it_is_released(tried: Arena) -> None:
    from cli.story import client_of

    proxy, world = tried.proxies[1], tried.world
    table = world.table()
    client = client_of(proxy.endpoint, tried.account)
    proxy.hold("PutItem")
    writing = threading.Thread(target=client.put_item, kwargs={"TableName": table, "Item": item_of(1)})
    writing.start()
    proxy.wait_held(1)
    assert world.items(table) == {}
    assert proxy.release() == 1
    writing.join()
    client.close()
    assert list(world.items(table)) == ["key-0001"]
    assert proxy.held == 0


def test_the_comparison_sees_each_kind_of_difference() -> None:
    one, two = item_of(1), item_of(2)
    assert compared({"1": one}, {"1": one}) == ""
    assert compared({"1": one, "2": two}, {"1": two, "3": one}) == "1 missing (2); 1 extra (3); 1 different (1)"
