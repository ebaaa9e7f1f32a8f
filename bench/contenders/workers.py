"""dynasmith's copy by workers: ``workers.py ENDPOINT ITEMS COUNT WHERE [kill]``, WHERE "processes" or a Dask scheduler.

Items a second and CPU of the keeper alone a page, both from the first page on; bytes over its sockets a page; seconds
until the first page was kept; and with ``kill`` the seconds from SIGKILL of a worker until its segments are given back.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from changes import lazy
from ours import connected, table_end

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.flow import Flow
from dynasmith.engine.transfer.runner import WORKER, Placement, RunContext
from dynasmith.engine.workers.local_process import LocalCrew
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.cluster import Cluster
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.crew import Crew, WorkerLine
from dynasmith.project.clusters.placement import crew_of

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from flow.engine_runs import copy

KILL_AFTER_PAGES = 10


class Meter:
    """What the keeper's lines carried, and when."""

    def __init__(self) -> None:
        self.sent = self.received = self.pages = 0
        self.first_page = self.first_cpu = self.killed_at = self.given_back_at = 0.0
        self.workers: list[int] = []


class MeteredLine:
    """A line whose frames are counted, each with the 4 bytes of its length."""

    def __init__(self, line: WorkerLine, meter: Meter) -> None:
        self._line, self._meter = line, meter
        meter.workers.append(int(line.where.replace(":", " ").split()[-1]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    async def frame(self) -> bytes:
        """The next frame."""
        found = await self._line.frame()
        self._meter.received += 4 + len(found)
        return found

    def send(self, frame: bytes) -> None:
        """Send one."""
        self._meter.sent += 4 + len(frame)
        self._line.send(frame)


class MeteredCrew:
    """A crew whose lines are metered; the order is not, since it is sent once."""

    def __init__(self, crew: Crew, meter: Meter) -> None:
        self._crew, self._meter = crew, meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crew, name)

    async def next(self) -> MeteredLine:
        """See ``Crew``."""
        return MeteredLine(await self._crew.next(), self._meter)


def observe(meter: Meter, *, kill: bool) -> None:
    """Note when pages are kept and segments are given back; kill a worker on the way."""
    save, give_back = Flow.save, Flow.give_back

    async def saved(self: Flow, checkpoint: Checkpoint) -> None:
        await save(self, checkpoint)
        meter.pages += 1
        if meter.pages == 1:
            meter.first_page, meter.first_cpu = time.perf_counter(), own_cpu()
        if kill and meter.pages == KILL_AFTER_PAGES:
            meter.killed_at = time.perf_counter()
            os.kill(meter.workers[0], signal.SIGKILL)

    def given_back(self: Flow, segment: int) -> None:
        give_back(self, segment)
        if meter.killed_at and not meter.given_back_at:
            meter.given_back_at = time.perf_counter()

    Flow.save, Flow.give_back = saved, given_back  # type: ignore[method-assign]


def crew_at(where: str, count: int) -> Crew:
    """Processes of this machine, or workers that a Dask cluster places."""
    if where == "processes":
        return LocalCrew(WORKER)
    return crew_of(Cluster(where.replace("tcp://", "dask://"), count), tempfile.gettempdir(), lambda _: None)()


def main(endpoint: str, items: str, count: str, where: str, kill: str = "") -> None:
    """Copy once and print the figures."""
    client, meter = connected(endpoint), Meter()
    observe(meter, kill=bool(kill))
    workers = int(count)
    asked = TransferOptions(segments=12 * workers, max_read_units=1e9, max_write_units=1e9, processes=workers)
    placement = Placement(lambda: MeteredCrew(crew_at(where, workers), meter), workers)
    around = RunContext(loop_factory=new_event_loop, placement=placement)
    ends = [table_end(client, name, int(items)) for name in ("a", "b")]
    with tempfile.TemporaryDirectory() as folder:
        ledger: Any = FolderLedger(Path(folder))
        began = time.perf_counter()
        written = copy(*ends, ledger, asked, transform=lazy, around=around).counts.written
        seconds, cpu = time.perf_counter() - began, own_cpu() - meter.first_cpu
    first = meter.first_page - began
    figures = {
        "items_per_second": written / (seconds - first),
        "first_page_seconds": first,
        "keeper_cpu_ms_a_page": cpu / (meter.pages - 1) * 1e3,
        "sent_bytes_a_page": meter.sent / meter.pages,
        "received_bytes_a_page": meter.received / meter.pages,
        "give_back_seconds": meter.given_back_at - meter.killed_at if kill else 0.0,
        "pages": meter.pages,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def own_cpu() -> float:
    """User and system time of this process alone."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
