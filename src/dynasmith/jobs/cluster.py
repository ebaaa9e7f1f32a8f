"""Where the workers of a job are, as a value: of the project file, of an option, of an argument."""

from typing import Any, Protocol, TypeAlias, TypeGuard

from msgspec import Struct

WORKERS = 4
"""How many workers a job counts on that does not say it: what its number of segments is made for."""


class Cluster(Struct, frozen=True):
    """Where a job's workers are. ``on`` is ``listen://HOST:PORT``, where workers dial in; ``dask://HOST:PORT``,
    ``tls://HOST:PORT`` or ``dask+file:FILE``, a scheduler of Dask; ``spark``, the SparkContext of this process, which
    is the driver; or the name of a cluster of the project file.

    ``workers`` is how many it counts on (4 where nothing says it); more may come, and fewer. ``secret_file`` holds the
    secret that workers which dial in prove; else it is in the variable DYNASMITH_WORKER_SECRET, and with neither a file
    is made in ``.dynasmith``. ``keeper_address`` (``HOST`` or ``HOST:PORT``) is where workers of a cluster reach this
    machine, where that is not the address from which it reaches the scheduler, or that of the driver. What workers and
    job say to each other is encrypted on the way to other machines; ``plain`` accepts that it is not. ``trust_cluster``
    accepts that whoever reaches a scheduler without TLS can run code in its cluster. With ``share_credentials`` workers
    sign with the AWS credentials of the job, in place of their own.
    """

    on: str
    workers: int | None = None
    secret_file: str = ""
    keeper_address: str = ""
    plain: bool = False
    trust_cluster: bool = False
    share_credentials: bool = False

    @property
    def count(self) -> int:
        """How many workers the job counts on."""
        return self.workers or WORKERS


class DaskClient(Protocol):
    """A `distributed.Client` that is open, and not asynchronous."""

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """See Dask."""
        ...

    def scheduler_info(self, *args: Any, **kwargs: Any) -> Any:
        """See Dask."""
        ...


class SparkDriver(Protocol):
    """A `pyspark.SparkContext` of this process."""

    @property
    def defaultParallelism(self) -> int:  # noqa: N802  # its name in Spark
        """See Spark."""
        ...

    def parallelize(self, *args: Any, **kwargs: Any) -> Any:
        """See Spark."""
        ...


ClusterConnection: TypeAlias = DaskClient | SparkDriver
"""An open connection to a cluster. It stays open."""

WorkerPlace: TypeAlias = str | Cluster | ClusterConnection
"""Where workers are: the text of ``Cluster.on``, a `Cluster`, or an open connection to one, for as many workers as
that has."""


def is_spark(place: object) -> TypeGuard[SparkDriver]:
    """Whether it is a SparkContext. pyspark is not imported for that."""
    return hasattr(place, "defaultParallelism") and hasattr(place, "parallelize")


def is_connection(place: object) -> bool:
    """Whether it is an open connection to a cluster: a SparkContext or a client of Dask."""
    return is_spark(place) or hasattr(place, "scheduler_info")
