"""Whether a table is still the one that was described: a name can belong to another table later."""

from dynasmith.errors import RunError
from dynasmith.ports.tables import Tables
from dynasmith.tables.description import TableDescription


def is_another(before: str, now: str) -> bool:
    """Whether two ids are of two tables; an id that is empty (some engines give none) tells nothing."""
    return bool(before and now) and before != now


def check_same(before: TableDescription, tables: Tables, nothing: str) -> None:
    """Raise RunError where another table has the name now; ``nothing`` says what was not done. One DescribeTable.

    Raises TableNotFound where there is none.
    """
    name = before.table.name
    if is_another(before.table_id, tables.describe(name, ()).table_id):
        raise RunError(
            f"Table {name} was deleted and made again meanwhile; {nothing}.",
            hint="look at the table that has the name now, then run the command again",
        )
