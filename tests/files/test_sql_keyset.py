"""Pages after a key, where a database answers what it should not: no row forever, and none left out in silence."""

from collections.abc import Sequence
from typing import Any

import pytest

from dynasmith.errors import CheckpointError, RunError
from dynasmith.files.databases.keyset import Keyset
from dynasmith.files.databases.session import Column, RowKey, RowKeyPart, Selection

SELECTION = Selection(columns=(Column("id", "int"),), expressions=('"id"',), origin="t")
KEY = RowKey(parts=(RowKeyPart(name="id", sql='"id"'),))


class Answers:
    """A session that gives rows, each with whether it is equal to the cursor, whatever it is asked."""

    def __init__(self, *pages: list[list[Any]]) -> None:
        self.pages = list(pages)
        self.statements: list[str] = []

    def marker(self, number: int, part: RowKeyPart, cell: Any) -> str:
        del part, cell
        return f"?{number}"

    def page(self, statement: str, cells: Sequence[Any]) -> list[list[Any]]:
        del cells
        self.statements.append(statement)
        return self.pages.pop(0)


def second_page(*pages: list[list[Any]]) -> tuple[list[list[Any]], bytes | None]:
    """The page after rows 1 and 2."""
    session: Any = Answers([[1, 0], [2, 0], [3, 0]], *pages)
    keyset = Keyset(SELECTION, KEY)
    rows, start = keyset.read(session, None, 2)
    assert [row[0] for row in rows] == [1, 2]
    return keyset.read(session, start, 2)


def test_a_page_begins_at_the_row_before_it_which_is_not_given_again() -> None:
    rows, following = second_page([[2, 1], [3, 0], [4, 0], [5, 0]])
    assert [row[0] for row in rows] == [3, 4]
    assert following is not None
    assert second_page([[2, 1]]) == ([], None)


def test_a_row_before_that_is_gone_and_one_that_took_its_place() -> None:
    rows, following = second_page([[3, 0], [4, 0]], [[1]])
    assert ([row[0] for row in rows], following) == ([3, 4], None)
    rows, _ = second_page([["2", 1], [3, 0]])
    assert [row[0] for row in rows] == ["2", 3], "equal and not the same: it was not read yet"


def test_a_key_that_does_not_move_on_or_is_not_unique_is_said() -> None:
    with pytest.raises(RunError, match="does not advance"):
        second_page([[2, 0], [3, 0]])  # a REAL that is compared with a double
    with pytest.raises(RunError, match="does not advance"):
        second_page([[2, 0], [2, 1], [3, 0]])
    with pytest.raises(RunError, match="Two rows have an equal key"):
        second_page([[2, 1], [2, 1], [3, 0]])
    with pytest.raises(RunError, match="Two rows have an equal key"):
        second_page([[2, 1], ["2 ", 1], [3, 0]])


def test_a_key_that_compares_as_null_is_not_the_end_of_the_table() -> None:
    with pytest.raises(RunError, match="cannot compare"):
        second_page([], [[0]])


def test_starts_that_are_damaged_or_of_another_kind() -> None:
    session: Any = Answers()
    for start in (b"", b"{}", b"key1:", b"key1:\x93\x91\xa2id\x91\xa2id\x90"):
        with pytest.raises(CheckpointError):
            Keyset(SELECTION, KEY).read(session, start, 2)


def test_a_key_of_several_columns_finds_its_place_in_an_index() -> None:
    names = ("a", "b")
    selection = Selection(columns=tuple(Column(name, "int") for name in names), expressions=names, origin="t")
    key = RowKey(parts=tuple(RowKeyPart(name=name, sql=name) for name in names))
    session = Answers([[1, 2, 0], [1, 3, 0]], [[1, 2, 1], [1, 3, 0]])
    keyset = Keyset(selection, key)
    _, start = keyset.read(session, None, 1)  # type: ignore[arg-type]
    keyset.read(session, start, 1)  # type: ignore[arg-type]
    assert session.statements[1] == (
        "SELECT a, b, CASE WHEN a = ?1 AND b = ?2 THEN 1 ELSE 0 END FROM t"
        " WHERE a >= ?1 AND ((a > ?1) OR (a = ?1 AND b >= ?2)) ORDER BY a, b LIMIT 3"
    )
