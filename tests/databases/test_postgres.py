"""PostgreSQL, read from a real server: which keys are paged by, every type exactly, queries, what breaks meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from databases.kit import Base
from databases.servers import Server
from databases.stories import ROWS, killed_twice_and_compared
from dynasmith.errors import CheckpointError, DynasmithError, RunError, Unreachable, UsageError
from item_stories.kit import ItemStory

pytestmark = pytest.mark.engine


@pytest.fixture
def base(postgres_server: Server, tmp_path: Path) -> Base:
    return Base(postgres_server, tmp_path)


def test_a_table_is_paged_by_its_primary_key_and_resumed(base: Base) -> None:
    base.execute(
        "CREATE TABLE users (region text, id int, email text, PRIMARY KEY (region, id))",
        "INSERT INTO users SELECT chr(97 + g % 5), g, 'u' || g FROM generate_series(1, 500) g",
    )
    found = base.read(table="users", page_items=17, fresh=True)
    assert sorted(found.values("email")) == sorted(base.client("SELECT email FROM users"))
    assert base.reason(table="users") == ""
    rest = base.read(table="users", page_items=17, start=found.starts[9])
    assert rest.items == found.items[170:]
    with pytest.raises(UsageError, match=r"has a primary key \(region, id\)"):
        base.read(table="users", order=("id",))


KEYS: dict[str, tuple[str, str]] = {
    "int": ("int", "g"),
    "bigint": ("bigint", "g * 1000000007::bigint * 1000003"),
    "numeric": ("numeric(30, 10)", "g / 7.0"),
    "numeric NaN": ("numeric", "CASE g WHEN 5 THEN 'NaN' WHEN 6 THEN 'Infinity' ELSE g / 3.0 END"),
    "text": ("text", "CASE g % 3 WHEN 0 THEN 'ß' WHEN 1 THEN '😀' ELSE ' a\\''' END || g"),
    "varchar": ('varchar(9) COLLATE "en-x-icu"', "chr(65 + g % 40) || g"),
    "char": ("char(9)", "lpad('', g % 3) || g"),
    "bytea": ("bytea", "decode(lpad(to_hex(g), 8, '0') || '00ff', 'hex')"),
    "uuid": ("uuid", "md5(g::text)::uuid"),
    "date": ("date", "CASE g WHEN 1 THEN 'infinity' WHEN 2 THEN '0044-03-15 BC' ELSE date '2020-02-27' + g END"),
    "timestamp": ("timestamp", "CASE g WHEN 1 THEN '-infinity' ELSE timestamp '2026-03-29' + g * interval '1us' END"),
    "timestamptz": ("timestamptz", "timestamptz '2026-10-25 00:30:00+00' + g * interval '7 min 1us'"),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_every_type_of_key_moves_on(base: Base, name: str) -> None:
    type_, value = KEYS[name]
    base.execute(
        f"CREATE TABLE t (k {type_} PRIMARY KEY, id int)",
        f"INSERT INTO t SELECT {value}, g FROM generate_series(1, 90) g",
    )
    assert base.reason(table="t") == ""
    found = base.read(table="t", fresh=True)
    read = [*found.values("id"), *(json.loads(dead.item)["id"] + "x" for dead in found.dead)]
    assert sorted(read) == sorted(f"{number}x" for number in range(1, 91))
    assert len(found.starts) == 12


OTHERS = {
    "real": ("k real PRIMARY KEY", "g * 0.1", (), "type float4"),
    "double": ("k float8 PRIMARY KEY", "g * 0.1", (), "type float8"),
    "enum": ("k mood, PRIMARY KEY (k, n)", "(enum_range(NULL::mood))[1 + g % 3]", (), "type mood"),
    "bool": ("k bool, PRIMARY KEY (k, n)", "g % 2 = 0", (), "type bool"),
    "interval": ("k interval PRIMARY KEY", "g * interval '1 h'", (), "type interval"),
    "nondeterministic": ("k text COLLATE loose PRIMARY KEY", "'k' || g", (), "collation"),
    "deferrable": ("k int PRIMARY KEY DEFERRABLE", "g", (), "deferrable"),
    "nullable": ("k int UNIQUE", "nullif(g % 2, 0) * g", ("k",), "may be NULL"),
    "not unique": ("k int NOT NULL", "g % 3", ("k",), "no UNIQUE key"),
    "no key": ("k int", "g", (), "no primary key"),
    "partial": ("k int NOT NULL", "g % 90", ("k",), "partial"),
    "expression": ("k text NOT NULL", "'k' || g", ("k",), "no UNIQUE key"),
    "other collation": ("k text COLLATE loose NOT NULL", "'k' || g", ("k",), "collation"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_paged_is_read_once_and_nothing_is_lost(base: Base, name: str) -> None:
    column, value, order, reason = OTHERS[name]
    base.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
        f"CREATE TABLE t (n int, id int, {column})",
        f"INSERT INTO t (n, id, k) SELECT g, g, {value} FROM generate_series(1, 90) g",
    )
    more = {
        "partial": ["CREATE UNIQUE INDEX ON t (k) WHERE n < 50"],
        "expression": ["CREATE UNIQUE INDEX ON t (lower(k))"],
        "other collation": ['CREATE UNIQUE INDEX ON t (k COLLATE "C")'],
    }
    base.execute(*more.get(name, []))
    assert reason in base.reason(table="t", order=order)
    spool = base.folder / "rows.spool"
    found = base.read(table="t", order=order, fresh=True, spool=spool)
    assert sorted(found.values("id")) == sorted(f"{number}x" for number in range(1, 91))
    assert spool.stat().st_mode & 0o777 == 0o600


def test_an_order_is_the_columns_of_a_unique_key(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (a int NOT NULL, b text NOT NULL, id int)",
        "CREATE UNIQUE INDEX ON t (a, b) INCLUDE (id)",
        "INSERT INTO t SELECT g % 3, g, g FROM generate_series(1, 60) g",
    )
    for order in (("a", "b"), ("b", "a")):
        assert base.reason(table="t", order=order) == ""
        assert len(set(base.read(table="t", order=order).values("id"))) == 60
    assert "no UNIQUE key" in base.reason(table="t", order=("a",))
    with pytest.raises(UsageError, match="has no column c"):
        base.reason(table="t", order=("c",))


def test_a_table_that_others_inherit_from_is_not_paged_by_its_key(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE more () INHERITS (t)",
        "INSERT INTO t SELECT generate_series(1, 20)",
        "INSERT INTO more SELECT generate_series(1, 20)",
    )
    assert "inherit" in base.reason(table="t")
    assert len(base.read(table="t").items) == 40


def test_a_partitioned_table_a_view_and_odd_names(base: Base) -> None:
    base.execute(
        "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (25)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (25) TO (90)",
        "INSERT INTO p SELECT generate_series(1, 50)",
        "CREATE VIEW v AS SELECT id FROM p",
        'CREATE SCHEMA "My.Schema"',
        'CREATE TABLE "My.Schema"."Or""der" ("Id" int PRIMARY KEY, id int, "a%s" text, "x:y" text)',
        """INSERT INTO "My.Schema"."Or""der" VALUES (1, 1, '%s', ':x')""",
        'CREATE TABLE "a.b" (id int)',
        'INSERT INTO "a.b" VALUES (1)',
    )
    assert len(base.read(table="p").items) == len(base.read(table="v").items) == 50
    assert len(base.read(table="PUBLIC.P").items) == 50, "a name without quotes means the same in any case"
    (item,) = base.read(table='"My.Schema"."Or""der"').items
    assert item == {"id": {"S": "1x"}, "Id": {"N": "1"}, "a%s": {"S": "%s"}, "x:y": {"S": ":x"}}
    assert len(base.read(table="a.b").items) == 1
    with pytest.raises(RunError, match="no table nope"):
        base.read(table="nope")


VALUES: list[tuple[str, str, Any]] = [
    ("int8", "9223372036854775807", {"N": "9223372036854775807"}),
    ("numeric", "12345678901234567890.1234567890", {"N": "12345678901234567890.1234567890"}),
    ("numeric", "1e-130", {"N": "1E-130"}),
    ("real", "0.1", {"N": "0.1"}),
    ("real", "16777216", {"N": "16777216"}),
    ("real", "1.1754944e-38", {"N": "1.1754944E-38"}),
    ("float8", "1.5e-12", {"N": "1.5E-12"}),
    ("float8", "0.30000000000000004", {"N": "0.30000000000000004"}),
    ("float8", "-1.7976931348623157e+100", {"N": "-1.7976931348623157E+100"}),
    ("bool", "false", {"BOOL": False}),
    ("text", "", {"S": ""}),
    ("text", "ß😀'\"\\", {"S": "ß😀'\"\\"}),
    ("char(4)", "a", {"S": "a   "}),
    ("bytea", "\\x00ff", {"B": "AP8="}),
    ("uuid", "A0EEBC999C0B4EF8BB6D6BB9BD380A11", {"S": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}),
    ("date", "2026-01-15", {"S": "2026-01-15"}),
    ("time", "10:30:00.5", {"S": "10:30:00.500000"}),
    ("timestamp", "2026-01-15 10:30:00.123456", {"S": "2026-01-15T10:30:00.123456"}),
    ("timestamptz", "2026-01-15 10:30:00.123+05:45", {"S": "2026-01-15T04:45:00.123Z"}),
    ("interval", "1 mon 2 days 03:00:00.5", {"S": "P1M2DT3H0.5S"}),
    ("json", '{"a": 1234567890123456789.25}', {"M": {"a": {"N": "1234567890123456789.25"}}}),
    ("jsonb", '[1e30, null]', {"L": [{"N": "1000000000000000000000000000000"}, {"NULL": True}]}),
    ("jsonb", '[true, "x"]', {"L": [{"BOOL": True}, {"S": "x"}]}),
    ("jsonb", "null", {"NULL": True}),
    ("int[]", "{{1,2},{3,NULL}}", {"L": [{"L": [{"N": "1"}, {"N": "2"}]}, {"L": [{"N": "3"}, {"NULL": True}]}]}),
    ("text[]", '{"a,b","c\\"d"}', {"L": [{"S": "a,b"}, {"S": 'c"d'}]}),
    ("text[]", '{NULL,"NULL",""}', {"L": [{"NULL": True}, {"S": "NULL"}, {"S": ""}]}),
    ("numeric[]", "{}", {"L": []}),
    ("bytea[]", '{"\\\\x00ff"}', {"L": [{"B": "AP8="}]}),
    ("box[]", "{(1,1),(0,0)}", {"L": [{"S": "(1,1),(0,0)"}]}),
    ("inet", "10.0.0.1/8", {"S": "10.0.0.1/8"}),
    ("money", "1234.5", {"S": "$1,234.50"}),
    ("int4range", "[1,5]", {"S": "[1,6)"}),
    ("bit(3)", "101", {"S": "101"}),
    ("whole", "7", {"N": "7"}),
    ("mood", "ok", {"S": "ok"}),
]  # fmt: skip
REFUSED = [
    ("timestamp", "infinity"),
    ("timestamptz", "-infinity"),
    ("timestamptz", "0044-03-15 12:00:00+00 BC"),
    ("date", "infinity"),
    ("date", "20000-01-01"),
    ("time", "24:00:00"),
    ("numeric", "NaN"),
    ("numeric", "1234567890123456789012345678901234567890"),
    ("float8", "Infinity"),
    ("float8", "1e300"),
    ("json", '{"a": 1, "a": 2}'),
    ("json", '"\\ud800"'),
    ("json", "[" * 200 + "]" * 200),
    ("int[]", "[0:1]={1,2}"),
    ("numeric[]", "{1,NaN}"),
]


def test_every_type_comes_exactly_or_as_a_dead_letter_and_the_others_go_on(base: Base) -> None:
    base.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE DOMAIN whole AS int")
    every = [(type_, text) for type_, text, _ in VALUES] + REFUSED
    columns = ", ".join(f"c{number} {type_}" for number, (type_, _) in enumerate(every))
    base.execute(f"CREATE TABLE t (id int PRIMARY KEY, {columns})")
    for number, (_, text) in enumerate(every):
        quoted = text.replace("'", "''")
        base.execute(f"INSERT INTO t (id, c{number}) VALUES ({number}, '{quoted}')")
    found = base.read(table="t")
    assert found.items == [
        {"id": {"S": f"{number}x"}, f"c{number}": value} for number, (_, _, value) in enumerate(VALUES)
    ]
    assert list(found.reasons) == [f"id={number}" for number in range(len(VALUES), len(every))]
    for number, reason in zip(range(len(VALUES), len(every)), found.reasons.values(), strict=True):
        assert f"c{number}" in reason, reason


@pytest.mark.parametrize(("encoding", "raw"), [("SQL_ASCII", "ff"), ("WIN1252", "81"), ("LATIN1", "e9")])
def test_text_of_another_encoding(postgres_server: Server, tmp_path: Path, encoding: str, raw: str) -> None:
    create = f"CREATE DATABASE {{}} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    base = Base(postgres_server, tmp_path, create=create)
    base.execute(
        "CREATE TABLE t (k text PRIMARY KEY, id int)",
        "INSERT INTO t SELECT 'k' || g, g FROM generate_series(1, 40) g",
    )
    base.execute(f"UPDATE t SET k = k || chr({int(raw, 16)}) WHERE id = 22")
    found = base.read(table="t")
    assert len(found.items) + len(found.dead) == 40
    if encoding == "LATIN1":
        assert "k22é" in found.values("k")
    else:
        assert "not valid" in found.dead[0].reason
        assert "Column k" in found.dead[0].reason


QUERIES: list[tuple[str, int]] = [
    ("SELECT * FROM t;", 20),
    ("SELECT * FROM t ; -- done", 20),
    ("SELECT * FROM t /* a ; /* b */ */ ;;", 20),
    ("SELECT *, ':x' AS a, '%s' AS b, 1::text AS c, $$;$$ AS d, E'\\';' AS e FROM t", 20),
    ("WITH w AS (SELECT * FROM t WHERE id > 5) SELECT * FROM w -- to the end", 15),
    ("VALUES (1), (2)", 2),
    ("SELECT id, m FROM t ORDER BY random() LIMIT 7", 7),
]
BAD_QUERIES: list[tuple[str, str]] = [
    ("SELECT 1 AS id; SELECT 2 AS id", "more than one statement"),
    (" ; -- nothing", "empty"),
    ("SELECT id, m, id FROM t", "two columns named id"),
    ("SELECT FROM t", "no columns"),
    ("DELETE FROM t RETURNING id", "refused"),
    ("WITH w AS (DELETE FROM t RETURNING id) SELECT * FROM w", "refused"),
    ("SELECT id, nextval('s') AS n FROM t", "writes"),
    ("DROP TABLE t", "no columns"),
    ("SELECT * FROM t WHERE id = $1", "parameters"),
    ("SELECT nope FROM t", "nope"),
    ("SELECT 1 AS id) AS q; DROP TABLE t; --", "more than one statement"),
    ("SELECT pg_sleep(0) AS other", "no column id"),
]


@pytest.fixture
def queried(base: Base) -> Base:
    base.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TABLE t (id int, m mood)",
        "INSERT INTO t SELECT g, CASE WHEN g % 2 = 0 THEN 'ok'::mood END FROM generate_series(1, 20) g",
        "CREATE SEQUENCE s",
    )
    return base


@pytest.mark.parametrize(("query", "count"), QUERIES)
def test_queries_as_people_write_them(queried: Base, query: str, count: int) -> None:
    order = ("column1",) if query.startswith("VALUES") else ("id",)
    names = {"id": "{column1}x"} if query.startswith("VALUES") else None
    assert len(queried.read(query=query, order=order, names=names).items) == count


@pytest.mark.parametrize(("query", "reason"), BAD_QUERIES)
def test_a_query_that_is_not_one_reading_select_is_refused(queried: Base, query: str, reason: str) -> None:
    with pytest.raises(DynasmithError, match=reason) as caught:
        queried.read(query=query, order=("id",))
    assert "\n" not in str(caught.value)
    assert queried.client("SELECT count(*) FROM t") == ["20"]


def test_a_query_is_read_once_in_its_order_whatever_the_order_is(queried: Base) -> None:
    found = queried.read(query="SELECT id, m FROM t", order=("m", "id"))
    assert found.values("m") == ["ok"] * 10 + [None] * 10
    found = queried.read(query="SELECT id, m FROM t", order=("m",))
    assert len(found.items) == 20


def test_a_spool_is_one_reading_and_no_resume_mixes_two(queried: Base) -> None:
    spool = queried.folder / "rows.spool"

    def change(page: int) -> None:
        if page == 1:
            queried.execute("DELETE FROM t WHERE id > 10", "INSERT INTO t VALUES (99)")

    found = queried.read(query="SELECT id FROM t", order=("id",), spool=spool, fresh=True, page_items=3, between=change)
    assert found.values("id") == [f"{number}x" for number in range(1, 21)]
    spool.unlink()
    with pytest.raises(CheckpointError, match="another reading may differ"):
        queried.read(query="SELECT id FROM t", order=("id",), spool=spool, start=found.starts[2])
    queried.read(query="SELECT id FROM t", order=("id",), spool=spool)
    with pytest.raises(CheckpointError, match="another reading may differ"):
        queried.read(query="SELECT id FROM t", order=("id",), spool=spool, start=found.starts[2])


def _cut(base: Base) -> Callable[[int], None]:
    def cut(page: int) -> None:
        if page == 3:
            base.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )

    return cut


def test_a_connection_that_breaks_is_opened_again(base: Base) -> None:
    base.execute("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 60)")
    found = base.read(table="t", between=_cut(base))
    assert found.values("id") == [f"{number}x" for number in range(1, 61)]


def test_columns_and_keys_that_change_meanwhile_are_said(base: Base) -> None:
    base.execute("CREATE TABLE t (id int PRIMARY KEY, a int)", "INSERT INTO t SELECT generate_series(1, 60)")
    starts = base.read(table="t").starts
    base.execute("ALTER TABLE t ADD COLUMN b int")
    with pytest.raises(CheckpointError, match="columns of the table changed"):
        base.read(table="t", start=starts[1])
    base.execute(
        "ALTER TABLE t DROP CONSTRAINT t_pkey",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 1",
        "ALTER TABLE t ADD PRIMARY KEY (id, c)",
    )
    with pytest.raises(CheckpointError, match="key of the table changed"):
        base.read(table="t", start=starts[1])


def test_rows_that_go_and_come_meanwhile(base: Base) -> None:
    base.execute("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 60)")

    def change(page: int) -> None:
        if page == 2:  # the row that the next page begins at, and some after it
            base.execute("DELETE FROM t WHERE id BETWEEN 13 AND 17", "INSERT INTO t VALUES (0), (200)")

    found = base.read(table="t", between=change)
    assert found.values("id") == [f"{number}x" for number in [*range(1, 15), *range(18, 61), 200]]


def test_no_answer_and_a_wrong_password_are_said_without_it(base: Base) -> None:
    base.url = "postgresql://shop:geheim%40x@127.0.0.1:1/nope?application_name=geheim%40x"
    with pytest.raises(Unreachable) as caught:
        base.read(table="t")
    assert "geheim" not in str(caught.value)
    assert "did not answer" in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [("--source-table", "t"), ("--query", "SELECT * FROM v;", "--order", "name")],
    ids=["table", "query"],
)
def test_killed_twice_it_arrives_as_psql_prints_it(story: ItemStory, base: Base, source: tuple[str, ...]) -> None:
    base.execute(
        'CREATE TABLE t (id uuid PRIMARY KEY, name varchar(20) COLLATE "en-x-icu")',
        "INSERT INTO t SELECT md5(g::text)::uuid, CASE WHEN g % 3 > 0 THEN 'Zoë ' || g % 50 END"
        f" FROM generate_series(1, {ROWS}) g",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    expected = base.client("SELECT id, coalesce(name, 'NULL') FROM t")
    killed_twice_and_compared(story, base, *source, expected=expected)


def test_what_is_wrong_with_a_database_leaves_no_job(story: ItemStory, base: Base) -> None:
    story.make("users", key="id")
    base.execute("CREATE TABLE t (id int PRIMARY KEY, x float8)", "INSERT INTO t VALUES (1, 'NaN'), (2, 0.1)")
    populate = ("populate", "users", "--from", base.url, "--map", "id=u{id}", "--yes")
    for wrong, code in (
        (("--source-table", "nope"), 1),
        (("--source-table", "t", "--order", "id"), 2),
        (("--query", "DELETE FROM t", "--order", "id"), 2),
        (("--query", "DELETE FROM t RETURNING id", "--order", "id"), 2),
        (("--query", "SELECT id FROM t FOR UPDATE", "--order", "id"), 2),
        (("--query", "EXPLAIN SELECT 1", "--order", "QUERY PLAN"), 2),
        (("--query", "SELECT 1; SELECT 2", "--order", "id"), 2),
    ):
        answer = story(*populate, *wrong)
        assert (answer.code, bool(answer.error), bool(answer.hint)) == (code, True, True), answer.err
        assert story("jobs", "list", "--json").json == []
    answer = story(*populate, "--query", "SELECT * FROM t", "--order", "id", "--dry-run")
    assert answer.code == 0
    assert "by one cursor" in answer.out
    answer = story(*populate, "--query", "SELECT * FROM t", "--order", "id")
    assert answer.code == 3, answer.err
    assert "by one cursor" in answer.out + answer.err
    [job] = story("jobs", "list", "--json").json
    [dead] = (story.folder / ".dynasmith" / "jobs" / job["id"] / "dead.jsonl").read_text().splitlines()
    assert "id=1" in dead
    assert "Column x: NaN" in dead


def test_a_parameter_of_the_url_that_the_driver_does_not_take_is_said(base: Base) -> None:
    base.url += "?nonsense=1"
    with pytest.raises(UsageError, match="nonsense"):
        base.read(query="SELECT 1 AS id", order=("id",))


def test_a_reading_that_is_stopped_ends_at_once_and_leaves_nothing(base: Base) -> None:
    spool = base.folder / "job" / "rows.spool"
    page = base.stop(spool, query="SELECT id, pg_sleep(0.1) AS z FROM generate_series(1, 100000) id", order=("id",))
    assert (page.read, page.next is None) == (0, False)
    assert list(spool.parent.iterdir()) == []
