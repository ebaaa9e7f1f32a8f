"""What to read from a SQL database."""

from msgspec import Struct

from dynasmith.errors import UsageError


class SqlRequest(Struct, frozen=True, kw_only=True):
    """A table or a query. ``order`` names columns: the key of a table that has no primary key, the rows of a query."""

    url: str
    table: str = ""
    query: str = ""
    order: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise UsageError for a request that contradicts itself."""
        if bool(self.table) == bool(self.query):
            raise UsageError(
                "Name a table or a query, and not both.", hint="--source-table users, or --query and --order"
            )
        if self.query and not self.order:
            raise UsageError(
                "A query needs --order: the columns that identify its rows.",
                hint="--order id; rows are read in this order, and messages name a row by it",
            )
        if len(set(self.order)) < len(self.order):
            raise UsageError("--order names a column twice.", hint="name each column once")
