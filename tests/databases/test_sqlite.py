"""SQLite, which keeps any value in any column: which keys are paged by, what its values become, queries, files."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from databases.kit import Base
from databases.stories import ROWS, killed_twice_and_compared
from dynasmith.errors import CheckpointError, DynasmithError, RunError, UsageError
from item_stories.kit import ItemStory


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(None, tmp_path)


COUNT = "WITH RECURSIVE s(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < 90)"
BAD = "ELSE CAST(x'ff' AS TEXT) || g"
KEYS = {
    "row number": ("k INTEGER PRIMARY KEY", "g * 7 - 90"),
    "no rowid": ("k TEXT PRIMARY KEY", "'k' || g"),
    "mixed": (
        "k INT NOT NULL PRIMARY KEY",
        f"CASE g % 5 WHEN 0 THEN g WHEN 1 THEN 'text' || g WHEN 2 THEN CAST(g AS BLOB) WHEN 3 THEN g + 0.5 {BAD} END",
    ),
    "text with numbers": ("k TEXT NOT NULL PRIMARY KEY", "g"),
    "nocase": ("k TEXT NOT NULL COLLATE NOCASE PRIMARY KEY", "char(64 + g) || g"),
    "big": ("k INT NOT NULL PRIMARY KEY", "9223372036854775807 - g"),
    "descending": ("k TEXT NOT NULL, PRIMARY KEY (k DESC)", "'k' || g"),
    "nul": ("k TEXT NOT NULL PRIMARY KEY", "char(0, g)"),
}


@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key_moves_on(base: Base, name: str) -> None:
    column, value = KEYS[name]
    more = "WITHOUT ROWID" if name == "no rowid" else ""
    base.execute(
        f"CREATE TABLE t (id INTEGER, {column}) {more}", f"{COUNT} INSERT INTO t (id, k) SELECT g, {value} FROM s"
    )
    assert base.reason(table="t") == ""
    found = base.read(table="t", fresh=True)
    assert len(found.items) + len(found.dead) == 90
    assert len({*found.values("id"), *found.reasons}) == 90
    assert len(found.dead) == (18 if name == "mixed" else 0), "text that is not UTF-8"
    assert len(found.starts) == 12


OTHERS = {
    "null in a primary key": ("k TEXT PRIMARY KEY", "CASE WHEN g % 2 THEN g END", (), "may be NULL"),
    "not the row number": ("k INTEGER PRIMARY KEY DESC", "CASE WHEN g % 2 THEN g END", (), "may be NULL"),
    "real": ("k REAL NOT NULL PRIMARY KEY", "g * 0.1", (), "approximate"),
    "nullable": ("k INT UNIQUE", "CASE WHEN g % 2 THEN g END", ("k",), "may be NULL"),
    "not unique": ("k INT NOT NULL", "g % 3", ("k",), "no UNIQUE key"),
    "no key": ("k INT", "g", (), "no primary key"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_paged_is_read_once_and_nothing_is_lost(base: Base, name: str) -> None:
    column, value, order, reason = OTHERS[name]
    base.execute(f"CREATE TABLE t (id INTEGER, {column})", f"{COUNT} INSERT INTO t (id, k) SELECT g, {value} FROM s")
    assert reason in base.reason(table="t", order=order)
    found = base.read(table="t", order=order, fresh=True, spool=base.folder / "rows.spool")
    assert sorted(found.values("id")) == sorted(f"{number}x" for number in range(1, 91))


def test_an_order_is_the_columns_of_a_unique_key_in_its_collation(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (id INT, k TEXT NOT NULL COLLATE NOCASE, p INT NOT NULL)",
        "CREATE UNIQUE INDEX i ON t (k COLLATE BINARY)",
        "CREATE UNIQUE INDEX half ON t (p) WHERE id < 5",
        "CREATE UNIQUE INDEX made ON t (p + 1, k)",
        f"{COUNT} INSERT INTO t SELECT g, char(CASE g % 2 WHEN 0 THEN 65 ELSE 97 END) || (g / 2), g FROM s",
    )
    assert base.reason(table="t", order=("k",)) == ""
    assert len(set(base.read(table="t", order=("k",)).values("id"))) == 90
    assert "partial" in base.reason(table="t", order=("p",))
    assert "no UNIQUE key" in base.reason(table="t", order=("p", "k"))


VALUES: list[tuple[str, str, Any]] = [
    ("INTEGER", "'text'", {"S": "text"}),
    ("INTEGER", "1.5", {"N": "1.5"}),
    ("INTEGER", "x'00ff'", {"B": "AP8="}),
    ("INTEGER", "9223372036854775807", {"N": "9223372036854775807"}),
    ("TEXT", "5", {"S": "5"}),
    ("REAL", "1.5e-12", {"N": "1.5E-12"}),
    ("DECIMAL(10, 2)", "99.90", {"N": "99.9"}),
    ("DECIMAL(10, 2)", "'12a'", {"S": "12a"}),
    ("BOOLEAN", "1", {"BOOL": True}),
    ("BOOLEAN", "2", {"N": "2"}),
    ("DATETIME", "'2026-01-15 10:30:00.000000'", {"S": "2026-01-15T10:30:00"}),
    ("DATETIME", "'2026-01-15 10:30:00+02:00'", {"S": "2026-01-15T08:30:00.000Z"}),
    ("DATETIME", "'soon'", {"S": "soon"}),
    ("TIMESTAMP", "1768473000", {"N": "1768473000"}),
    ("DATE", "'2026-01-15'", {"S": "2026-01-15"}),
    ("DATE", "'20260115'", {"N": "20260115"}),
    ("DATE", "'15.1.2026'", {"S": "15.1.2026"}),
    ("TIME", "'10:30'", {"S": "10:30:00"}),
    ("JSON", "'{\"a\": 1234567890123456789.25}'", {"M": {"a": {"N": "1234567890123456789.25"}}}),
    ("JSON", "'null'", {"NULL": True}),
    ("BLOB", "'text'", {"S": "text"}),
    ("", "''", {"S": ""}),
]
REFUSED = [
    ("REAL", "9e999"),
    ("TEXT", "CAST(x'ff' AS TEXT)"),
    ("JSON", "'{nope'"),
    ("JSON", "'[NaN]'"),
    ("JSON", "'[1234567890123456789012345678901234567890]'"),
]


def test_every_value_comes_exactly_or_as_a_dead_letter_and_the_others_go_on(base: Base) -> None:
    every = [(type_, text) for type_, text, _ in VALUES] + REFUSED
    columns = ", ".join(f"c{number} {type_}" for number, (type_, _) in enumerate(every))
    base.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")
    base.execute(*(f"INSERT INTO t (id, c{at}) VALUES ({at}, {text})" for at, (_, text) in enumerate(every)))
    found = base.read(table="t")
    assert found.items == [{"id": {"S": f"{at}x"}, f"c{at}": value} for at, (_, _, value) in enumerate(VALUES)]
    assert list(found.reasons) == [f"id={at}" for at in range(len(VALUES), len(every))]
    for at, reason in zip(range(len(VALUES), len(every)), found.reasons.values(), strict=True):
        assert f"c{at}" in reason, reason


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("SELECT * FROM t;", 90),
        ("SELECT *, ':x' AS a, '%s' AS b, ';' AS c, [id] AS d FROM t ; -- done", 90),
        ("WITH w AS (SELECT * FROM t WHERE id > 80) SELECT * FROM w /* to the end", 10),
        ("VALUES (1), (2)", 2),
        ("SELECT id FROM t ORDER BY random() LIMIT 7", 7),
    ],
)
def test_queries_as_people_write_them(base: Base, query: str, count: int) -> None:
    base.execute("CREATE TABLE t (id INT)", f"{COUNT} INSERT INTO t SELECT g FROM s")
    values = query.startswith("VALUES")
    found = base.read(
        query=query, order=("column1",) if values else ("id",), names={"id": "{column1}"} if values else None
    )
    assert len(found.items) + len(found.dead) == count


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT 1 AS id; SELECT 2 AS id", "more than one statement"),
        ("SELECT id, 1 AS a, 2 AS A FROM t", "two columns named A"),
        ("SELECT id, id FROM t", "two columns named id"),
        ("DELETE FROM t RETURNING id", "refused"),
        ("SELECT 1 AS other", "no column id"),
        ("SELECT ?1 AS id", "refused"),
        (";", "empty"),
    ],
)
def test_a_query_that_is_not_one_reading_select_is_refused(base: Base, query: str, reason: str) -> None:
    base.execute("CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1)")
    with pytest.raises(DynasmithError, match=reason):
        base.read(query=query, order=("id",))
    assert len(base.read(query="SELECT * FROM t", order=("id",)).items) == 1


def test_odd_names_and_views(base: Base) -> None:
    base.execute(
        'CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, "x""y" TEXT, made AS (id * 2))',
        """INSERT INTO "a.b" (id, "x""y") VALUES (1, 'z')""",
        'CREATE VIEW v AS SELECT * FROM "a.b"',
    )
    item = {"id": {"S": "1x"}, 'x"y': {"S": "z"}, "made": {"N": "2"}}
    for name in ("a.b", '"a.b"', 'main."a.b"', "v", "main.v", "V"):
        assert base.read(table=name).items == [item], name
    with pytest.raises(RunError, match="no table nope"):
        base.read(table="nope")


def test_a_file_that_is_not_a_database_or_is_damaged_is_said(base: Base) -> None:
    path = base.folder / base.name
    path.write_bytes(b"this is not a database, and long enough to be looked at" * 50)
    with pytest.raises(RunError, match="not a database"):
        base.read(table="t")


def test_a_spool_that_is_cut_changed_or_cannot_be_written(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.execute("CREATE TABLE t (id INT)", f"{COUNT} INSERT INTO t SELECT g FROM s")
    spool = base.folder / "job" / "rows.spool"
    found = base.read(table="t", spool=spool)
    assert len(found.items) == 90
    whole = spool.read_bytes()
    for end in (len(whole) - 1, len(whole) // 2):
        spool.write_bytes(whole[:end])
        with pytest.raises(CheckpointError, match="damaged"):
            base.read(table="t", spool=spool)
    spool.unlink()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="No space left on device"):
            base.read(table="t", spool=spool)
    assert list(spool.parent.iterdir()) == []
    assert len(base.read(table="t", spool=spool).items) == 90


def test_a_kind_of_reading_that_changed_meanwhile_is_said(base: Base) -> None:
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)", f"{COUNT} INSERT INTO t SELECT g FROM s")
    starts = base.read(table="t").starts
    base.execute("ALTER TABLE t RENAME TO u", "CREATE TABLE t AS SELECT * FROM u")
    with pytest.raises(CheckpointError, match="key of the table changed"):
        base.read(table="t", start=starts[0])
    spooled = base.read(table="t", spool=base.folder / "a.spool").starts
    base.execute("DROP TABLE t", "ALTER TABLE u RENAME TO t")
    with pytest.raises(CheckpointError, match="another reading"):
        base.read(table="t", start=spooled[-1])


def test_values_that_are_too_deep_or_too_early_are_dead_letters(base: Base) -> None:
    deep = "'" + "[" * 700 + "]" * 700 + "'"
    base.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, j JSON, d DATETIME)",
        f"INSERT INTO t VALUES (1, {deep}, NULL), (2, '[1]', '2026-01-01 00:00:00+05:00')",
    )
    found = base.read(table="t")
    assert [item["id"]["S"] for item in found.items] == ["2x"]
    assert "deep" in found.reasons["id=1"]


@pytest.mark.parametrize("parameter", ["nonsense=1", "mode=ro", "uri=true&mode=ro"])
def test_a_parameter_that_the_driver_does_not_take_is_refused_and_makes_no_file(base: Base, parameter: str) -> None:
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    base.url += f"?{parameter}"
    with pytest.raises(UsageError):
        base.read(table="t")
    assert [path.name for path in base.folder.iterdir()] == [base.name]


def test_a_locked_file_is_said(base: Base) -> None:
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    base.url += "?timeout=0"
    with closing(sqlite3.connect(base.folder / base.name, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunError, match="locked"):
            base.read(table="t")
        other.execute("ROLLBACK")


def test_requests_that_contradict_themselves(base: Base) -> None:
    base.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    for what in ({}, {"table": "t", "query": "SELECT 1"}, {"query": "SELECT 1"}, {"table": "t", "order": ("id", "id")}):
        with pytest.raises(UsageError):
            base.read(**what)
    for url in ("oracle://h/x", "postgresql+asyncpg://h/x", "nonsense"):
        base.url = url
        with pytest.raises(DynasmithError):
            base.read(table="t")


@pytest.mark.parametrize("source", [("--source-table", "t"), ("--source-table", "v")], ids=["table", "view"])
def test_killed_twice_it_arrives_whole(story: ItemStory, base: Base, source: tuple[str, ...]) -> None:
    base.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
        f"WITH RECURSIVE s(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < {ROWS})"
        " INSERT INTO t SELECT g, 'Zoë ' || g FROM s",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    killed_twice_and_compared(
        story, base, *source, expected=[f"{number}\tZoë {number}" for number in range(1, ROWS + 1)]
    )
