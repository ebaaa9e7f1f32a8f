"""Another writer: it changes random items while a backfill runs, and remembers what the service acknowledged.

It knows both shapes, as an application does while its items change: a name is under ``name`` or, afterwards, under
``full_name``.
"""

import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ClientError

CONDITION = "ConditionalCheckFailedException"


@dataclass
class Wrote:
    """What was acknowledged for one item."""

    country: str = ""
    name: str = ""
    visits: int = 0


@dataclass
class Writer:
    """Threads that write until they are left; ``wrote`` says what must be found at the end, by key.

    Each thread has a connection and keys of its own, and a clock: it is due ``per_second / connections`` times a
    second, catches up what it was late, up to ten seconds' worth, and never goes faster otherwise.
    """

    client: Any
    table: str
    keys: list[str]
    seed: int = 0
    per_second: float = 200.0
    connections: int = 1
    wrote: dict[str, Wrote] = field(default_factory=dict)
    writes: int = 0
    seconds: float = 0.0
    failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._began
        if self.failure is not None:
            raise self.failure

    def _run(self, one: int) -> None:
        dice = random.Random(self.seed + one)
        keys = self.keys[one :: self.connections]
        each = self.connections / self.per_second
        due = time.monotonic() + dice.uniform(0.0, each)
        try:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                self._write(dice.choice(keys), dice)
                due = max(due + each, time.monotonic() - 10.0)
                with self._lock:
                    self.writes += 1
        except BaseException as error:  # noqa: BLE001, RUF100  # shown by the test's thread
            self.failure = error

    def _write(self, key: str, dice: random.Random) -> None:
        known = self.wrote.setdefault(key, Wrote())
        match dice.randrange(3):
            case 0:
                known.visits += 1
                self._update(key, "ADD visits :v", {"N": "1"})
            case 1:
                known.country = f"C{dice.getrandbits(40)}"
                self._update(key, "SET country = :v", {"S": known.country})
            case _:
                name = f"name {dice.getrandbits(40)}"
                while not self._renamed(key, name):
                    pass
                known.name = name

    def _renamed(self, key: str, name: str) -> bool:
        for attribute in ("name", "full_name"):
            try:
                self._update(key, "SET #n = :v", {"S": name}, {"#n": attribute})
            except ClientError as error:
                if error.response["Error"]["Code"] != CONDITION:
                    raise
                continue
            return True
        return False

    def _update(self, key: str, expression: str, value: Any, names: dict[str, str] | None = None) -> None:
        self.client.update_item(
            TableName=self.table,
            Key={"pk": {"S": key}},
            UpdateExpression=expression,
            ExpressionAttributeValues={":v": value},
            **({"ExpressionAttributeNames": names, "ConditionExpression": "attribute_exists(#n)"} if names else {}),
        )


def check(items: dict[str, bytes], writer: "Writer | WriterProcess") -> None:
    """None of the writer's writes is lost, whichever shape an item has."""
    for key, wrote in writer.wrote.items():
        item = json.loads(items[f"{key}|"])
        assert item.get("visits", {"N": "0"}) == {"N": str(wrote.visits)}, key
        if wrote.country:
            assert item["country"] == {"S": wrote.country}, key
        if wrote.name:
            assert {"S": wrote.name} in (item.get("name"), item.get("full_name")), key


@dataclass
class WriterProcess:
    """The same writer in a process of its own, so that it does not wait for this one."""

    endpoint: str
    table: str
    keys: list[str]
    per_second: float = 100.0
    connections: int = 8
    wrote: dict[str, Wrote] = field(default_factory=dict)
    writes: int = 0
    seconds: float = 0.0

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, self.endpoint, self.table, str(self.per_second), str(self.connections)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(self.keys) + "\n")
        self._process.stdin.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said, _ = self._process.communicate()
        if kind is None:
            assert self._process.returncode == 0, "the writer failed"
            found = json.loads(said)
            self.writes, self.seconds = found["writes"], found["seconds"]
            self.wrote = {key: Wrote(**one) for key, one in found["wrote"].items()}


def main(endpoint: str, table: str, per_second: str, connections: str) -> int:
    """Write until standard input ends, then say what was written."""
    import botocore.config
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    config = botocore.config.Config(max_pool_connections=int(connections))
    client = session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=endpoint, config=config)
    keys = json.loads(sys.stdin.readline())
    with Writer(client, table, keys, per_second=float(per_second), connections=int(connections)) as writer:
        sys.stdin.read()
    wrote = {key: {"country": one.country, "name": one.name, "visits": one.visits} for key, one in writer.wrote.items()}
    sys.stdout.write(json.dumps({"writes": writer.writes, "seconds": writer.seconds, "wrote": wrote}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
