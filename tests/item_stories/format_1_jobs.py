"""Jobs of format 1 that were stopped midway: how they were made, and how one is put down to be resumed.

``PYTHONPATH=tests python -m item_stories.format_1_jobs`` made the folders of `FORMAT_1` with the commit before jobs had
typed parameters, and says what is in them: the job, its undo journal and its files as they stood when the process
ended, every item of its tables at that time, and what the same commit made of them in the end. What differs from one
machine to another is a placeholder: the address of the engine, the folder, the ids of tables.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.story import client_of
from dynasmith.items.digest import digest_items
from dynasmith.local import start_ministack
from item_stories.kit import ODD, person, wire

FORMAT_1 = Path(__file__).with_name("format_1")
"""One folder a job."""
ACCOUNT = "299999999999"
PEOPLE = 60
MOVES = """
import functools


def split_name(item, ctx):
    if "name" in item:
        first, _, last = item.pop("name").partition(" ")
        item["first"], item["last"], item["tag"] = first, last, ctx.uuid(item)
    return item


def new_key(item):
    return {**item, "pk": "moved-" + item["pk"]}
"""
OPERATIONS = """
version: 1
operations:
  - {split: name, into: [first, last], on: " "}
  - {add: country, value: CH}
"""
KILLED = """
import os, sys
from dynasmith.files.ledger.folder import FolderClaim
number, pages, save = int(sys.argv.pop(1)), int(sys.argv.pop(1)), FolderClaim.save
async def saved(claim, checkpoint):
    global pages
    await save(claim, checkpoint)
    pages -= 1
    if pages == 0:
        os.kill(os.getpid(), number)
FolderClaim.save = saved
from dynasmith.cli.main import main
main()
"""
"""A `dynasmith` that gets a signal once so many pages are done."""
WORDS = {
    "copy": ("copy", "users", "users_v2", "--transform", "moves:split_name", "--segments", "2", "--batch-size", "10",
             "--max-write-units", "500", "--mode", "newer:n", "--filter", "attribute_exists(pk)", "--on-error", "dead"),
    "copy-keys": ("copy", "users", "users_v2", "--transform", "moves:new_key", "--segments", "2", "--batch-size", "10"),
    "export": ("export", "users", "out", "--compress", "none", "--segments", "2", "--batch-size", "10"),
    "populate-files": ("populate", "users_v2", "people.jsonl", "people.csv", "--type", "n=N", "--batch-size", "20"),
    "populate-table": ("populate", "users_v2", "--from", "sqlite:///shop.db", "--source-table", "people",
                       "--transform", "operations.yaml", "--batch-size", "10"),
    "populate-query": ("populate", "users_v2", "--from", "sqlite:///shop.db", "--query",
                       "select pk, name, n from people where n > 5", "--order", "pk", "--batch-size", "10"),
    "populate-cursor": ("populate", "users_v2", "--from", "sqlite:///shop.db", "--source-table", "unkeyed",
                        "--batch-size", "10"),
    "backfill": ("backfill", "users", "--transform", "operations.yaml", "--segments", "2", "--batch-size", "10"),
    "backfill-canary": ("backfill", "users", "--transform", "moves:split_name", "--canary", "30%", "--segments", "1"),
    "undo": ("jobs", "undo", "last"),
}  # fmt: skip
"""What each job was asked to do."""
SIGNALS = {"copy": signal.SIGINT, "backfill-canary": None, "populate-files": signal.SIGTERM}
"""How it was stopped: killed, where nothing is said."""
PAGES = {"undo": 1, "populate-files": 1}
"""After how many pages: three, where nothing is said."""
REPORTED = ("id", "state", "read", "written", "already", "skipped", "dropped", "dead", "digest")


@dataclass(frozen=True)
class Kept:
    """What is kept of a job: its tables when it was stopped, and how it ended."""

    home: Path
    tables: Mapping[str, Sequence[dict[str, Any]]]
    report: Mapping[str, Any]
    digests: Mapping[str, str]
    exported: str


def kept(name: str) -> Kept:
    """One of `FORMAT_1`."""
    home = FORMAT_1 / name
    end = json.loads((home / "end.json").read_text("utf-8"))
    return Kept(home, json.loads((home / "tables.json").read_text("utf-8")), **end)


def prepare(folder: Path) -> None:
    """The files that a job reads."""
    folder.joinpath("moves.py").write_text(MOVES, "utf-8")
    folder.joinpath("operations.yaml").write_text(OPERATIONS, "utf-8")
    people = [{name: next(iter(value.values())) for name, value in person(n).items()} for n in range(PEOPLE)]
    lines = [json.dumps({**each, "n": int(each["n"])}) for each in people[:40]]
    folder.joinpath("people.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    rows = [f"{each['pk']},{each['name']},{each['n']}\n" for each in people[40:]]
    folder.joinpath("people.csv").write_text("pk,name,n\n" + "".join(rows), "utf-8")
    database = sqlite3.connect(folder / "shop.db")
    with database:
        for table, key in (("people", "not null primary key"), ("unkeyed", "")):
            database.execute(f"create table {table} (pk text {key}, name text, n integer)")
            database.executemany(f"insert into {table} values (:pk, :name, :n)", people)
    database.close()


def make_tables(client: Any, tables: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    """The tables with their items."""
    for name, items in tables.items():
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for start in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert not client.batch_write_item(RequestItems={name: requests})["UnprocessedItems"]


def placeholders(client: Any, tables: Sequence[str], endpoint: str, folder: Path) -> dict[str, str]:
    """What differs from one machine to another, by its placeholder."""
    ids = {f"@ID-{name}@": client.describe_table(TableName=name)["Table"].get("TableId", "") for name in tables}
    return {"@ENDPOINT@": endpoint, "@FOLDER@": str(folder), **{name: value for name, value in ids.items() if value}}


def put_down(found: Kept, folder: Path, values: Mapping[str, str]) -> str:
    """The job in a folder of this machine, which `prepare` made; its id."""
    for part, place in (("jobs", ".dynasmith/jobs"), ("journal", ".dynasmith/journal"), ("out", "out")):
        if (found.home / part).is_dir():
            shutil.copytree(found.home / part, folder / place)
    for path in _with_places(folder / ".dynasmith"):
        text = path.read_text("utf-8")
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        path.write_text(text, "utf-8")
    return str(json.loads((found.home / "end.json").read_text("utf-8"))["report"]["id"])


def _with_places(folder: Path) -> Iterator[Path]:
    yield from folder.glob("jobs/*/job.json")
    yield from folder.glob("journal/*/journal.json")


def items_of(client: Any, table: str) -> list[dict[str, Any]]:
    """Every item of a table, by its key."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return sorted((item for page in pages for item in page["Items"]), key=lambda item: str(item["pk"]))


def digests_of(client: Any, tables: Sequence[str]) -> dict[str, str]:
    """What tables hold."""
    return {name: str(digest_items([wire(item) for item in items_of(client, name)])) for name in tables}


def exported_in(folder: Path) -> str:
    """The digest of the items of an export; empty where there is none."""
    records = [line for part in (folder / "out").glob("part-*") for line in part.read_bytes().splitlines()]
    return str(digest_items([json.dumps(json.loads(line)["Item"]).encode() for line in records])) if records else ""


# --- how they were made -----------------------------------------------------------------------------------------------


def make(name: str, endpoint: str, folder: Path) -> None:
    """Run a job until it is stopped, keep it, go on to its end, and keep what that was."""
    client = client_of(endpoint, ACCOUNT)
    shutil.rmtree(FORMAT_1 / name, ignore_errors=True)
    home = FORMAT_1 / name
    home.mkdir(parents=True)
    prepare(folder)
    people = [person(number) for number in range(PEOPLE)]
    plain = [item for item in ODD if "b" not in item]  # bytes are no JSON
    tables = {"users": [*people, *plain], "users_v2": []} if "users_v2" in WORDS[name] else {"users": [*people, *plain]}
    make_tables(client, tables)
    shell = {**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": endpoint, "AWS_REGION": "us-east-1",
             "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret"}  # fmt: skip
    whole = [sys.executable, "-m", "dynasmith"]
    if name == "undo":
        subprocess.run([*whole, *WORDS["backfill"], "--yes"], cwd=folder, env=shell, check=True)
    number = SIGNALS.get(name, signal.SIGKILL)
    stopped = whole if number is None else [sys.executable, "-c", KILLED, str(int(number)), str(PAGES.get(name, 3))]
    subprocess.run([*stopped, *WORDS[name], "--yes"], cwd=folder, env=shell, check=False)
    keep(home, folder, client, placeholders(client, list(tables), endpoint, folder), list(tables))
    [job] = [each.name for each in (home / "jobs").iterdir() if name != "undo" or each.name.startswith("undo")]
    resumed = [*whole, "jobs", "resume", job, "--json", "--yes"]
    done = subprocess.run(resumed, cwd=folder, env=shell, check=True, stdout=subprocess.PIPE)
    report = json.loads(done.stdout)
    end = {
        "report": {key: report[key] for key in REPORTED},
        "digests": digests_of(client, list(tables)),
        "exported": exported_in(folder),
    }
    home.joinpath("end.json").write_text(json.dumps(end, indent=1, sort_keys=True) + "\n", "utf-8")
    for table in tables:
        client.delete_table(TableName=table)
    client.close()


def keep(home: Path, folder: Path, client: Any, values: Mapping[str, str], tables: Sequence[str]) -> None:
    """What there is of a job that was stopped."""
    places = {"jobs": folder / ".dynasmith/jobs", "journal": folder / ".dynasmith/journal", "out": folder / "out"}
    for part, place in places.items():
        if place.is_dir():
            shutil.copytree(place, home / part)
    for path in [*(home / "jobs").glob("*/job.json"), *(home / "journal").glob("*/journal.json")]:
        text = path.read_text("utf-8")
        for placeholder, value in values.items():
            text = text.replace(value, placeholder)
        path.write_text(text, "utf-8")
    there = {name: items_of(client, name) for name in tables}
    home.joinpath("tables.json").write_text(json.dumps(there, indent=None, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    with start_ministack() as engine:
        for each in sys.argv[1:] or WORDS:
            with tempfile.TemporaryDirectory() as made:
                make(each, engine.endpoint, Path(made).resolve())
