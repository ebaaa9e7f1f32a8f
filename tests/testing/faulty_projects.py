"""Projects with migrations: one that is right, and one for each fault that a ready-made test finds."""

from __future__ import annotations

from collections.abc import Mapping

USERS = """\
tables:
  - name: users
    attributes: [{name: id, type: S}, {name: country, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
    global_secondary_indexes:
      - name: by_country
        key_schema: [{attribute_name: country, key_type: HASH}]
"""
CREATE = """\
def up(m):
    m.create_table("users")
"""
SPLIT = """\
def up(m):
    m.table("users").backfill(split)


def split(item):
    if "name" in item:
        item["first"], _, item["last"] = item.pop("name").partition(" ")
    return item
"""
ITEMS = """\
import pytest


@pytest.fixture
def dynasmith_items():
    return {"0.0.2": {"users": [{"id": "1", "name": "Ann Lee"}, {"id": "2", "name": "Bo Li"}]}}
"""
NO_DOWN = """\


def down(m):
    pass
"""
LOSES_AN_ITEM = """\


def down(m):
    m.table("users").backfill(join)
    m.once("slip", lambda: m.client().delete_item(TableName="users", Key={"id": {"S": "1"}}) and None)


def join(item):
    if "first" in item:
        item["name"] = item.pop("first") + " " + item.pop("last")
    return item
"""
ONE_MORE_EACH_TIME = """\
made = __import__("pathlib").Path(__file__).with_suffix(".count")


def up(m):
    m.once("put", lambda: put(m.client()))


def put(client):
    made.write_text((made.read_text() if made.exists() else "") + "x")
    client.put_item(TableName="users", Item={"id": {"S": made.read_text()}})


def down(m):
    m.once("empty", lambda: m.client().delete_item(TableName="users", Key={"id": {"S": made.read_text()}}) and None)
"""
ADD_INDEX = """\
def up(m):
    m.table("users").add_index("by_age", partition_key="age", types={"age": "N"})
"""
DROP_INDEX = """\
def up(m):
    m.table("users").drop_index("by_country")
"""
ORDERS = """\
from dynasmith import Table
from dynasmith.tables.table import Key, KeyAttribute


def up(m):
    m.create_table(Table(name="orders", key=Key(partition=(KeyAttribute(name="id", type="S"),))))
"""
NOTHING = "def up(m):\n    pass\n"
FREE = 'def up(m):\n    m.once("free", lambda: None)\n'

GOOD = {"tables.yaml": USERS, "migrations/0.0.1_create.py": CREATE, "migrations/0.0.2_split.py": SPLIT}
PROJECTS: Mapping[str, Mapping[str, str]] = {
    "good": {**GOOD, "conftest.py": ITEMS},
    "from_definitions": {"tables.yaml": USERS, "migrations/0.0.2_split.py": SPLIT, "conftest.py": ITEMS},
    "syntax": {**GOOD, "migrations/0.0.3_broken.py": "def up(m:\n"},
    "import_error": {**GOOD, "migrations/0.0.3_broken.py": "import no_such_module\n" + NOTHING},
    "no_function": {**GOOD, "migrations/0.0.3_broken.py": "up = [1]\n"},
    "two_files": {**GOOD, "migrations/0.0.2_other.py": NOTHING},
    "odd_name": {**GOOD, "migrations/v0.0.3.py": NOTHING},
    "covers": {**GOOD, "migrations/latest.py": "covers = '0.0.7'\n" + NOTHING},
    "no_way_back": {**GOOD, "migrations/0.0.3_free.py": FREE},
    "lossy": {**GOOD, "migrations/0.0.2_split.py": SPLIT + NO_DOWN, "conftest.py": ITEMS},
    "leftover_table": {**GOOD, "migrations/0.0.1_create.py": CREATE + NO_DOWN},
    "lost_items": {**GOOD, "migrations/0.0.2_split.py": SPLIT + LOSES_AN_ITEM, "conftest.py": ITEMS},
    "second_up": {
        "tables.yaml": USERS,
        "migrations/0.0.1_create.py": CREATE,
        "migrations/0.0.2_one_more.py": ONE_MORE_EACH_TIME,
    },
    "drift": {**GOOD, "migrations/0.0.3_index.py": DROP_INDEX},
    "more_than_defined": {**GOOD, "migrations/0.0.3_index.py": ADD_INDEX},
    "more_tables": {**GOOD, "migrations/0.0.3_orders.py": ORDERS},
    "unknown_version": {**GOOD, "conftest.py": ITEMS.replace("0.0.2", "0.0.9")},
    "no_baseline": {
        "tables.yaml": USERS,
        "migrations/0.0.1_add.py": 'def up(m):\n    m.table("users").add("a", 1)\n',
        "migrations/0.0.2_create.py": CREATE,
    },
    "none_yet": {"tables.yaml": USERS},
    "named_and_absent": {
        "tables.yaml": USERS,
        "dynasmith.toml": 'definitions = ["tables.yaml"]\nmigrations = "steps"\n',
    },
    "definitions": {**GOOD, "tables.yaml": "tables:\n  - nme: users\n"},
}
