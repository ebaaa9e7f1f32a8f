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
    refuse_another(before, tables.describe(before.table.name, ()), nothing)


def refuse_another(before: TableDescription, now: TableDescription, nothing: str) -> None:
    """Raise RunError where ``now`` describes another table than ``before``, of the same name."""
    if is_another(before.table_id, now.table_id):
        raise RunError(
            f"Table {now.table.name} was deleted and recreated meanwhile; {nothing}.",
            hint="check the table that has the name now, then run the command again",
        )
