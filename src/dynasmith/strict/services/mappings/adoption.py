"""The mappings that an earlier endpoint made in the engine: found again, and gone on with where it ended."""

from typing import Any

from dynasmith.strict.services.aws_backup.call import own_call
from dynasmith.strict.services.mappings.batches import window_start_of
from dynasmith.strict.services.mappings.engine_calls import MAPPINGS, ask_lambda
from dynasmith.strict.services.mappings.feeds import feed_of
from dynasmith.strict.services.mappings.mapping_tag import KeptMapping, kept_of
from dynasmith.strict.services.mappings.poller import start
from dynasmith.strict.services.world import LOG, StrictWorld, reply_json
from dynasmith.strict.state.mappings import StreamMapping, WindowState, table_of
from dynasmith.strict.state.state import Account


async def adopt(world: StrictWorld, account: Account) -> None:
    """Take over what the engine keeps, once for an account. Where the engine is away, it is tried again later."""
    async with account.adoption:
        if account.adopted:
            return
        try:
            said = reply_json(await ask_lambda(world, account, "GET", MAPPINGS))
            found = [one for one in said.get("EventSourceMappings") or () if table_of(str(one.get("EventSourceArn")))]
            for one in found:
                await _adopt(world, account, one)
        except OSError as error:
            LOG.debug("mappings are not adopted: the engine does not answer: %s", error)
            return
        account.adopted = True


async def _adopt(world: StrictWorld, account: Account, said: dict[str, Any]) -> None:
    uuid, stream = str(said["UUID"]), str(said["EventSourceArn"])
    arn = f"arn:aws:lambda:{account.key[1]}:{account.number}:event-source-mapping:{uuid}"
    kept = None if uuid in account.mappings else await kept_of(world, account, arn)
    if kept is None:
        return
    # Under the name that it has now: the endpoint gives a stream a new one where the engine lost its records.
    table = await world.table(own_call(world, account, "DescribeTable", {}), table_of(stream))
    if table is not None and table.stream.engine_arn == stream and table.stream.arn is not None:
        stream = table.stream.arn
    feed = feed_of(account, stream)
    now = world.clock.time()
    mapping = StreamMapping(
        uuid=uuid,
        arn=arn,
        stream=stream,
        function=kept.function,
        starting=kept.starting,
        options=kept.options,
        enabled=kept.enabled,
        moving="Deleting" if kept.deleting else "Enabling",
        due=now,
        modified_at=kept.modified_at,
        position=sum(int(one.number) <= int(kept.after or 0) for one in feed.records),
        result=kept.result,
    )
    mapping.window = _window(kept, world.stream_time(), int(mapping.option("TumblingWindowInSeconds") or 0))
    account.mappings[uuid] = mapping
    start(world, account, mapping)


def _window(kept: KeptMapping, now: float, seconds: int) -> WindowState | None:
    """The window that was open; one that begins later than now (the clock was moved on then) is that of now."""
    if kept.window is None or not seconds:
        return None
    began, state = kept.window
    return WindowState(min(began, window_start_of(now, seconds)), state)
