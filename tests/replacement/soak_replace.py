"""The long proof of `replace`: `python tests/replacement/soak_replace.py [ITEMS]` (50,000 of each table).

Three tables get a new key with a unique attribute that moves, a local index, and a number key in place of a string,
each while eight connections write all the time. The process that replaces is killed (kill -9) in each state and around
the cut-over, and resumed. Then every item is compared with boto3, also every write that the application had
acknowledged after it followed the pointer. Prints what it did, and exits 1 where anything is not as it should be.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dynasmith.local import start_ministack
from dynasmith.strict import StrictServer

ACCOUNT = "300000000991"
CONNECTIONS = 8
MOVES = """
def same(item, ctx):
    return item


def numbered(item, ctx):
    return {**item, "old_id": item["id"], "id": int(item["id"])}
"""
Item = dict[str, Any]


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def definition(name: str, attributes: dict[str, str], key: list[str], local: str = "") -> dict[str, Any]:
    """A table, with a local index on ``local``."""
    found: dict[str, Any] = {
        "name": name,
        "attributes": [{"name": each, "type": kind} for each, kind in attributes.items()],
        "key_schema": [
            {"attribute_name": each, "key_type": kind} for each, kind in zip(key, ("HASH", "RANGE"), strict=False)
        ],
    }
    if local:
        keys = [{"attribute_name": key[0], "key_type": "HASH"}, {"attribute_name": local, "key_type": "RANGE"}]
        found["local_secondary_indexes"] = [{"name": f"by_{local}", "key_schema": keys}]
    return found


class Kind:
    """One way to replace: the new definition, the words of the command, and how an item of the old table looks in the
    new one. ``moves``: mails are swapped between users."""

    def __init__(self, name: str, new: dict[str, Any], words: list[str], made: Callable[[Item], Item], moves: bool):
        self.name, self.new, self.words, self.made, self.moves = name, new, words, made, moves


def _numbered(item: Item) -> Item:
    return {**item, "old_id": item["id"], "id": {"N": item["id"]["S"]}}


KINDS = (
    Kind("mails", definition("mails", {"mail": "S"}, ["mail"]), ["--transform", "moves:same"], dict, moves=True),
    Kind(
        "locals",
        definition("locals", {"id": "S", "mail": "S", "n": "N"}, ["id", "mail"], local="n"),
        ["--transform", "moves:same"],
        dict,
        moves=False,
    ),
    Kind(
        "numbers",
        definition("numbers", {"id": "N"}, ["id"]),
        ["--transform", "moves:numbered", "--source-key", "id=old_id"],
        _numbered,
        moves=False,
    ),
)


class Application:
    """Eight connections that write: each has users of its own, and follows the pointer once a write is denied."""

    def __init__(self, url: str, kind: Kind, count: int, pointer: Path) -> None:
        self.kind, self.pointer, self.count = kind, pointer, count
        self.clients = [client(url) for _ in range(CONNECTIONS)]
        self.expected: dict[str, Item] = {}
        self.writes = self.denied = 0
        self._lock, self._stop = Lock(), Event()
        self._pool = ThreadPoolExecutor(CONNECTIONS)

    def start(self) -> None:
        self._work = [self._pool.submit(self._run, number) for number in range(CONNECTIONS)]

    def stop(self) -> None:
        self._stop.set()
        for each in self._work:
            each.result()
        self._pool.shutdown()

    def _run(self, place: int) -> None:
        rng, own = random.Random(place), range(place, self.count, CONNECTIONS)
        mails = {str(number): f"mail-{number}" for number in own}
        while not self._stop.is_set():
            one, two = (str(rng.choice(own)) for _ in range(2))
            if one == two:
                continue
            if self.kind.moves:
                first, second = mails[one], mails[two]
                for id_, mail in ((one, f"between-{one}"), (two, first), (one, second)):
                    self._put(place, id_, mail, mails)
            elif rng.random() < 0.9:
                self._put(place, one, mails[one], mails)
            else:
                self._delete(place, one, mails[one])

    def _put(self, place: int, id_: str, mail: str, mails: dict[str, str]) -> None:
        with self._lock:
            self.writes += 1
            number = self.writes
        item = {"id": {"S": id_}, "mail": {"S": mail}, "n": {"N": str(number)}}
        before = mails[id_]
        mails[id_] = mail

        def write(table: str) -> None:
            found = self.clients[place]
            if table == self.kind.name:
                found.put_item(TableName=table, Item=item)
                return
            found.put_item(TableName=table, Item=self.kind.made(item))
            if self.kind.moves and before != mail:  # the new table has the mail as its key
                found.delete_item(
                    TableName=table,
                    Key={"mail": {"S": before}},
                    ConditionExpression="attribute_not_exists(id) OR id = :id",
                    ExpressionAttributeValues={":id": {"S": id_}},
                )

        self._until_acknowledged(write)
        self.expected[id_] = item

    def _delete(self, place: int, id_: str, mail: str) -> None:
        def write(table: str) -> None:
            key: Item = {"id": {"S": id_}}
            if table != self.kind.name:
                key = {"numbers": {"id": {"N": id_}}, "locals": {**key, "mail": {"S": mail}}}[self.kind.name]
            self.clients[place].delete_item(TableName=table, Key=key)

        self._until_acknowledged(write)
        self.expected.pop(id_, None)

    def _until_acknowledged(self, write: Callable[[str], None]) -> None:
        while True:
            try:
                return write(self.pointer.read_text().strip())
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    return None
                if code != "AccessDeniedException":
                    raise
                self.denied += 1
                time.sleep(0.05)


def client(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def items(db: Any, table: str, key: str = "id") -> dict[str, Item]:
    pages = db.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {next(iter(item[key].values())): item for page in pages for item in page["Items"]}


class Runner:
    """Runs dynasmith in processes of their own, and kills them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.variables = os.environ | {
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        script = "from dynasmith.cli.main import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", script, *words],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> Any:
        process = self.spawn(*words, "--json")
        out, err = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(words)} ended with {process.returncode}: {out} {err}")
        return json.loads(out)

    def killed_in(self, state: str, *words: str) -> bool:
        """Run until the replacement is in a state, and kill the process then; False where it ended before."""
        process = self.spawn(*words, "--json")
        while process.poll() is None and self.state() != state:
            time.sleep(0.02)
        is_over = process.poll() is not None
        if not is_over:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        return not is_over

    def job(self) -> str:
        found = [path.name for path in (self.folder / ".dynasmith/jobs").glob("replace-*")]
        return max(found, default="")

    def state(self) -> str:
        """The state as the ledger's file has it; reading it costs no process."""
        for path in (self.folder / ".dynasmith/jobs").glob("replace-*/job.json"):
            try:
                return str(json.loads(path.read_text())["parameters"].get("progress", {}).get("state", "planned"))
            except (OSError, ValueError):
                return ""
        return ""


def prove(kind: Kind, count: int, url: str, engine: str) -> None:
    """Replace one table, and compare."""
    with tempfile.TemporaryDirectory() as name:
        folder, direct = Path(name), client(engine)
        (folder / "moves.py").write_text(MOVES)
        (folder / "tables_config.json").write_text(json.dumps({"tables": [kind.new]}))
        pointer = folder / "table.txt"
        pointer.write_text(f"{kind.name}\n")
        direct.create_table(
            TableName=kind.name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        application = Application(url, kind, count, pointer)
        for start in range(0, count, 25):
            some = [
                {"id": {"S": str(number)}, "mail": {"S": f"mail-{number}"}, "n": {"N": "0"}}
                for number in range(start, min(start + 25, count))
            ]
            direct.batch_write_item(RequestItems={kind.name: [{"PutRequest": {"Item": item}} for item in some]})
            application.expected |= {item["id"]["S"]: item for item in some}
        runner, began = Runner(folder, url), time.monotonic()
        application.start()
        try:
            kills, words = [], ["replace", kind.name, "--yes", *kind.words]
            for state in ("target", "capturing", "copying", "draining", "following"):
                if runner.killed_in(state, *words):
                    kills.append(state)
                words = ["jobs", "resume", runner.job()] if runner.job() else words
            found = runner.run(*words)
            assert found["replacement"]["state"] == "verified", found["replacement"]
            verified, writes = time.monotonic() - began, application.writes
            cut = ["replace", "cutover", "last", "--pointer", "file:table.txt", "--yes"]
            if runner.killed_in("cutover", *cut):
                kills.append("cutover")
                cut = ["jobs", "resume", runner.job()]
            found = runner.run(*cut)
            while pointer.read_text().strip() == kind.name:
                time.sleep(0.1)
            time.sleep(2)  # writes to the new table
        finally:
            application.stop()
        key = {"mails": "id", "locals": "id", "numbers": "old_id"}[kind.name]
        held = items(direct, f"{kind.name}-v2", key)
        expected = {id_: kind.made(item) for id_, item in application.expected.items()}
        wrong = {id_ for id_ in held.keys() | expected.keys() if held.get(id_) != expected.get(id_)}
        fence = found["replacement"]["fence_seconds"]
        say(
            f"{kind.name}: {count:,} items, {application.writes:,} writes ({writes / verified:,.0f} a second until "
            f"verified after {verified:,.0f} s), killed in {', '.join(kills)}; writes stopped for {fence:.1f} s, "
            f"{application.denied:,} denied; {len(wrong)} items differ"
        )
        if wrong or len(kills) < 4:
            shown = [f"{held.get(each)} != {expected.get(each)}" for each in sorted(wrong)[:3]]
            raise SystemExit(f"{kind.name}: {'; '.join(shown)}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with start_ministack() as engine, StrictServer(engine.endpoint, clock="real", capacity=False) as server:
        for kind in KINDS:
            prove(kind, count, server.endpoint, engine.endpoint)


if __name__ == "__main__":
    main()
