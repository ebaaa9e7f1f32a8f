"""Seed 4's User and Order, from SQLite and from a mongoexport file: ids rewritten, dates ISO, decimals exact."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from dynasmith import Consent, Key, KeyAttribute, Project, Table, connect
from dynasmith.cli.main import run
from dynasmith.errors import UsageError
from dynasmith.jobs.options import Database
from item_stories.kit import ItemStory

YES = Consent(yes=True)


def table(name: str) -> Table:
    return Table(name=name, key=Key(partition=(KeyAttribute(name="id", type="S"),)))


@pytest.fixture
def project(ministack_endpoint: str, tmp_path: Path) -> Project:
    tables = (table("db-users"), table("db-orders"))
    found = connect(
        endpoint=ministack_endpoint, region="us-east-1", tables=tables, folder=tmp_path, consent=Consent(yes=True)
    )
    for each in tables:
        found.delete(each, missing_ok=True, consent=Consent(confirm=[each.name]))
    found.ensure()
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, created_at DATETIME, note TEXT)")
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total DECIMAL(10, 2))")
        for number in range(1, 31):
            note = None if number % 2 else "vip"
            database.execute(
                "INSERT INTO users VALUES (?, ?, '2026-01-15 10:30:00', ?)", (number, f"User {number}", note)
            )
            database.execute("INSERT INTO orders VALUES (?, ?, ?)", (number, number % 7 + 1, "99.90"))
    database.close()
    return path


def test_users_and_orders_from_sqlite(project: Project, shop: Path) -> None:
    url = f"sqlite:///{shop}"
    users = Database(url=url, table="users", map={"id": "user-{id}"})
    orders = Database(url=url, table="orders", map={"id": "order-{id}", "user_id": "user-{user_id}"})
    assert project.populate("db-users", users).counts.written == 30
    assert project.populate("db-orders", orders).counts.written == 30
    user = project.get("db-users", {"id": {"S": "user-3"}})
    assert user["name"] == {"S": "User 3"}
    assert user["created_at"]["S"].startswith("2026-01-15T10:30:00")
    assert "note" not in user, "NULL in SQL is an attribute that is absent"
    order = project.get("db-orders", {"id": {"S": "order-9"}})
    assert order["user_id"] == {"S": "user-3"}
    assert order["total"]["N"] in ("99.9", "99.90")


def test_the_same_on_the_command_line(
    project: Project, shop: Path, ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del project
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP", str(shop))
    where = ["--env", "local", "--endpoint", ministack_endpoint, "--yes", "--quiet"]
    words = [
        "populate",
        "db-users",
        "--from",
        "sqlite:///${SHOP}",
        "--query",
        "SELECT id, name FROM users",
        "--order",
        "id",
    ]
    assert run([*words, "--map", "id=user-{id}", *where]) == 0
    assert run(["get", "db-users", "id=user-30", *where]) == 0
    assert run([*words, "file.json", *where]) == 2
    assert run(["populate", "db-users", "--query", "SELECT 1", *where]) == 2


def test_a_password_is_not_remembered(project: Project) -> None:
    with pytest.raises(UsageError, match="holds a password"):
        project.populate("db-users", Database(url="postgresql://me:secret@127.0.0.1/shop", table="users"))
    assert project.jobs.list() == []


def test_users_from_a_mongoexport_file(
    project: Project, ministack_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exported = tmp_path / "users.json"
    documents = [
        {
            "_id": {"$oid": f"64b7f0c2a1b2c3d4e5f6{number:04d}"},
            "name": f"User {number}",
            "created": {"$date": "2026-01-15T10:30:00Z"},
            "balance": {"$numberDecimal": "12.345678901234567890"},
            "address": {"city": "Zürich", "tags": ["home", None]},
        }
        for number in range(20)
    ]
    exported.write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    where = ["--env", "local", "--endpoint", ministack_endpoint, "--yes", "--quiet"]
    assert run(["populate", "db-users", str(exported), "--map", "id=user-{_id}", *where]) == 0
    user = project.get("db-users", {"id": {"S": "user-64b7f0c2a1b2c3d4e5f60007"}})
    assert user["created"]["S"].startswith("2026-01-15T10:30:00")
    assert user["balance"] == {"N": "12.34567890123456789"}
    assert user["address"]["M"]["tags"]["L"] == [{"S": "home"}, {"NULL": True}]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_sqlite_file_that_is_not_there_is_not_made(story: ItemStory, more: tuple[str, ...]) -> None:
    story.make("users")
    answer = story("populate", "users", "--from", "sqlite:///nope.db", "--source-table", "users", "--yes", *more)
    assert (answer.code, answer.error) == (1, "There is no file nope.db."), answer.err
    assert not (story.folder / "nope.db").exists()
    assert story("jobs", "list", "--json").json == []
