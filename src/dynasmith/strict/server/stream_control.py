"""What a test does to streams: ``strict.streams``."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from dynasmith.strict.services.stream_logs import follow_stream, lose_records
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.state import Account
from dynasmith.strict.state.stream_log import StreamLog, StreamShard

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class StreamControl:
    """Shards that a test splits or closes, records that it delays, and streams that it lets lose their records.

    A table is meant by its name, in every account and Region that uses it through the endpoint; LookupError where none
    has a stream that is on.
    """

    def __init__(self, world: StrictWorld, run: Run) -> None:
        self._world, self._run = world, run

    def split(self, table: str, shard: str | None = None) -> list[str]:
        """Close each open shard (or the one of this id) and give each two children; the ids of the children."""
        return self._closed(table, shard, 2)

    def roll(self, table: str, shard: str | None = None) -> list[str]:
        """Close each open shard (or the one of this id) and give each one child, as the service does by itself about
        every four hours; the ids of the children."""
        return self._closed(table, shard, 1)

    def lag(self, seconds: float) -> None:
        """Let records be readable only so many seconds after their change."""
        self._world.stream_lag_seconds = seconds

    def lose(self, table: str) -> None:
        """Let the stream lose its records, as the restart of an engine does: the table has a new stream with a new ARN,
        and of the old one nothing is known."""
        self._run(self._lose(table))

    def _closed(self, table: str, shard: str | None, children: int) -> list[str]:
        ids: list[str] = self._run(self._close(table, shard, children))
        return ids

    async def _close(self, table: str, shard: str | None, children: int) -> list[str]:
        at, made = self._world.stream_time(), list[StreamShard]()
        for _, log in self._logs(table):
            log.settle(at)
            for one in log.open_shards:
                if shard is None or one.id == shard:
                    made += log.close(one, at, children)
        if not made:
            raise LookupError(f"the stream of {table} has no open shard {shard}")
        return [one.id for one in made]

    async def _lose(self, table: str) -> None:
        for account, log in list(self._logs(table)):
            held = account.tables[log.table]
            lose_records(account, held, self._world.stream_time())
            follow_stream(account, held, self._world.clock.time(), self._world.stream_time())

    def _logs(self, table: str) -> Iterator[tuple[Account, StreamLog]]:
        found = [
            (account, log)
            for account in self._world.accounts.values()
            for log in account.streams.values()
            if log.table == table and log.disabled_at is None
        ]
        if not found:
            raise LookupError(f"no table {table} with a stream was used through the strict endpoint")
        return iter(found)
