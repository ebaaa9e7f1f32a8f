"""Expired items: deleted a while after their time, as time to live does, and counted. Engines know only real time.

Source: Developer Guide, "How DynamoDB Time to Live (TTL) works": within a few days, at no cost; the value is a
Number of seconds since the epoch, and one more than five years old expires nothing; the record in the stream says that
the service deleted it.
"""

from typing import Any

from dynasmith.strict.measures.measure import measure
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.aws_backup.call import own_call
from dynasmith.strict.services.mappings.feeds import fed
from dynasmith.strict.services.world import StrictWorld, reply_json
from dynasmith.strict.services.write_images import key_of, recorded
from dynasmith.strict.state import timing
from dynasmith.strict.state.state import Account, StrictTable
from dynasmith.strict.streams.records import BY_SERVICE


async def expire_due(world: StrictWorld, account: Account) -> None:
    """Delete what has been expired long enough in every table with TTL, where it is time to look again."""
    now = world.clock.time()
    if now < account.expiry_at:
        return
    account.expiry_at = now + max(timing.REAL_EXPIRY_SECONDS, world.clock.lasting(timing.EXPIRY_EVERY_SECONDS))
    account.settle(now)
    for table in tuple(account.tables.values()):
        if table.ttl.status == "ENABLED" and table.ttl.attribute and table.status == "ACTIVE":
            await _expire(world, account, table, now - world.clock.lasting(timing.EXPIRY_SECONDS))


async def _expire(world: StrictWorld, account: Account, table: StrictTable, before: float) -> None:
    asked: dict[str, Any] = {
        "TableName": table.name,
        "FilterExpression": "#t BETWEEN :oldest AND :before",
        "ExpressionAttributeNames": {"#t": str(table.ttl.attribute)},
        "ExpressionAttributeValues": {
            ":oldest": {"N": str(int(before - timing.EXPIRY_OLDEST_SECONDS))},
            ":before": {"N": str(int(before))},
        },
    }
    deleted = 0
    while True:
        reply = await world.forward(own_call(world, account, "Scan", asked))
        said = reply_json(reply)
        for item in said.get("Items") or ():
            deleted += await _delete(world, account, table, item)
        if not said.get("LastEvaluatedKey"):
            break
        asked["ExclusiveStartKey"] = said["LastEvaluatedKey"]
    if deleted:
        dimensions = (("TableName", table.name),)
        account.metrics.add(world.clock.time(), "TimeToLiveDeletedItemCount", dimensions, 1.0, deleted)


async def _delete(world: StrictWorld, account: Account, table: StrictTable, item: dict[str, Any]) -> int:
    """1 where an item that is still the one that was read is gone."""
    attribute = str(table.ttl.attribute)
    call = own_call(
        world,
        account,
        "DeleteItem",
        {
            "TableName": table.name,
            "Key": key_of(table, item),
            "ConditionExpression": "#t = :t",
            "ExpressionAttributeNames": {"#t": attribute},
            "ExpressionAttributeValues": {":t": item[attribute]},
        },
    )
    call.tables, call.identity = (table.name,), BY_SERVICE
    call.measured = measure(call.operation, call.body, plain_name)
    reply = await recorded(world, call, lambda: world.forward(call))
    fed(call)
    return int(reply.status == 200)
