"""Workers on a Dask cluster: each is a task that begins a process beside its Dask worker, which dials in here.

Dask places tasks and begins them again where a worker of it dies. It moves no item, and nothing of it is trusted: a
task is given by name with two texts, returns None, and of its future only the status is read, since a result or an
exception of a hostile worker would run code here when it is unpickled.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from dynasmith.engine.workers.dial import host_and_port
from dynasmith.engine.workers.tcp_crew import TcpCrew, TcpLine
from dynasmith.errors import NotOffered, RunError, Unreachable, UsageError
from dynasmith.jobs.cluster import Cluster
from dynasmith.ports.crew import Crew
from dynasmith.project.clusters.network import is_loopback, refuse_plain
from dynasmith.worker import main as run_worker

CONNECT_SECONDS = 10
DIAL_SECONDS = 60.0
"""How long the first worker may take from when its task was placed."""

TASK_RETRIES = 100
"""How often Dask begins a task again whose worker died: the keeper decides when a job cannot go on."""


def dask_crew(cluster: Cluster, say: Callable[[str], None]) -> Callable[[], Crew]:
    """Workers on the cluster. Raises UsageError for an address whose use is not accepted, NotOffered without Dask."""
    if find_spec("distributed") is None:
        raise NotOffered(
            "Workers on Dask need the packages dask and distributed.", hint="pip install 'dynasmith[cluster]'"
        )
    scheduler: dict[str, Any] = {}
    if cluster.on.startswith("dask+file:"):
        scheduler["scheduler_file"] = cluster.on.removeprefix("dask+file:").removeprefix("//")
        return lambda: DaskCrew(scheduler, "", cluster, say)
    parts = urlsplit(cluster.on)
    scheme = "tcp" if parts.scheme == "dask" else parts.scheme
    host, port = host_and_port(parts.netloc)
    if scheme == "tcp" and not is_loopback(host) and not cluster.trust_cluster:
        raise UsageError(
            f"The scheduler at {host} is reached without TLS: whoever reaches it can run code in the cluster.",
            hint="use tls://, or accept it with trust_cluster = true under [clusters.NAME]",
        )
    scheduler["address"] = f"{scheme}://{parts.netloc}"
    return lambda: DaskCrew(scheduler, f"{host}:{port}", cluster, say)


class DaskCrew:
    """Tasks of a Dask cluster, one a worker. Keeps `dynasmith.ports.crew.Crew`."""

    remote = True
    patience_seconds = 600.0

    def __init__(
        self, scheduler: dict[str, Any], scheduler_address: str, cluster: Cluster, say: Callable[[str], None]
    ) -> None:
        self._scheduler, self._address, self._cluster, self._say = scheduler, scheduler_address, cluster, say
        self._secret = secrets.token_urlsafe(32)
        self._client: Any = None
        self._tcp: TcpCrew | None = None
        self._tasks: list[Any] = []
        self._any_came = False
        self._listening = asyncio.Event()

    async def place(self, order: bytes, count: int) -> None:
        """Place tasks until ``count`` of them wait or run. Raises Unreachable where no scheduler answers."""
        if self._client is None:
            self._client = await asyncio.to_thread(self._connected)
        if self._tcp is None:
            host, port = self._keeper()
            refuse_plain(host, self._cluster)
            self._tcp = TcpCrew(host, port, self._secret)
        await self._tcp.place(order, count)
        self._listening.set()
        self._tasks = [task for task in self._tasks if task.status == "pending"]
        missing = count - len(self._tasks)
        if missing > 0:
            self._tasks += await asyncio.to_thread(self._placed, missing)

    async def next(self) -> TcpLine:
        """The next worker that dialled in. Raises RunError where the first one does not come within a minute, or where
        every task ended before."""
        await self._listening.wait()
        assert self._tcp is not None
        coming = asyncio.ensure_future(self._tcp.next())
        try:
            waited = 0.0
            while not coming.done():
                await asyncio.wait({coming}, timeout=1.0)
                waited += 1.0
                if not coming.done() and not self._any_came:
                    self._check(waited)
            self._any_came = True
            return coming.result()
        finally:
            coming.cancel()

    async def close(self) -> None:
        """Let go of the tasks and of the cluster."""
        if self._tcp is not None:
            await self._tcp.close()
        if self._client is not None:
            client, self._client = self._client, None
            await asyncio.to_thread(self._left, client)

    # --- in a thread --------------------------------------------------------------------------------------------------

    def _connected(self) -> Any:  # noqa: ANN401  # a Client of an extra
        try:
            if self._address:  # Dask tries again until its timeout, also where nothing listens
                socket.create_connection(host_and_port(self._address), timeout=CONNECT_SECONDS).close()
            distributed: Any = import_module("distributed")
            client = distributed.Client(**self._scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            where = self._scheduler.get("address") or self._scheduler.get("scheduler_file")
            raise Unreachable(
                f"No Dask scheduler answers at {where}.", hint="dask scheduler starts one; check address and network"
            ) from error
        if not self._address:
            self._address = urlsplit(str(client.scheduler.address)).netloc
        return client

    def _placed(self, count: int) -> list[Any]:
        assert self._tcp is not None
        arguments = self._tcp.address, self._secret
        return [
            self._client.submit(run_worker, *arguments, pure=False, retries=TASK_RETRIES, key=f"dynasmith-{number}")
            for number in (secrets.token_hex(8) for _ in range(count))
        ]

    def _left(self, client: Any) -> None:  # noqa: ANN401  # likewise
        for task in self._tasks:
            task.cancel()
        client.close()

    def _keeper(self) -> tuple[str, int]:
        """Where workers reach this process: as was said, else by the address that the scheduler is reached from."""
        said = self._cluster.keeper_address
        if said:
            return host_and_port(said) if ":" in said else (said, 0)
        host, port = host_and_port(self._address)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, port))  # of a datagram: nothing is sent
            return probe.getsockname()[0], 0

    def _check(self, waited: float) -> None:
        states = [task.status for task in self._tasks]
        if states and all(state in ("error", "lost", "cancelled") for state in states):
            raise RunError(
                f"All {len(states)} tasks on the Dask cluster ended before a worker dialled in.",
                hint="install the same dynasmith on the workers of the cluster; their logs say more",
            )
        if waited > DIAL_SECONDS:
            assert self._tcp is not None
            raise RunError(
                f"No worker of the Dask cluster reached this job at {self._tcp.address} within {DIAL_SECONDS:g} s.",
                hint="set keeper_address under [clusters.NAME] to an address that the workers reach, or add workers",
            )
