"""A project that has something on every page: a table that drifted, names of 255 characters, items of every type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from cli.story import new_account
from dynasmith import Project
from dynasmith.ports.clock import Clock

LONG = "n" * 255
LONG_KEY = "k" * 255
KEYS = [{"attribute_name": "customer", "key_type": "HASH"}, {"attribute_name": "order", "key_type": "RANGE"}]
ORDERS: dict[str, Any] = {
    "name": "orders",
    "attributes": [{"name": name, "type": "S"} for name in ("customer", "order")],
    "key_schema": KEYS,
}
INDEX: dict[str, Any] = {
    "attributes": [{"name": name, "type": "S"} for name in ("customer", "order", "status")],
    "global_secondary_indexes": [
        {"name": "by_status", "key_schema": [{"attribute_name": "status", "key_type": "HASH"}]}
    ],
    "tags": {"team": "checkout"},
}
OTHERS: list[dict[str, Any]] = [
    {
        "name": LONG,
        "attributes": [{"name": LONG_KEY, "type": "N"}],
        "key_schema": [{"attribute_name": LONG_KEY, "key_type": "HASH"}],
    },
    {
        "name": "missing",
        "attributes": [{"name": "pk", "type": "S"}],
        "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
    },
]
ITEMS = 60


def order(number: int) -> dict[str, Any]:
    """An order in DynamoDB JSON."""
    return {
        "customer": {"S": f"c{number % 3}"},
        "order": {"S": f"2026-{number:03}"},
        "status": {"S": "open" if number % 2 else "paid"},
        "total": {"N": f"{number}.5"},
        "tags": {"SS": ["gift", "new"]},
        "address": {"M": {"city": {"S": "Bern"}, "zip": {"N": "3000"}}},
        "note": {"S": "once upon a time " * (number % 9)},
    }


def define(folder: Path, *tables: dict[str, Any]) -> None:
    """The definition file of the folder."""
    (folder / "tables_config.json").write_bytes(msgspec.json.format(msgspec.json.encode({"tables": tables})))


@contextmanager
def drifted_shop(
    folder: Path,
    endpoint: str,
    *,
    account: str = "",
    env: str = "shop",
    protected: bool = False,
    clock: Clock | None = None,
) -> Iterator[Project]:
    """A project in this folder, in an account of its own where none is given: its tables are live, and then the
    definition grows."""
    account = account or new_account()
    lines = [
        'definitions = ["tables_config.json"]',
        f"[environments.{env}]",
        f'endpoint = "{endpoint}"',
        'region = "us-east-1"',
        f"protected = {str(protected).lower()}",
    ]
    (folder / "dynasmith.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    define(folder, ORDERS, OTHERS[0])
    definitions = folder / "tables_config.json"
    with Project.load(
        definitions, endpoint=endpoint, region="us-east-1", access_key=account, secret_key="secret"
    ) as project:
        project.ensure()
        for number in range(ITEMS):
            project.put("orders", order(number))
        project.put(LONG, {LONG_KEY: {"N": "1"}, "a" * 255: {"S": "v" * 3000}, "b": {"B": "AAEC"}})
    define(folder, ORDERS | INDEX, *OTHERS)
    with Project.load(folder, env=env, access_key=account, secret_key="secret", clock=clock) as project:
        project.export("orders", folder / "orders.jsonl", segments=4)
        yield project
