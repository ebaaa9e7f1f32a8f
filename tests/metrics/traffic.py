"""Traffic on a table, through the strict endpoint."""

from typing import Any

from botocore.exceptions import ClientError

from cli.story import client_of, gsi, table
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory


def still(server: StrictServer) -> None:
    """Let capacity flow on the moved clock only."""
    clock = server.clock
    server.clock.flow = lambda: clock._moved  # type: ignore[method-assign]  # the seam between real and virtual time


def orders(story: ItemStory, **more: Any) -> Any:
    """A table ``orders`` with one index by ``status``, and a client of the strict endpoint."""
    more.setdefault("global_secondary_indexes", [gsi("by_status", "status", projection={"type": "ALL"})])
    story.define(table("orders", **more))
    answer = story("ensure")
    assert answer.code == 0, answer.err
    return strict(story)


def strict(story: ItemStory) -> Any:
    """A client of the strict endpoint that retries nothing; closed with the story."""
    assert story.direct is not None  # the first of the clients is that of the engine
    client = client_of(story.endpoint, story.account)
    story._clients.append(client)
    return client


def write(client: Any, count: int, status: str = "new", key: str = "") -> int:
    """Write so many items (or one item again and again); how many writes were throttled."""
    throttled = 0
    for number in range(count):
        try:
            item = {"pk": {"S": key or f"o-{number}"}, "status": {"S": status}}
            client.put_item(TableName="orders", Item=item)
        except ClientError as error:
            throttled += "hrottlingReasons" in str(error.response)
    return throttled


def read(client: Any, count: int, key: str = "o-0") -> int:
    """Read an item so often; how many reads were throttled."""
    throttled = 0
    for _ in range(count):
        try:
            client.get_item(TableName="orders", Key={"pk": {"S": key}}, ConsistentRead=True)
        except ClientError as error:
            throttled += "hrottlingReasons" in str(error.response)
    return throttled
