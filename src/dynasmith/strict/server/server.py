"""``StrictServer``: the endpoint in a thread of its own."""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from dynasmith.strict.faults.faults import Fault
from dynasmith.strict.iam.document import PolicyNotUnderstood
from dynasmith.strict.rules.items import KeyValue, value_text, wire_value
from dynasmith.strict.rules.registry import rules
from dynasmith.strict.rules.rule import RuleBook, StrictRule
from dynasmith.strict.server.pipeline import RequestPipeline
from dynasmith.strict.server.stream_control import StreamControl
from dynasmith.strict.server.wipe import wipe
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.capacity import (
    CAUSES,
    KEY_RANGE_READ_UNITS,
    KEY_RANGE_WRITE_UNITS,
    HotPartitions,
    Limit,
    ThrottleCause,
)
from dynasmith.strict.state.clock import ClockMode, StrictClock
from dynasmith.strict.state.journal import Journal
from dynasmith.strict.state.policies import PolicyDelays
from dynasmith.strict.state.stall import Stall
from dynasmith.strict.wire.http import HttpServer, Upstream

START_SECONDS_MAX = 10.0


def quick_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where the extra ``fast`` is installed (a call costs less on the way through), else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


_T = TypeVar("_T")


class StrictServer:
    """A strict DynamoDB endpoint on 127.0.0.1 in front of ``upstream`` (``http://host:port`` of any engine).

    It listens when the constructor returns, on ``port`` (0: a free one), until ``close()`` or the end of ``with``;
    closing ends connections at once and keeps nothing. ``autoscaling_upstream`` is where Application Auto Scaling goes,
    an address or a function that starts one on first use. ``clock``: "manual" stands still until ``clock.advance``,
    "real" runs (a transition takes at most a second), "fast" runs an hour a second. ``auto_advance``: each Describe of
    something in transition moves a manual clock towards its end. ``describe_lag_seconds``: for so long after
    CreateTable the table is not found. ``capacity``: the units of tables and indexes are enforced (by
    default on the real clock only; limits of ``throttle`` always are). ``rules_off`` names rules that do not hold.
    ``stall_seconds``: after so many real seconds of calls that are repeated while nothing changes and a manual clock
    stands still, each is refused with StrictTimeoutException, which says what was waited for (0: never).
    """

    def __init__(
        self,
        upstream: str,
        autoscaling_upstream: str | Callable[[], str] | None = None,
        clock: ClockMode = "manual",
        rules_off: Sequence[str] = (),
        *,
        extra_rules: Sequence[StrictRule] = (),
        auto_advance: bool = False,
        describe_lag_seconds: float = 0.0,
        capacity: bool | None = None,
        port: int = 0,
        stall_seconds: float = 0.0,
    ) -> None:
        self.clock = StrictClock(clock)
        self.journal = Journal()
        self.rules = RuleBook((*rules(), *extra_rules), rules_off)
        self._world = StrictWorld(
            upstream_of(upstream),
            self.clock,
            self.rules,
            self.journal,
            auto_advance=auto_advance and clock == "manual",
            describe_lag_seconds=describe_lag_seconds,
            stall=Stall(self.clock, stall_seconds),
        )
        self.permissions = self._world.permissions
        self.streams = StreamControl(self._world, self._call)
        self._world.capacity.enforced = clock == "real" if capacity is None else capacity
        self._scaling_address = autoscaling_upstream
        self._scaling: Upstream | None = None
        self._scaling_lock = asyncio.Lock()
        self._doors: set[HttpServer] = set()
        self._loop = quick_loop()
        self._thread = threading.Thread(target=self._run, name="dynasmith-strict", daemon=True)
        self._thread.start()
        try:
            self._listener = self._call(self._listen(port))
        except BaseException:
            self._stop_loop()
            raise
        self.port: int = self._listener.sockets[0].getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"

    @property
    def auto_advance(self) -> bool:
        """Whether a Describe of something in transition moves the clock."""
        return self._world.auto_advance

    @auto_advance.setter
    def auto_advance(self, value: bool) -> None:
        self._world.auto_advance = value

    def throttle(
        self,
        table: str | None = None,
        index: str | None = None,
        *,
        write_units: float | None = None,
        read_units: float | None = None,
        burst_seconds: float = 1.0,
        key: KeyValue | None = None,
        cause: ThrottleCause | None = None,
    ) -> Limit:
        """Hold a table (every table, each with its own units, when None) or an index to so many units a second, with
        so many seconds of burst, from now on; ``remove()`` of the answer ends it. A write over an index's units
        throttles the table's write, as at the service.

        ``key`` narrows it to one value of the partition key (of the index, where one is named), whose key range is then
        the cause. ``cause`` is what a refusal and its metrics name: "provisioned", "maximum" (on demand), "key-range",
        "account"; by default what the billing mode of the table has. ValueError for another one.
        """
        if cause is not None and cause not in CAUSES:
            raise ValueError(f"cause is one of {', '.join(CAUSES)}, not {cause!r}")
        text = None if key is None else value_text(wire_value(key))
        limit = "" if cause is None else CAUSES[cause]
        return self._world.capacity.add(Limit(table, index, read_units, write_units, burst_seconds, text, limit))

    def hot_partitions(
        self,
        ranges: int | None = None,
        *,
        write_units: float = KEY_RANGE_WRITE_UNITS,
        read_units: float = KEY_RANGE_READ_UNITS,
    ) -> None:
        """Give each key range (``ranges`` by hash; None: each partition key of its own) the units of one partition."""
        self._world.capacity.hot = HotPartitions(ranges, read_units, write_units)

    def fault(
        self,
        operation: str,
        nth: int = 1,
        kind: str = "500",
        times: int | None = 1,
        *,
        table: str | None = None,
        probability: float | None = None,
        seed: int = 0,
        seconds: float = 0.1,
    ) -> Fault:
        """Let calls of ``operation`` ("*": any) fail from the ``nth`` on (counted from now), ``times`` of them (None:
        all). With ``probability`` each of them fails by chance, the same ones for the same ``seed``.

        Kinds: "500" and "503" (the engine sees nothing), "500-after" (it did the work), "reset-before", "reset-after",
        "slow" (``seconds`` longer), "cut-body", "wrong-crc", "expired-credentials", "access-denied", "throttle",
        "unprocessed" (half of a batch comes back), or any error code of the service, such as "LimitExceededException".
        """
        dice = random.Random(seed)
        return self._world.faults.add(Fault(operation, kind, nth, times, table, probability, seconds, dice))

    def delay_policies(self, enforced: float = 0.0, *, ragged: float = 0.0, shown: float = 0.0) -> None:
        """Let a resource policy be enforced so many seconds after it was written, and be shown (GetResourcePolicy) so
        many seconds after; for ``ragged`` seconds more every second call is judged by the policy before. `calm` ends
        it."""
        self._world.policy_delays = PolicyDelays(enforced, shown, ragged)

    def disable_region(self, region: str) -> None:
        """Let a Region be one that the account has not enabled: its keys are not known there, and a replica there is
        refused. `calm` ends it."""
        self._world.disabled_regions.add(region)

    def calm(self) -> None:
        """Take every fault, limit, hot partition and delay away; every Region is enabled."""
        self._world.disabled_regions.clear()
        self._world.faults.clear()
        for limit in tuple(self._world.capacity.limits):
            limit.remove()
        self._world.capacity.hot = None
        self._world.policy_delays = PolicyDelays()
        self._world.stream_lag_seconds = 0.0

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS_MAX)

    async def _listen(self, port: int) -> asyncio.Server:
        pipeline = RequestPipeline(self._world, self._autoscaling)
        return await self._loop.create_server(lambda: HttpServer(pipeline.answer, self._doors), "127.0.0.1", port)

    async def _autoscaling(self) -> Upstream | None:
        async with self._scaling_lock:
            address = self._scaling_address
            if self._scaling is None and address is not None:
                url = address if isinstance(address, str) else await asyncio.to_thread(address)
                self._scaling = upstream_of(url)
            return self._scaling

    def wipe(self) -> None:
        """Delete, in the engine itself and at once, every table, backup and event source mapping that was used through
        this endpoint."""
        self._call(wipe(self._world))

    def close(self) -> None:
        """Stop listening and end every connection. Safe to call twice."""
        if not self._loop.is_closed():
            self._call(self._end())
            self._stop_loop()

    async def _end(self) -> None:
        self._listener.close()
        for door in tuple(self._doors):
            door.close()
        self._world.upstream.close()
        if self._scaling is not None:
            self._scaling.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # One turn more, so that aborted transports close their sockets.
        await asyncio.sleep(0)

    def _stop_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS_MAX)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None and self.permissions.not_understood:
            raise PolicyNotUnderstood(f"the strict endpoint cannot judge {self.permissions.not_understood[0]}")


def upstream_of(url: str) -> Upstream:
    """Connections to an engine's address; ValueError for anything but http://host:port."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"the engine behind the strict endpoint is an http://host:port, not {url!r}")
    return Upstream(parts.hostname, parts.port or 80)
