"""Workers on a Dask cluster.

Nothing of the cluster is trusted: a task is given by name with two texts, returns None, and of its future only the
status is read, since a result or an exception of a hostile worker would run code here when it is unpickled.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from dynasmith.engine.workers.dial import host_and_port
from dynasmith.errors import NotOffered, Unreachable, UsageError
from dynasmith.jobs.cluster import Cluster, ClusterConnection
from dynasmith.project.clusters.network import is_loopback
from dynasmith.project.clusters.placed_crew import own_address_towards
from dynasmith.worker import main as run_worker

CONNECT_SECONDS = 10
TASK_RETRIES = 100
"""How often Dask begins a task again whose worker died: the keeper decides when a job cannot go on."""


def dask_scheduler(cluster: Cluster) -> dict[str, str]:
    """What `distributed.Client` is told of the scheduler. Raises UsageError for an address whose use is not accepted,
    NotOffered without Dask."""
    if find_spec("distributed") is None:
        raise NotOffered(
            "Workers on Dask need the packages dask and distributed.", hint="pip install 'dynasmith[cluster]'"
        )
    if cluster.on.startswith("dask+file:"):
        return {"scheduler_file": cluster.on.removeprefix("dask+file:").removeprefix("//")}
    parts = urlsplit(cluster.on)
    scheme = "tcp" if parts.scheme == "dask" else parts.scheme
    host, _ = host_and_port(parts.netloc)
    if scheme == "tcp" and not is_loopback(host) and not cluster.trust_cluster:
        raise UsageError(
            f"The scheduler at {host} is reached without TLS: whoever reaches it can run code in the cluster.",
            hint="use tls://, or accept it with trust_cluster = true under [clusters.NAME]",
        )
    return {"address": f"{scheme}://{parts.netloc}"}


class DaskTasks:
    """Tasks of a scheduler, or of a client that is there already and stays open. Keeps `TaskCluster`."""

    name = "Dask"

    def __init__(self, scheduler: dict[str, str], client: ClusterConnection | None = None) -> None:
        self._scheduler = scheduler
        self._client: Any = client
        self._is_ours = client is None
        self._tasks: list[Any] = []

    def connect(self) -> None:
        """See `TaskCluster`."""
        if self._client is not None:
            return
        where = self._scheduler.get("address") or self._scheduler.get("scheduler_file")
        try:
            if "address" in self._scheduler:  # Dask tries again until its timeout, also where nothing listens
                netloc = urlsplit(self._scheduler["address"]).netloc
                socket.create_connection(host_and_port(netloc), timeout=CONNECT_SECONDS).close()
            distributed: Any = import_module("distributed")
            self._client = distributed.Client(**self._scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise Unreachable(
                f"No Dask scheduler answers at {where}.", hint="dask scheduler starts one; check address and network"
            ) from error

    def keeper_host(self) -> str:
        """The address from which this machine reaches the scheduler; loopback where that is a part of this process."""
        parts = urlsplit(str(self._client.scheduler.address))
        return "127.0.0.1" if parts.scheme == "inproc" else own_address_towards(*host_and_port(parts.netloc))

    def submit(self, address: str, secret: str) -> Any:  # noqa: ANN401  # a Future of an extra
        """See `TaskCluster`."""
        key = f"dynasmith-{secrets.token_hex(8)}"
        task = self._client.submit(run_worker, address, secret, pure=False, retries=TASK_RETRIES, key=key)
        self._tasks.append(task)
        return task

    def lives(self, task: Any) -> bool:  # noqa: ANN401  # likewise
        """See `TaskCluster`."""
        return bool(task.status == "pending")

    def runs_any(self) -> bool:
        """True: which of the tasks has a worker would have to be asked of the scheduler."""
        return True

    def is_gone(self) -> bool:
        """Whether the scheduler was lost: Dask gives up some seconds after the connection."""
        return bool(self._client is not None and self._client.status == "closed")

    def reason(self) -> str:
        """Empty: an exception of a worker is never unpickled."""
        return ""

    def leave(self) -> None:
        """See `TaskCluster`."""
        tasks, self._tasks = self._tasks, []
        with suppress(Exception):  # a scheduler that is gone knows no task any more
            for task in tasks:
                task.cancel()
        if self._is_ours and self._client is not None:
            self._client.close()
            self._client = None
