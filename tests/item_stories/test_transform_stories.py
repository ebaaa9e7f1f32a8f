"""What a transform may do wrong, what is said about it, and that the job goes on once it is fixed."""

import sys

import pytest

from item_stories.kit import ItemStory

MOVES = """
def split_name(item):
    first, _, last = item.pop("name").partition(" ")
    item["first"], item["last"] = first, last
    return item

def raises(item, ctx):
    if item["n"] == 2:
        raise ValueError("no such thing")
    return item

def exits(item, ctx):
    if item["n"] == 2:
        raise SystemExit(0)
    return item

def number(item, ctx):
    return 7

def loses_the_key(item, ctx):
    del item["pk"]
    return item

def large(item, ctx):
    item["x"] = "x" * 500_000
    return item

def wrong_key(item, ctx):
    item["pk"] = 5
    return item

def one_key(item, ctx):
    item["pk"] = "same"
    return item

def by_number(item, ctx):
    if item["n"] == 0:
        return None
    if item["n"] == 1:
        return [item, {**item, "pk": item["pk"] + "-copy"}]
    return item

async def later(item, ctx):
    return item

def no_item():
    return {}

not_callable = 3
"""


@pytest.fixture
def moving(story: ItemStory) -> ItemStory:
    """Five users, an empty target, a module of transforms."""
    story.write("moves.py", MOVES)
    story.people("users", 5)
    story.make("users_v2")
    return story


def test_a_transform_changes_items_and_verify_takes_it_too(moving: ItemStory) -> None:
    assert moving("copy", "users", "users_v2", "--transform", "moves:split_name", "--yes").code == 0
    assert moving.items("users_v2")[0].keys() == {"pk", "first", "last", "n"}
    assert moving("verify", "users", "users_v2").code == 3
    found = moving("verify", "users", "users_v2", "--transform", "moves:split_name")
    assert (found.code, found.out.splitlines()[-1]) == (0, "Equal.")


def test_the_same_in_processes_of_its_own(moving: ItemStory) -> None:
    words = ("--transform", "moves:split_name", "--processes", "2", "--yes")
    copied = moving("copy", "users", "users_v2", *words)
    assert copied.code == 0, copied.err
    moving.make("users_v3")
    moving.write("users.jsonl", "\n".join(f'{{"pk": "user-{n:05}", "name": "Ada {n}", "n": {n}}}' for n in range(5)))
    filled = moving("populate", "users_v3", "users.jsonl", *words)
    assert filled.code == 0, filled.err
    for table in ("users_v2", "users_v3"):
        assert [item.keys() for item in moving.items(table)] == [{"pk", "first", "last", "n"}] * 5
    moving.write("ops.yaml", "version: 1\nwhere: n > 2\noperations:\n  - {add: country, value: CH}\n")
    operated = moving(
        "copy", "users_v3", "users_v2", "--transform", "ops.yaml", "--processes", "2", "--filter", "n > 0", "--yes"
    )
    assert operated.code == 0, operated.err
    assert [item["n"]["N"] for item in moving.items("users_v2") if "country" in item] == ["3", "4"]
    refused = moving("copy", "users", "users_v2", "--transform", "moves:raises", "--processes", "2", "--yes")
    assert (refused.code, "raised ValueError on item pk=user-00002" in refused.error) == (1, True), refused.err
    assert refused.err.count('moves.py", line 8, in raises') == 1


@pytest.mark.parametrize("where", [(), ("--processes", "2")])
def test_sys_exit_in_a_transform_is_what_it_raised(moving: ItemStory, where: tuple[str, ...]) -> None:
    words = ("copy", "users", "users_v2", "--transform", "moves:exits", "--yes", *where)
    stopped = moving(*words)
    assert (stopped.code, "raised SystemExit on item pk=user-00002: 0" in stopped.error) == (1, True), stopped.err
    went_on = moving(*words, "--on-error", "dead", "--json")
    assert (went_on.code, went_on.json["written"], went_on.json["dead"]) == (3, 4, 1), went_on.out


def test_one_none_or_many_and_the_books_add_up(moving: ItemStory) -> None:
    answer = moving("copy", "users", "users_v2", "--transform", "moves:by_number", "--yes")
    assert answer.code == 0, answer.err
    assert "copy: 5 read + 1 fanned out - 1 dropped = 5 written." in answer.err
    assert "user-00001-copy" in {item["pk"]["S"] for item in moving.items("users_v2")}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("raises", "The transform raised ValueError on item pk=user-00002: no such thing"),
        ("number", "The transform returned int, which is not an item."),
        ("loses_the_key", "it lacks its key attribute pk"),
        ("large", "DynamoDB holds at most 409,600"),
        ("wrong_key", "its key attribute pk is of type N, and the key needs S"),
    ],
)
def test_an_item_that_it_cannot_turn_stops_the_job_or_is_a_dead_letter(moving: ItemStory, name: str, says: str) -> None:
    words = ("copy", "users", "users_v2", "--transform", f"moves:{name}", "--yes", "--segments", "1")
    stopped = moving(*words)
    assert (stopped.code, says in stopped.error) == (1, True), stopped.err
    assert "Traceback" not in stopped.err
    if name == "raises":  # the lines of the user's own code, once
        assert stopped.err.count('moves.py", line 8, in raises') == 1
    assert moving.items("users_v2") == []
    [job] = moving("jobs", "list", "--json").json
    assert (job["state"], says in job["reason"]) == ("failed", True)
    assert f"dynasmith jobs resume {job['id']}" in stopped.err
    dead = moving(*words, "--on-error", "dead")
    count = 1 if name == "raises" else 5
    assert dead.code == 3
    assert dead.err.count("Dead letter (transform)") == 1
    assert f"{count} dead." in dead.err
    assert dead.err.count("in raises") == (name == "raises")
    assert len(moving.items("users_v2")) == 5 - count


def test_an_async_function_is_refused_before_a_job_begins(moving: ItemStory) -> None:
    refused = moving("copy", "users", "users_v2", "--transform", "moves:later", "--yes")
    assert (refused.code, "later is async" in refused.error) == (2, True), refused.err


def test_a_mended_transform_goes_on_where_it_stopped(moving: ItemStory) -> None:
    stopped = moving("copy", "users", "users_v2", "--transform", "moves:raises", "--yes")
    assert stopped.code == 1
    [job] = moving("jobs", "list", "--json").json
    moving.write("moves.py", MOVES.replace('raise ValueError("no such thing")', 'item["n"] = 3'))
    del sys.modules["moves"]
    refused = moving("jobs", "resume", job["id"])
    assert (refused.code, "moves:raises has changed since job" in refused.error) == (4, True), refused.err
    resumed = moving("jobs", "resume", job["id"], "--accept-changed-transform")
    assert resumed.code == 0, resumed.err
    assert sorted(int(item["n"]["N"]) for item in moving.items("users_v2")) == [0, 1, 3, 3, 4]
    assert moving("jobs", "show", job["id"], "--json").json["state"] == "done"


def test_two_items_that_would_become_one_are_never_one(moving: ItemStory) -> None:
    answer = moving("copy", "users", "users_v2", "--transform", "moves:one_key", "--yes")
    assert answer.code == 3
    assert "copy: 5 read = 1 written + 4 dead." in answer.err
    assert len(moving.items("users_v2")) == 1


@pytest.mark.parametrize("what", ["moves:no_item", "moves:not_callable", "moves:", ":f", "moves"])
def test_what_is_no_transform_is_refused_at_once(moving: ItemStory, what: str) -> None:
    answer = moving("copy", "users", "users_v2", "--transform", what, "--yes")
    assert (answer.code, bool(answer.hint)) == (2, True), answer.err
    assert moving("jobs", "list", "--json").json == []


def test_an_operations_file_needs_no_python(moving: ItemStory) -> None:
    moving.write("ops.yaml", 'version: 1\noperations:\n  - {split: name, into: [first, last], on: " "}\n')
    answer = moving("copy", "users", "users_v2", "--transform", "ops.yaml", "--yes")
    assert answer.code == 0, answer.err
    assert {"first", "last"} <= moving.items("users_v2")[0].keys()
    moving.write("wrong.yaml", "version: 1\noperations:\n  - {splitt: name}\n")
    wrong = moving("copy", "users", "users_v2", "--transform", "wrong.yaml", "--yes")
    assert (wrong.code, "wrong.yaml" in wrong.err or "splitt" in wrong.err) == (2, True), wrong.err


def test_a_copy_whose_transform_asks_for_the_time_is_proven_by_its_job(moving: ItemStory) -> None:
    moving.write(
        "stamps.py", "def stamp(item, ctx):\n    return item | {'at': str(ctx.now), 'id': str(ctx.uuid(item))}\n"
    )
    words = ("copy", "users", "users_v2", "--transform", "stamps:stamp", "--filter", "n > 1", "--yes", "--json")
    job = moving(*words).json["id"]
    assert len(moving.items("users_v2")) == 3
    assert moving("verify", "users", "users_v2", "--transform", "stamps:stamp").code == 3
    proven = moving("verify", "users", "users_v2", "--job", job)
    assert (proven.code, proven.out.splitlines()[-1]) == (0, "Equal."), proven.out + proven.err
    assert moving("verify", "users", "users_v2", "--job", "copy-none").code == 1


def test_a_copy_that_makes_equal_items_of_many_is_proved(story: ItemStory) -> None:
    story.write("moves.py", "def grouped(item, ctx):\n    return {'pk': f\"group-{item['n'] % 7}\"}\n")
    story.people("users", 90)
    story.make("users_v2")
    words = ("--transform", "moves:grouped")
    copied = story("copy", "users", "users_v2", *words, "--batch-size", "4", "--yes", "--json")
    assert (copied.code, copied.json["written"], copied.json["already"]) == (0, 7, 83), copied.err
    for how in (("--job", copied.json["id"]), words):
        proved = story("verify", "users", "users_v2", *how, "--json")
        assert (proved.code, proved.json["equal"], proved.json["source"]["count"]) == (0, True, 7), proved.out
    story.put("users_v2", {"pk": {"S": "group-3"}, "more": {"S": "x"}}, {"pk": {"S": "group-9"}})
    story.direct.delete_item(TableName="users_v2", Key={"pk": {"S": "group-0"}})
    refuted = story("verify", "users", "users_v2", *words, "--json")
    assert refuted.code == 3
    assert {(each["kind"], each["key"]) for each in refuted.json["differences"]} == {
        ("differs", "pk=group-3"),
        ("extra", "pk=group-9"),
        ("missing", "pk=group-0"),
    }
