"""A table of users with a unique mail that moves, and somebody who writes to it all the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from cli.story import client_of
from item_stories.kit import ItemStory

MOVES = """
def by_mail(item, ctx):
    return item


def numbered(item, ctx):
    return {**item, "old_id": item["id"], "id": int(item["id"])}


def named(item, ctx):
    return {**{name: item[name] for name in item if name != "old_id"}, "id": str(item["id"])}


def renamed(item, ctx):
    return {**item, "id": str(item["id"] + 1)}


def dropping(item, ctx):
    return {"mail": item["mail"]}


def failing(item, ctx):
    if item["mail"] == "bad":
        raise ValueError("a bad mail")
    return item


def unsteady(item, ctx):
    unsteady.count += 1
    return {**item, "count": unsteady.count}


unsteady.count = 0
"""


def user(number: int, mail: str = "", count: int = 0) -> dict[str, Any]:
    """One user."""
    return {"id": {"S": str(number)}, "mail": {"S": mail or f"mail-{number}"}, "n": {"N": str(count)}}


def definition(key: str, type_: str = "S", **more: Any) -> dict[str, Any]:
    """The definition of the table of users, by another key."""
    return {
        "name": "users",
        "attributes": [{"name": key, "type": type_}],
        "key_schema": [{"attribute_name": key, "key_type": "HASH"}],
        **more,
    }


def with_users(story: ItemStory, count: int, **definition_: Any) -> None:
    """The table of users, keyed by id, its new definition, and the transforms."""
    Path("moves.py").write_text(MOVES)
    story.make("users", key="id")
    story.put("users", *(user(number) for number in range(count)))
    story.define(definition(**definition_))


class Writer:
    """Moves mails between users, deletes and creates some; every change is acknowledged before the next one."""

    def __init__(self, story: ItemStory, count: int, table: str = "users", seed: int = 1) -> None:
        self.client, self.table = client_of(story.endpoint, story.account), table
        self.mails = {str(number): f"mail-{number}" for number in range(count)}
        self.free, self.writes, self._rng = [f"free-{number}" for number in range(20)], 0, Random(seed)
        self._stop = Event()

    def step(self) -> None:
        """One change, or a swap of two mails by three."""
        one, two = self._rng.sample(sorted(self.mails), 2)
        chance = self._rng.random()
        if chance < 0.6:
            first, second = self.mails[one], self.mails[two]
            self._put(one, f"between-{one}")
            self._put(two, first)
            self._put(one, second)
        elif chance < 0.8 and len(self.mails) > 5:
            self.client.delete_item(TableName=self.table, Key={"id": {"S": one}})
            self.free.append(self.mails.pop(one))
            self.writes += 1
        else:
            new = str(1_000 + self._rng.randrange(20))
            if new not in self.mails:
                self._put(new, self.free.pop())

    def _put(self, id_: str, mail: str) -> None:
        self.writes += 1
        self.client.put_item(TableName=self.table, Item=user(int(id_), mail, self.writes))
        self.mails[id_] = mail

    def _run(self) -> None:
        while not self._stop.wait(0.01):  # one of its kind is not to need the whole machine
            self.step()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write all the time."""
        thread = Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self.client.close()


def change(story: ItemStory, item: dict[str, Any], table: str = "users") -> None:
    """One write that the stream sees."""
    client = client_of(story.endpoint, story.account)
    client.put_item(TableName=table, Item=item)
    client.close()


def by_id(items: list[dict[str, Any]], name: str = "id") -> dict[str, dict[str, Any]]:
    """Items by an attribute."""
    return {item[name]["S"]: item for item in items}
