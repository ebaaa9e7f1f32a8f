"""Three kinds of tables to replace, and an application of eight connections that follows the pointer of one."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "300000000991"
CONNECTIONS = 8
NEW_USERS = 20
"""Users of each connection that do not exist in the beginning."""
Item = dict[str, Any]
Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to replace: the definition of the new table, the words of the command, and how an item of the old table
    looks in the new one. The old table has the key ``id``."""

    name: str
    attributes: dict[str, str]
    key: tuple[str, ...]
    words: tuple[str, ...]
    made: Callable[[Item], Item] = dict
    local: str = ""

    @property
    def new_name(self) -> str:
        """The new table's name."""
        return f"{self.name}-v2"

    def definition(self) -> dict[str, Any]:
        """The new definition, by the name of the old table; with a local index where the kind has one."""
        found: dict[str, Any] = {
            "name": self.name,
            "attributes": [{"name": each, "type": type_} for each, type_ in self.attributes.items()],
            "key_schema": _key_schema(*self.key),
        }
        if self.local:
            index = {"name": f"by_{self.local}", "key_schema": _key_schema(self.key[0], self.local)}
            found["local_secondary_indexes"] = [index]
        return found

    def in_table(self, table: str, item: Item) -> Item:
        """An item of the application, as a table holds it."""
        return self.made(item) if table == self.new_name else item

    def key_of(self, table: str, item: Item) -> Item:
        """The key of an item of a table."""
        return {name: item[name] for name in (self.key if table == self.new_name else ("id",))}

    def place(self, table: str, item: Item) -> Key:
        """The same, to compare by."""
        return tuple(next(iter(value.values())) for value in self.key_of(table, item).values())


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"attribute_name": name, "key_type": type_} for name, type_ in zip(names, ("HASH", "RANGE"), strict=False)]


def _numbered(item: Item) -> Item:
    return {**item, "old_id": item["id"], "id": {"N": item["id"]["S"]}}


SAME = ("--transform", "moves:same", "--reverse", "moves:same")
KINDS = (
    Kind(name="mails", attributes={"mail": "S"}, key=("mail",), words=SAME),
    Kind(name="locals", attributes={"id": "S", "mail": "S", "n": "N"}, key=("id", "mail"), words=SAME, local="n"),
    Kind(
        name="numbers",
        attributes={"id": "N"},
        key=("id",),
        words=("--transform", "moves:numbered", "--reverse", "moves:named", "--source-key", "id=old_id"),
        made=_numbered,
    ),
)


@dataclass
class _Connection:
    """One connection, with users of its own: no two connections write one item or one mail."""

    place: int
    client: Any
    ids: list[str]
    mails: dict[str, str]
    rng: random.Random
    gate: Lock = field(default_factory=Lock)


class Application:
    """Moves mails between users, changes, deletes and creates users; every change is acknowledged before the next one
    of a connection. Reads the pointer before each try, and tries again where a table denies it. ``expected`` is what it
    was acknowledged, by id. ``rate`` limits the writes of a second, None for as many as the endpoint carries."""

    def __init__(self, url: str, kind: Kind, count: int, pointer: Path) -> None:
        self.kind, self.pointer = kind, pointer
        self.rate: float | None = None
        self.expected = {str(number): _user(str(number), f"mail-{number}", 0) for number in range(count)}
        self.writes = self.denied = self.moves = self.deletions = self.creations = 0
        self.longest_stop = 0.0
        self._lock, self._stop, self._pool = Lock(), Event(), ThreadPoolExecutor(CONNECTIONS)
        self._work: list[Future[None]] = []
        self._last = time.monotonic()
        role = _assumed_role(url)
        self._connections = []
        for place in range(CONNECTIONS):
            ids = [str(number) for number in range(place, count + CONNECTIONS * NEW_USERS, CONNECTIONS)]
            mails = {id_: f"mail-{id_}" for id_ in ids}
            self._connections.append(_Connection(place, client(url, **role), ids, mails, random.Random(place)))

    def start(self) -> None:
        """Begin to write."""
        self._last = time.monotonic()
        self._work = [self._pool.submit(self._run, each) for each in self._connections]

    def stop(self) -> None:
        """End; raises what ended a connection."""
        self._stop.set()
        try:
            for each in self._work:
                each.result()
        finally:
            self._pool.shutdown()
            for connection in self._connections:
                connection.client.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No write is under way inside."""
        with ExitStack() as stack:
            for each in self._connections:
                stack.enter_context(each.gate)
            yield
            self._last = time.monotonic()

    def await_writes(self, count: int) -> None:
        """Wait until so many more are acknowledged. Raises what ended a connection."""
        until = self.writes + count
        while self.writes < until:
            for each in self._work:
                if each.done():
                    each.result()
            time.sleep(0.05)

    def stopped_seconds(self) -> float:
        """The longest time in which nothing was acknowledged since this was asked last."""
        with self._lock:
            longest, self.longest_stop = self.longest_stop, 0.0
        return longest

    def _run(self, connection: _Connection) -> None:
        while not self._stop.is_set():
            with connection.gate:
                self._step(connection)

    def _step(self, by: _Connection) -> None:
        one, two = by.rng.sample(by.ids, 2)
        chance = by.rng.random()
        if one not in self.expected:
            self.creations += 1
            self._put(by, one, by.mails[one])
        elif two in self.expected and chance < 0.5:
            first, second = by.mails[one], by.mails[two]
            for id_, mail in ((one, f"between-{one}"), (two, first), (one, second)):
                self.moves += 1
                self._put(by, id_, mail)
        elif chance < 0.92:
            self._put(by, one, by.mails[one])
        else:
            self.deletions += 1
            self._write(by, one, None)

    def _put(self, by: _Connection, id_: str, mail: str) -> None:
        by.mails[id_] = mail
        self._write(by, id_, _user(id_, mail, self.writes))

    def _write(self, by: _Connection, id_: str, after: Item | None) -> None:
        """Write until it is acknowledged."""
        before, began = self.expected.get(id_), time.monotonic()
        while True:
            table = self.pointer.read_text().strip()
            try:
                self._send(by.client, table, before, after)
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDeniedException":
                    raise
                with self._lock:
                    self.denied += 1
                time.sleep(0.05)
            else:
                break
        if after is None:
            self.expected.pop(id_)
        else:
            self.expected[id_] = after
        with self._lock:
            now = time.monotonic()
            self.longest_stop, self._last = max(self.longest_stop, now - self._last), now
            self.writes += 1
        if self.rate is not None:
            self._stop.wait(max(0.0, began + CONNECTIONS / self.rate - now))

    def _send(self, db: Any, table: str, before: Item | None, after: Item | None) -> None:
        """One call; a transaction where an item gets another key."""
        kind = self.kind
        old_key = before and kind.key_of(table, kind.in_table(table, before))
        if after is None:
            db.delete_item(TableName=table, Key=old_key)
            return
        item = kind.in_table(table, after)
        if old_key in (None, kind.key_of(table, item)):
            db.put_item(TableName=table, Item=item)
            return
        delete = {"Delete": {"TableName": table, "Key": old_key}}
        db.transact_write_items(TransactItems=[delete, {"Put": {"TableName": table, "Item": item}}])


def _user(id_: str, mail: str, number: int) -> Item:
    return {"id": {"S": id_}, "mail": {"S": mail}, "n": {"N": str(number)}}


def _assumed_role(url: str) -> dict[str, str]:
    """Credentials of a role of the application: a fence that lets the runner pass stops it."""
    iam, sts = client(url, "iam"), client(url, "sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    with suppress(iam.exceptions.EntityAlreadyExistsException):  # made for the kind before
        iam.create_role(RoleName="shop", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    allow = {"Effect": "Allow", "Action": "dynamodb:*Item", "Resource": "*"}
    iam.put_role_policy(RoleName="shop", PolicyName="writes", PolicyDocument=json.dumps({"Statement": [allow]}))
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/shop", RoleSessionName="shop")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def client(url: str, service: str = "dynamodb", **credentials: str) -> Any:
    """A client of boto3 that tries a call once."""
    keys = credentials or {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "secret"}
    settings = Config(retries={"total_max_attempts": 1}, read_timeout=120)
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", config=settings, **keys)  # type: ignore[call-overload]
