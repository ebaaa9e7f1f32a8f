"""Items that time to live is about to delete: left out where that was asked for, and no others."""

import time

from dynasmith.items.expiry import EXPIRY_REACH_SECONDS
from item_stories.kit import ItemStory

KEPT = ("missing", "later", "zero", "negative", "long past", "fraction", "text", "milliseconds")


def expiring(story: ItemStory, name: str) -> None:
    """A table with TTL on ``ends``: one item that TTL deletes, and one of each kind that it never deletes."""
    now = int(time.time())
    story.make(name)
    story.direct.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    numbers = {
        "expired": str(now - 86_400),
        "later": str(now + 86_400),
        "zero": "0",
        "negative": str(-now),
        "long past": str(now - EXPIRY_REACH_SECONDS - 86_400),
        "fraction": f"{now - 86_400}.5",
        "milliseconds": str((now - 86_400) * 1000),
    }
    story.put(
        name,
        *({"pk": {"S": key}, "ends": {"N": number}} for key, number in numbers.items()),
        {"pk": {"S": "text"}, "ends": {"S": str(now - 86_400)}},
        {"pk": {"S": "missing"}},
    )


def keys(story: ItemStory, name: str) -> list[str]:
    return sorted(item["pk"]["S"] for item in story.items(name))


def test_a_copy_and_an_export_leave_out_what_ttl_deletes_and_nothing_else(story: ItemStory) -> None:
    """Once a minute the engine itself deletes what has expired; the story is told again where that came between."""
    for _ in range(10):
        expiring(story, "users")
        try:
            left_out(story)
        except AssertionError:
            if "expired" in keys(story, "users"):
                raise
        else:
            return
        for name in story.live():
            story.direct.delete_table(TableName=name)
    raise AssertionError("the engine deletes what this test needs more often than once a minute")


def left_out(story: ItemStory) -> None:
    story.make("users_v2", "users_v3", "users_v4")
    dry = story("copy", "users", "users_v2", "--dry-run")
    assert "1 of 9 sampled items have expired (TTL ends)" in dry.out + dry.err, dry.out + dry.err
    copied = story("copy", "users", "users_v2", "--expired", "skip", "--yes", "--json")
    assert keys(story, "users_v2") == sorted(KEPT)
    assert story("verify", "users", "users_v2", "--job", copied.json["id"]).code == 0
    assert story("verify", "users", "users_v2").code == 3
    assert story("copy", "users", "users_v3", "--expired", "skip", "--processes", "2", "--yes").code == 0
    assert keys(story, "users_v3") == sorted(KEPT)
    assert story("export", "users", "users.jsonl", "--expired", "skip").code == 0
    assert story("populate", "users_v4", "users.jsonl", "--yes").code == 0
    assert keys(story, "users_v4") == sorted(KEPT)


def test_a_filter_of_a_populate_is_part_of_its_proof(story: ItemStory) -> None:
    story.make("users")
    story.write("users.jsonl", '{"pk": "a", "n": 1}\n{"pk": "b", "n": 2}\n')
    populated = story("populate", "users", "users.jsonl", "--filter", "n = 1", "--yes", "--json")
    assert keys(story, "users") == ["a"]
    assert story("verify", "users.jsonl", "users").code == 3
    proved = story("verify", "users.jsonl", "users", "--job", populated.json["id"])
    assert proved.code == 0, proved.out + proved.err
