"""Kill a run at the n-th call of a port, before or after the call happened."""

from collections.abc import Sequence
from typing import Any

from dynasmith.engine.transfer.runner import Pipeline
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item, Outcome, Sink, Source, ThrottleListener


class KilledError(Exception):
    """Stands for the end of the process at one call of a port."""


class Killer:
    """Counts calls of ports and kills at one of them, before or after it happened."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after = at, after

    async def call(self, real: Any) -> Any:
        self.left -= 1
        mine = self.left == 0
        if mine and not self.after:
            real.close()
            raise KilledError
        result = await real
        if mine:
            raise KilledError
        return result


class KillSource:
    def __init__(self, real: Source, killer: Killer) -> None:
        self.real, self.killer = real, killer
        self.segments = real.segments

    async def read(self, segment: int, start: bytes | None) -> Any:
        return await self.killer.call(self.real.read(segment, start))

    async def close(self) -> None:
        await self.real.close()


class KillSink:
    def __init__(self, real: Sink, killer: Killer) -> None:
        self.real, self.killer = real, killer
        self.batch_items = real.batch_items

    async def begin(self, segment: int, mark: bytes) -> bool:
        return bool(await self.killer.call(self.real.begin(segment, mark)))

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:
        outcome: Outcome = await self.killer.call(self.real.write(segment, items, only_new=only_new))
        return outcome

    async def mark(self, segment: int) -> bytes:
        return bytes(await self.killer.call(self.real.mark(segment)))

    async def finish(self, digest: str) -> None:
        await self.killer.call(self.real.finish(digest))

    async def close(self) -> None:
        await self.real.close()


class KillClaim:
    def __init__(self, real: Claim, killer: Killer) -> None:
        self.real, self.killer = real, killer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def save(self, checkpoint: Any) -> None:
        await self.killer.call(self.real.save(checkpoint))

    async def bury(self, segment: int, page: bytes | None, dead: Any) -> None:
        await self.killer.call(self.real.bury(segment, page, dead))


def killing(found: Pipeline, killer: Killer) -> Pipeline:
    async def source(heard: ThrottleListener) -> Source:
        return KillSource(await found.source(heard), killer)

    async def sink(heard: ThrottleListener) -> Sink:
        return KillSink(await found.sink(heard), killer)

    return Pipeline(source=source, sink=sink, stage=found.stage)
