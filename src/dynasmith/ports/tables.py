"""The control plane, as the engine sees it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from dynasmith.plans.step import Call
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table


class Identity(Struct, frozen=True, kw_only=True):
    """Where the calls go: account (empty where the engine has none), Region, and the endpoint where one is set."""

    account: str
    region: str
    endpoint: str = ""


class Tables(Protocol):
    """Reads tables and sends single calls. It never waits and never decides.

    Safe to use from several threads. Every error is a `dynasmith.errors.DynasmithError`.
    """

    def identity(self) -> Identity:
        """Account, Region and endpoint of the calls."""
        ...

    def names(self) -> Iterator[str]:
        """Every table name, page after page (100 a call)."""
        ...

    def describe(self, name: str, settings: Collection[str] | None = None) -> TableDescription:
        """The live table; `TableNotFound` where there is none.

        ``settings`` are the field names of `Table` that the caller needs; what takes a call of its own (TTL, recovery,
        tags, policy, autoscaling, insights, Kinesis, replicas' settings) is read for those only. None reads all.
        """
        ...

    def sharing(self) -> AbstractContextManager[None]:
        """A block in which several tables are described: what has to be listed of a whole Region or account (alarms,
        mappings, backup plans, roles) is read once in it. What others change meanwhile is not seen."""
        ...

    def unoffered(self, settings: Collection[str]) -> Mapping[str, str]:
        """Which of these settings the engine has no service or operation for, with the reason."""
        ...

    def send(self, table: str, step: Call) -> None:
        """Send one call. An answer that says "already so" is success.

        Raises `TableBusy` where the service is still at an earlier change, and `Postponed` for a TTL change within
        the hour.
        """
        ...

    def delete(self, name: str) -> None:
        """Send DeleteTable; `TableNotFound` where there is none."""
        ...

    def resolve(self, table: Table) -> Table:
        """The wish with what only the account and Region know filled in: the ARN behind a key's alias, and a replica
        in the table's own Region, which is the table itself."""
        ...


class SomeItems(Struct, frozen=True):
    """Items of a scan or a query, and the key after which the next ones come; None where there are no more.

    ``scanned`` is how many items were read for them, before a filter, and ``read_units`` what that consumed.
    """

    items: list[dict[str, Any]]
    next: dict[str, Any] | None = None
    scanned: int = 0
    read_units: float = 0.0


class Items(Protocol):
    """A few items, one call each. Items are DynamoDB JSON; for many items there is the item flow."""

    def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The item of that key, read strongly; None where there is none."""
        ...

    def get_many(self, table: str, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The items that there are of these keys, at most 100, in any order."""
        ...

    def put(self, table: str, item: Mapping[str, Any], *, only_new: bool = False) -> None:
        """Write the item; with ``only_new`` ConditionFailed is raised where its key is taken."""
        ...

    def query(
        self,
        table: str,
        *,
        conditions: Mapping[str, Any],
        index: str | None = None,
        limit: int = 5,
        forward: bool = True,
    ) -> list[dict[str, Any]]:
        """Up to ``limit`` items of one partition, in the order of the sort key."""
        ...

    def scan(self, table: str, *, index: str | None = None, limit: int = 5) -> list[dict[str, Any]]:
        """Up to ``limit`` items, in no order."""
        ...
