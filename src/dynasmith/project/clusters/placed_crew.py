"""Workers that are tasks of a cluster: each begins a process beside its task, which dials in here.

A cluster places tasks, and may begin one again where a machine of it dies. It moves no item.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import Any, Protocol

from dynasmith.engine.workers.dial import host_and_port
from dynasmith.engine.workers.tcp_crew import TcpCrew, TcpLine
from dynasmith.errors import RunError, Unreachable
from dynasmith.jobs.cluster import Cluster
from dynasmith.project.clusters.network import bindable, certificate_at

UNFIT_MAX = 3
"""How many workers with another version may come before the first one that fits; then the job ends with the reason."""

DIAL_SECONDS = 60.0
"""How long the first worker may take from when the first task runs."""


class TaskCluster(Protocol):
    """What a kind of cluster does with tasks. Each of its calls may block."""

    name: str
    """What people call it."""

    def connect(self) -> None:
        """Open the cluster. Raises Unreachable where it does not answer, or does not start."""
        ...

    def keeper_host(self) -> str:
        """The name or number by which its machines reach this one."""
        ...

    def submit(self, address: str, secret: str) -> Any:  # noqa: ANN401  # a task, which only the cluster reads
        """Place one task: `dynasmith.worker.main` with the two texts."""
        ...

    def lives(self, task: Any) -> bool:  # noqa: ANN401  # likewise
        """Whether a task waits for its turn or runs; the cluster begins it again where that is due."""
        ...

    def runs_any(self) -> bool:
        """Whether any task has its turn, as far as that can be known."""
        ...

    def is_gone(self) -> bool:
        """Whether the cluster answers no more, and did before."""
        ...

    def reason(self) -> str:
        """Why the last task failed, as a sentence; empty where that is not known."""
        ...

    def leave(self) -> None:
        """Let go of the tasks, and of what ``connect`` opened."""
        ...


class PlacedCrew:
    """Tasks of a cluster, one a worker. Keeps `dynasmith.ports.crew.Crew`."""

    remote = True
    patience_seconds = 600.0

    def __init__(self, tasks: TaskCluster, cluster: Cluster, say: Callable[[str], None]) -> None:
        self._cluster, self._options, self._say = tasks, cluster, say
        self.shares_credentials = cluster.share_credentials
        self._secret = secrets.token_urlsafe(32)
        self._address = ""
        self._tcp: TcpCrew | None = None
        self._tasks: list[Any] = []
        self._any_came = False
        self._listening = asyncio.Event()

    async def place(self, order: bytes, count: int) -> None:
        """Place tasks until ``count`` of them wait or run. Raises Unreachable where the cluster does not answer."""
        if self._tcp is None:
            await asyncio.to_thread(self._cluster.connect)
            host, port = await asyncio.to_thread(self._keeper)
            self._tcp = TcpCrew(
                await asyncio.to_thread(bindable, host),
                port,
                self._secret,
                certificate=await asyncio.to_thread(certificate_at, host, self._options),
                shares_credentials=self.shares_credentials,
            )
            await self._tcp.place(order, count)
            self._address = self._tcp.address_at(host, self._tcp.port)
            self._say(f"Workers of the {self._cluster.name} cluster dial in at {self._address}.")
            self._listening.set()
        self._tasks = [task for task in self._tasks if self._cluster.lives(task)]
        missing = count - len(self._tasks)
        if missing > 0:
            self._tasks += await asyncio.to_thread(self._submitted, missing)

    async def next(self) -> TcpLine:
        """The next worker that dialled in. Raises RunError where the first one does not come within a minute, or where
        every task ended before; Unreachable where the cluster is gone."""
        await self._listening.wait()
        assert self._tcp is not None
        coming = asyncio.ensure_future(self._tcp.next())
        try:
            waited = 0.0
            while not coming.done():
                await asyncio.wait({coming}, timeout=1.0)
                if not coming.done() and self._cluster.is_gone():
                    raise self._lost()
                if not coming.done() and not self._any_came:
                    waited += await asyncio.to_thread(self._cluster.runs_any)
                    self._check(waited)
            self._any_came = True
            return coming.result()
        finally:
            coming.cancel()

    async def close(self) -> None:
        """Let go of the tasks and of the cluster."""
        if self._tcp is not None:
            await self._tcp.close()
        await asyncio.to_thread(self._cluster.leave)

    def _submitted(self, count: int) -> list[Any]:
        try:
            return [self._cluster.submit(self._address, self._secret) for _ in range(count)]
        except Exception as error:
            if not self._cluster.is_gone():
                raise
            raise self._lost() from error

    def _lost(self) -> Unreachable:
        return Unreachable(
            f"The {self._cluster.name} cluster is gone, and with it the workers of this job.",
            hint="start the cluster again, or name another place with --on, and resume the job; nothing was lost",
        )

    def _keeper(self) -> tuple[str, int]:
        """Where workers reach this process: as the options say, else as the cluster knows it."""
        said = self._options.keeper_address
        if not said:
            return self._cluster.keeper_host(), 0
        return host_and_port(said) if ":" in said else (said, 0)

    def _check(self, waited: float) -> None:
        name = self._cluster.name
        if self._tasks and not any(map(self._cluster.lives, self._tasks)):
            why = self._cluster.reason()
            raise RunError(
                f"Every task on the {name} cluster ended before a worker dialled in" + (f": {why}." if why else "."),
                hint="install the same dynasmith on the machines of the cluster; their logs say more",
            )
        if self._tcp is not None and len(self._tcp.unfit) > UNFIT_MAX:
            raise RunError(self._tcp.unfit[-1].message, hint=self._tcp.unfit[-1].hint)
        if waited > DIAL_SECONDS:
            raise RunError(
                f"No worker of the {name} cluster reached this job at {self._address} within {DIAL_SECONDS:g} s.",
                hint="set keeper_address under [clusters.NAME] to an address that the workers reach, or add workers",
            )


def own_address_towards(host: str, port: int) -> str:
    """The address of this machine from which it reaches another one. Sends nothing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))  # of a datagram: nothing is sent
        return str(probe.getsockname()[0])
