"""From where workers are to be to what places them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dynasmith.engine.transfer.movers.remote_worker import SECRET, work_for
from dynasmith.engine.workers.dial import host_and_port
from dynasmith.engine.workers.handshake import SECRET_CHARACTERS_MIN
from dynasmith.engine.workers.tcp_crew import TcpCrew
from dynasmith.errors import UsageError
from dynasmith.jobs.cluster import Cluster, ClusterConnection, is_spark
from dynasmith.ports.crew import Crew
from dynasmith.project.clusters.network import certificate_at
from dynasmith.project.clusters.placed_crew import PlacedCrew

EXAMPLES = "use listen://HOST:PORT, dask://HOST:8786, spark, or the name of a cluster under [clusters]"
SPARK = "spark"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # what is compared
_DASK = ("dask", "tcp", "tls", "dask+file")


def named_cluster(cluster: Cluster, known: Mapping[str, Cluster]) -> Cluster:
    """The cluster, as the project file describes it where it is a name. Raises UsageError for what is neither."""
    if "://" in cluster.on or cluster.on.startswith("dask+file:"):
        return cluster
    found = known.get(cluster.on)
    if found is None and cluster.on == SPARK:
        return cluster
    if found is None:
        names = ", ".join(sorted(known))
        raise UsageError(
            f"{cluster.on!r} is not a cluster of this project.", hint=f"one of {names}" if names else EXAMPLES
        )
    return found if cluster.workers is None else replace(found, workers=cluster.workers)


def crew_of(
    cluster: Cluster, folder: str, say: Callable[[str], None], connection: ClusterConnection | None = None
) -> Callable[[], Crew]:
    """What places the workers, where it is open by a ``connection``; ``say`` is told how to start them. Opens nothing.

    Raises UsageError for an address that is none, for one beyond this machine whose use is not accepted, and for a
    secret that cannot be used; NotOffered without the packages that a cluster needs.
    """
    scheme, _, rest = cluster.on.partition("://")
    if scheme == "listen":
        return _listening(cluster, rest, folder, say)
    if cluster.on == SPARK:
        from dynasmith.project.clusters.spark_tasks import SparkTasks, check_spark

        check_spark()
        return lambda: PlacedCrew(SparkTasks(connection), cluster, say)
    if scheme in _DASK or cluster.on.startswith("dask+file:"):
        from dynasmith.project.clusters.dask_tasks import DaskTasks, dask_scheduler

        scheduler = {} if connection is not None else dask_scheduler(cluster)
        return lambda: PlacedCrew(DaskTasks(scheduler, connection), cluster, say)
    raise UsageError(f"{cluster.on!r} is not a place for workers.", hint=EXAMPLES)


def cluster_at(connection: ClusterConnection) -> Cluster:
    """The cluster of an open connection, with as many workers as it has. Raises UsageError for an asynchronous client
    of Dask."""
    if is_spark(connection):
        return Cluster(SPARK, workers=max(1, connection.defaultParallelism))
    client: Any = connection
    if client.asynchronous:
        raise UsageError("A job cannot use an asynchronous client of Dask.", hint="open it without asynchronous=True")
    return Cluster(f"dask://{client.scheduler.address}", workers=max(1, len(client.scheduler_info()["workers"])))


def _listening(cluster: Cluster, address: str, folder: str, say: Callable[[str], None]) -> Callable[[], Crew]:
    host, port = host_and_port(address)
    certificate = certificate_at(host, cluster)
    secret, option = _secret(cluster, Path(folder))

    def opened() -> Crew:
        def listens(where: str) -> None:
            reached = where if host not in _EVERYWHERE else crew.address_at(_host_of(cluster), crew.port)
            say(f"Waiting for workers at {where}. On each machine: dynasmith worker {reached}{option}")

        crew = TcpCrew(
            host, port, secret, listens, certificate=certificate, shares_credentials=cluster.share_credentials
        )
        return crew

    return opened


def _host_of(cluster: Cluster) -> str:
    """The name by which other machines may reach this one, which listens at all of its addresses."""
    said = cluster.keeper_address
    return (host_and_port(said)[0] if ":" in said else said) or socket.gethostname()


def _secret(cluster: Cluster, folder: Path) -> tuple[str, str]:
    """The secret, and the option by which a worker finds it."""
    if cluster.secret_file:
        return read_secret(cluster.secret_file), f" --secret-file {cluster.secret_file}"
    if SECRET in os.environ:
        return checked_secret(os.environ[SECRET], f"The variable {SECRET}"), ""
    path = folder / ".dynasmith" / "worker.secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as made:
            made.write(secrets.token_urlsafe(32) + "\n")
    return read_secret(str(path)), f" --secret-file {path}"


def read_secret(file: str) -> str:
    """The secret of a file, its first line. Raises UsageError."""
    try:
        text = Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"The secret in {file} cannot be read: {why}.", hint="name a file of one line") from error
    return checked_secret(text.strip(), f"The file {file}")


def checked_secret(secret: str, where: str) -> str:
    """The secret, which is long enough. Raises UsageError."""
    if len(secret) < SECRET_CHARACTERS_MIN or "\n" in secret:
        raise UsageError(
            f"{where} holds no secret of at least {SECRET_CHARACTERS_MIN} characters on one line.",
            hint="python3 -c 'import secrets; print(secrets.token_urlsafe(32))' makes one",
        )
    return secret


def run_worker(address: str, secret_file: str = "") -> None:
    """Be a worker of the job at ``address`` until it has no more; see `work_for`. UsageError without a secret."""
    if secret_file:
        secret = read_secret(secret_file)
    elif SECRET in os.environ:
        secret = checked_secret(os.environ[SECRET], f"The variable {SECRET}")
    else:
        raise UsageError(
            "This worker has no secret.", hint=f"set {SECRET}, or name a file with --secret-file, as the job has it"
        )
    work_for(address, secret)
