"""What a worker opens to move pages of a job: where they come from, what happens to them, where they go."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.ports.items import OpenSink, OpenSource, Sink, Source, ThrottleListener


class OpenedParts(NamedTuple):
    """The parts of one mover, open on its loop."""

    source: Source
    sink: Sink
    stage: Stage | None
    distinct: Deduplication | None = None


class WorkerParts(Protocol):
    """Opens the parts in the worker that has them. A value that can be sent; what of it must stay with the job is a
    `dynasmith.ports.remote_reference.RemoteReference`."""

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them on the running loop. Nothing is left open where that raises."""
        ...


async def opened_parts(source: OpenSource, sink: OpenSink, stage: Stage | None, heard: ThrottleListener) -> OpenedParts:
    """Open a source and a sink; the first is closed where the second cannot be opened."""
    first = await source(heard)
    try:
        return OpenedParts(first, await sink(heard), stage)
    except BaseException:
        await first.close()
        raise


@dataclass(frozen=True, slots=True)
class SeparateParts:
    """Parts that know nothing of one another."""

    source: OpenSource
    sink: OpenSink
    stage: Stage | None = None

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them."""
        return await opened_parts(self.source, self.sink, self.stage, heard)
