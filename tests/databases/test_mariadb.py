"""MariaDB, read from a real server: which keys are paged by, every type exactly, queries, what breaks meanwhile."""

import random
import struct
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest

from databases.kit import Base
from databases.servers import Server
from databases.stories import ROWS, killed_twice_and_compared
from dynasmith.errors import DynasmithError, Unreachable, UsageError
from item_stories.kit import ItemStory

pytestmark = pytest.mark.engine


@pytest.fixture
def base(mariadb_server: Server, tmp_path: Path) -> Base:
    return Base(mariadb_server, tmp_path, create="CREATE DATABASE {} CHARACTER SET utf8mb4")


def test_a_table_is_paged_by_its_primary_key_and_resumed(base: Base) -> None:
    base.execute(
        "CREATE TABLE users (region varchar(20), id int, email text, PRIMARY KEY (region, id))",
        "INSERT INTO users SELECT char(97 + seq % 5), seq, concat('u', seq) FROM seq_1_to_500",
    )
    found = base.read(table="users", page_items=17, fresh=True)
    assert sorted(found.values("email")) == sorted(base.client("SELECT email FROM users"))
    assert base.reason(table="users") == ""
    rest = base.read(table="users", page_items=17, start=found.starts[9])
    assert rest.items == found.items[170:]
    with pytest.raises(UsageError, match=r"has a primary key \(region, id\)"):
        base.read(table="users", order=("id",))


KEYS = {
    "int": ("int", "cast(seq AS signed) - 40"),
    "bigint": ("bigint unsigned", "18446744073709551615 - seq"),
    "zerofill": ("int(8) zerofill", "seq"),
    "decimal": ("decimal(38, 10)", "seq / 7"),
    "text": ("varchar(40)", "concat(elt(1 + seq % 3, 'ß', '😀', ' a\\\\'''), seq)"),
    "spaces": ("varchar(99) COLLATE utf8mb4_nopad_bin", "concat('a', repeat(' ', seq))"),
    "bin": ("varchar(40) COLLATE utf8mb4_bin", "char(33 + seq using utf8mb4)"),
    "latin1": ("char(9) CHARACTER SET latin1", "concat('é', seq)"),
    "swedish": ("varchar(9) CHARACTER SET latin1 COLLATE latin1_german2_ci", "concat('ä', seq)"),
    "binary": ("varbinary(9)", "concat(x'00ff27', char(seq))"),
    "binary padded": ("binary(6)", "concat(x'ff', char(seq))"),
    "uuid": ("uuid", "uuid()"),
    "date": ("date", "if(seq = 1, '0000-00-00', if(seq = 2, '2020-02-00', '2020-02-20' + interval seq day))"),
    "datetime": ("datetime(6)", "if(seq = 1, 0, '2026-03-29 01:59:59.999999' + interval seq second)"),
    "timestamp": ("timestamp(3)", "if(seq = 1, 0, '2026-10-25 00:30:00.125' + interval seq * 7 minute)"),
}


@pytest.mark.parametrize("name", KEYS)
def test_every_type_of_key_moves_on(base: Base, name: str) -> None:
    type_, value = KEYS[name]
    base.execute(
        "SET sql_mode = ''",
        f"CREATE TABLE t (k {type_} NOT NULL, id int, PRIMARY KEY (k))",
        f"INSERT INTO t SELECT {value}, seq FROM seq_1_to_90",
    )
    assert base.reason(table="t") == ""
    found = base.read(table="t", fresh=True)
    assert len(set(found.values("id"))) == len(found.items)
    assert len(found.items) + len(found.dead) == 90
    assert len(found.dead) == {"date": 2, "datetime": 1, "timestamp": 1}.get(name, 0)
    assert len(found.starts) == 12


OTHERS = {
    "float": ("k float PRIMARY KEY", "seq * 0.1", (), "type float"),
    "double": ("k double PRIMARY KEY", "seq * 0.1", (), "type double"),
    "enum": ("k enum('b', 'a', 'c'), PRIMARY KEY (k, n)", "elt(1 + seq % 3, 'a', 'b', 'c')", (), "type enum"),
    "set": ("k set('b', 'a', 'c'), PRIMARY KEY (k, n)", "elt(1 + seq % 3, 'a', 'b', 'c')", (), "type set"),
    "bit": ("k bit(9) PRIMARY KEY", "seq", (), "type bit"),
    "time": ("k time PRIMARY KEY", "sec_to_time(seq * 30000)", (), "type time"),
    "inet": ("k inet6 PRIMARY KEY", "concat('::', hex(seq))", (), "type inet6"),
    "prefix": ("k varchar(50), PRIMARY KEY (k(7))", "concat('k', seq)", (), "first 7 characters"),
    "nullable": ("k int UNIQUE", "if(seq % 2, NULL, seq)", ("k",), "may be NULL"),
    "not unique": ("k int NOT NULL, INDEX (k)", "seq % 3", ("k",), "no UNIQUE key"),
    "no key": ("k int", "seq", (), "no primary key"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_paged_is_read_once_and_nothing_is_lost(base: Base, name: str) -> None:
    column, value, order, reason = OTHERS[name]
    base.execute(
        f"CREATE TABLE t (n int, id int, {column})",
        f"INSERT INTO t (n, id, k) SELECT seq, seq, {value} FROM seq_1_to_90",
    )
    assert reason in base.reason(table="t", order=order)
    spool = base.folder / "rows.spool"
    found = base.read(table="t", order=order, fresh=True, spool=spool)
    assert sorted(found.values("id")) == sorted(f"{number}x" for number in range(1, 91))
    assert spool.stat().st_mode & 0o777 == 0o600


def test_an_order_is_the_columns_of_a_unique_key(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (a int NOT NULL, b varchar(9) NOT NULL, id int, UNIQUE (a, b))",
        "INSERT INTO t SELECT seq % 3, seq, seq FROM seq_1_to_60",
    )
    for order in (("a", "b"), ("B", "A")):
        assert base.reason(table="t", order=order) == ""
        assert len(set(base.read(table="t", order=order).values("id"))) == 60
    assert "no UNIQUE key" in base.reason(table="t", order=("a",))


def test_a_partitioned_table_a_view_and_odd_names(base: Base) -> None:
    base.execute(
        "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4",
        "INSERT INTO p SELECT seq FROM seq_1_to_50",
        "CREATE VIEW v AS SELECT id FROM p",
        "CREATE TABLE `Or``der` (`Id` int PRIMARY KEY, `a%s` text, `x:y` text, secret int INVISIBLE DEFAULT 7)",
        "INSERT INTO `Or``der` VALUES (1, '%s', ':x')",
        "CREATE TABLE `a.b` (id int)",
        "INSERT INTO `a.b` VALUES (1)",
    )
    assert len(base.read(table="p").items) == len(base.read(table="v").items) == 50
    assert len(base.read(table=f"{base.name}.p").items) == 50
    (item,) = base.read(table="`Or``der`", names={"id": "{Id}x"}).items
    assert item == {"Id": {"N": "1"}, "a%s": {"S": "%s"}, "x:y": {"S": ":x"}, "secret": {"N": "7"}, "id": {"S": "1x"}}
    assert len(base.read(table="a.b").items) == 1


VALUES: list[tuple[str, str, Any]] = [
    ("bigint unsigned", "18446744073709551615", {"N": "18446744073709551615"}),
    ("int(6) zerofill", "42", {"N": "42"}),
    ("tinyint(1)", "1", {"N": "1"}),
    ("tinyint(1)", "7", {"N": "7"}),
    ("decimal(38, 10)", "'1234567890123456789012345678.0123456789'", {"N": "1234567890123456789012345678.0123456789"}),
    ("float", "0.1", {"N": "0.1"}),
    ("float", "16777216", {"N": "16777216"}),
    ("float", "1234567.875", {"N": "1234567.9"}),
    ("double", "1.5e-12", {"N": "1.5E-12"}),
    ("double", "0.1e0 + 0.2e0", {"N": "0.30000000000000004"}),
    ("double", "-1.7976931348623157e+100", {"N": "-1.7976931348623157E+100"}),
    ("double(10, 2)", "12.345", {"N": "12.35"}),
    ("varchar(20)", "''", {"S": ""}),
    ("varchar(20)", "'ß😀\"\\\\%s:x'", {"S": 'ß😀"\\%s:x'}),
    ("varchar(20) CHARACTER SET latin1", "'é€'", {"S": "é€"}),
    ("varchar(20) CHARACTER SET utf16", "'é😀'", {"S": "é😀"}),
    ("varchar(20) CHARACTER SET binary", "x'00ff'", {"B": "AP8="}),
    ("blob", "x'00ff'", {"B": "AP8="}),
    ("bit(10)", "b'1010101010'", {"B": "Aqo="}),
    ("date", "'2026-01-15'", {"S": "2026-01-15"}),
    ("datetime(6)", "'2026-01-15 10:30:00.123456'", {"S": "2026-01-15T10:30:00.123456"}),
    ("timestamp NULL", "'2026-01-15 10:30:00'", {"S": "2026-01-15T08:30:00.000Z"}),
    ("time(3)", "'-838:59:59.125'", {"S": "-838:59:59.125"}),
    ("year", "2026", {"N": "2026"}),
    ("enum('x', 'y')", "'y'", {"S": "y"}),
    ("set('p', 'q')", "'p,q'", {"S": "p,q"}),
    ("uuid", "'A0EEBC999C0B4EF8BB6D6BB9BD380A11'", {"S": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}),
    ("inet6", "'::1'", {"S": "::1"}),
    ("json", "'{\"a\": 1234567890123456789.25}'", {"S": '{"a": 1234567890123456789.25}'}),
]
REFUSED = [
    ("date", "'0000-00-00'"),
    ("date", "'2026-00-10'"),
    ("datetime", "'0000-00-00 00:00:00'"),
    ("timestamp NULL", "0"),
    ("double", "1e300"),
    ("decimal(60, 5)", "'12345678901234567890123456789012345678901234.5'"),
]


def test_every_type_comes_exactly_or_as_a_dead_letter_and_the_others_go_on(base: Base) -> None:
    every = [(type_, text) for type_, text, _ in VALUES] + REFUSED
    columns = ", ".join(f"c{number} {type_}" for number, (type_, _) in enumerate(every))
    base.execute(f"CREATE TABLE t (id int PRIMARY KEY, {columns})")
    for number, (_, text) in enumerate(every):
        base.execute("SET sql_mode = ''", f"INSERT INTO t (id, c{number}) VALUES ({number}, {text})")
    found = base.read(table="t")
    assert found.items == [
        {"id": {"S": f"{number}x"}, f"c{number}": value} for number, (_, _, value) in enumerate(VALUES)
    ]
    assert list(found.reasons) == [f"id={number}" for number in range(len(VALUES), len(every))]
    for number, reason in zip(range(len(VALUES), len(every)), found.reasons.values(), strict=True):
        assert f"c{number}" in reason, reason


@pytest.mark.parametrize("charset", ["latin1", "cp1250", "hebrew", "ascii", "sjis", "ucs2", "utf32"])
def test_every_text_of_a_character_set_comes_as_it_is_or_as_a_dead_letter(base: Base, charset: str) -> None:
    """A server sends a question mark for what has no form in UTF-8, so two keys would become one."""
    base.execute(
        f"CREATE TABLE t (id int PRIMARY KEY, v varbinary(9), k varchar(9) CHARACTER SET {charset} UNIQUE)",
        f"INSERT IGNORE INTO t SELECT seq, CHAR(seq), CONVERT(CHAR(seq) USING {charset}) FROM seq_32_to_255",
        f"INSERT IGNORE INTO t VALUES (1, '', CONVERT(X'D800' USING {charset}))",
    )
    named = {"id": "{id}x"}
    for found in (base.read(table="t", names=named), base.read(query="SELECT * FROM t", order=("id",), names=named)):
        came = {item["id"]["S"] for item in found.items if item["k"]["S"] == "?"}
        assert came == {
            f"{line}x" for line in base.client(f"SELECT id FROM t WHERE k = _{charset} X'{_question(charset)}'")
        }
        assert len(found.items) + len(found.dead) == int(base.client("SELECT count(*) FROM t")[0])
        assert all("k" in reason for reason in found.reasons.values())


def _question(charset: str) -> str:
    return "?".encode({"ucs2": "utf-16-be", "utf32": "utf-32-be"}.get(charset, "ascii")).hex()


def test_a_key_of_a_character_set_that_utf_8_does_not_hold_is_not_paged_by(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (id varchar(9) CHARACTER SET cp1250 PRIMARY KEY)",
        "INSERT INTO t VALUES (_cp1250 X'81'), (_cp1250 X'83'), (_cp1250 X'88'), ('?'), ('a'), (_cp1250 X'8A')",
    )
    assert "cp1250" in base.reason(table="t")
    found = base.read(table="t", page_items=1, names={})
    assert sorted(found.values("id")) == ["?", "a", "Š"]
    assert list(found.reasons) == ["id=\\xff\\x81", "id=\\xff\\x83", "id=\\xff\\x88"]


def test_a_limit_of_the_server_cuts_no_reading(base: Base) -> None:
    base.execute(
        "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int)",
        "INSERT INTO t SELECT seq, 1, 2, 3, 4 FROM seq_1_to_30",
    )
    base.url += "?init_command=SET%20sql_select_limit=3"
    for what in ({"table": "t"}, {"query": "SELECT * FROM t", "order": ("id",)}):
        found = base.read(**what)
        assert (len(found.items), {len(item) for item in found.items}) == (30, {5})


@pytest.mark.parametrize("column", ["text NOT NULL UNIQUE", "varchar(700) NOT NULL UNIQUE"])
def test_long_keys_that_begin_alike_are_all_read(base: Base, column: str) -> None:
    length = 660 if "varchar" in column else 5000
    base.execute(
        f"CREATE TABLE t (id int, k {column})",
        f"INSERT INTO t SELECT seq, CONCAT(REPEAT('é', {length}), seq * 7 % 31) FROM seq_1_to_30",
    )
    assert (
        len(set(base.read(table="t", order=("k",), page_items=3, fresh=True, spool=base.folder / "s").values("id")))
        == 30
    )


def test_a_view_of_a_table_that_is_gone_is_not_called_absent(base: Base) -> None:
    base.execute("CREATE TABLE t (id int)", "CREATE VIEW v AS SELECT * FROM t", "DROP TABLE t")
    with pytest.raises(DynasmithError, match="columns of v cannot be read"):
        base.read(table="v")


def test_floats_of_any_size_come_as_the_same_float(base: Base) -> None:
    """Doubles and 4-byte floats whose bits are random: what arrives is the number that stands there."""
    chance = random.Random(7)
    doubles = [chance.uniform(-1, 1) * 10 ** chance.randint(-100, 100) for _ in range(200)]
    floats = [_short(chance.uniform(-1, 1) * 10 ** chance.randint(-30, 30)) for _ in range(200)]
    base.execute("CREATE TABLE t (id int PRIMARY KEY, d double, f float)")
    rows = ", ".join(f"({n}, {d!r}, {f!r})" for n, (d, f) in enumerate(zip(doubles, floats, strict=True)))
    base.execute(f"INSERT INTO t VALUES {rows}")
    found = base.read(table="t")
    assert [Decimal(number) for number in found.values("d")] == [Decimal(repr(number)) for number in doubles]
    assert [_short(float(number)) for number in found.values("f")] == floats


def _short(number: float) -> float:
    """As a 4-byte float."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


QUERIES: list[tuple[str, int]] = [
    ("SELECT * FROM t;", 20),
    ("SELECT * FROM t ; -- done", 20),
    ("SELECT * FROM t # ; done", 20),
    ("SELECT *, ':x' AS a, '%s' AS b, '\\';' AS c FROM t", 20),
    ("WITH w AS (SELECT * FROM t WHERE id > 5) SELECT * FROM w -- to the end", 15),
    ("SELECT id, m FROM t ORDER BY rand() LIMIT 7", 7),
    ("(SELECT id FROM t) UNION ALL (SELECT id + 100 FROM t)", 40),
]
BAD_QUERIES: list[tuple[str, str]] = [
    ("SELECT 1 AS id; SELECT 2 AS id", "more than one statement"),
    (" ; -- nothing", "empty"),
    ("SELECT id, m, id FROM t", "two columns"),
    ("SELECT id, m, m AS ID FROM t", "two columns"),
    ("DELETE FROM t", "refused"),
    ("SELECT id, writes() AS n FROM t", "(?i)read.only"),
    ("SELECT nope FROM t", "nope"),
    ("SELECT 1 AS other", "no column id"),
]


@pytest.fixture
def queried(base: Base) -> Base:
    base.execute(
        "CREATE TABLE t (id int, m enum('sad', 'ok'))",
        "INSERT INTO t SELECT seq, if(seq % 2, NULL, 'ok') FROM seq_1_to_20",
        "CREATE FUNCTION writes() RETURNS int BEGIN DELETE FROM t; RETURN 1; END",
    )
    return base


@pytest.mark.parametrize(("query", "count"), QUERIES)
def test_queries_as_people_write_them(queried: Base, query: str, count: int) -> None:
    assert len(queried.read(query=query, order=("id",)).items) == count


@pytest.mark.parametrize(("query", "reason"), BAD_QUERIES)
def test_a_query_that_is_not_one_reading_select_is_refused(queried: Base, query: str, reason: str) -> None:
    with pytest.raises(DynasmithError, match=reason) as caught:
        queried.read(query=query, order=("id",))
    assert "\n" not in str(caught.value)
    assert queried.client("SELECT count(*) FROM t") == ["20"]


def test_a_connection_that_breaks_is_opened_again(base: Base) -> None:
    base.execute("CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT seq FROM seq_1_to_60")

    def cut(page: int) -> None:
        if page == 3:
            for number in base.client(f"SELECT id FROM information_schema.processlist WHERE db = '{base.name}'"):
                with suppress(pymysql.err.OperationalError, pymysql.err.InternalError):
                    base.execute(f"KILL {number}")  # the client that listed them is one of them, and gone

    assert base.read(table="t", between=cut).values("id") == [f"{number}x" for number in range(1, 61)]


def test_no_answer_and_a_wrong_password_are_said_without_it(base: Base) -> None:
    for url in (f"mysql://nobody:geheim@127.0.0.1:{base.url.split(':')[-1]}", "mariadb://shop:geheim@127.0.0.1:1/nope"):
        base.url = url
        with pytest.raises(Unreachable) as caught:
            base.read(table="t")
        assert "geheim" not in str(caught.value)
        assert "did not answer" in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [("--source-table", "t"), ("--query", "SELECT * FROM v;", "--order", "name")],
    ids=["table", "query"],
)
def test_killed_twice_it_arrives_as_the_client_prints_it(story: ItemStory, base: Base, source: tuple[str, ...]) -> None:
    base.execute(
        "CREATE TABLE t (id varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, name varchar(20))",
        f"INSERT INTO t SELECT concat('É', seq, ' '), if(seq % 3, concat('Zoë ', seq % 50), NULL) FROM seq_1_to_{ROWS}",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    expected = base.client("SELECT id, name FROM t")
    killed_twice_and_compared(story, base, *source, expected=expected)


def test_a_reading_that_is_stopped_ends_at_once_and_leaves_nothing(base: Base) -> None:
    spool = base.folder / "job" / "rows.spool"
    page = base.stop(spool, query="SELECT seq AS id, sleep(0.1) AS z FROM seq_1_to_100000", order=("id",))
    assert (page.read, page.next is None) == (0, False)
    assert list(spool.parent.iterdir()) == []
