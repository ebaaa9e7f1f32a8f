"""What the strict endpoint costs: the same calls straight to the engine and through it, side by side in one run.

Client, endpoint and engine are processes of their own. Each row is measured in rounds, direct and strict in turn; the
medians and their ratio are printed, and (on Linux) the CPU time a call of the endpoint and of the engine: it does not
depend on what else the machine does. The goal is a ratio of at least 0.85 when no fault is on, where the engine is busy
(several clients).

    python bench/strict_overhead.py [--rounds 5] [--seconds 2] [--engine ministack|moto|dynalite]
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from dynasmith.local import Engine, start_dynalite, start_ministack, start_moto

ITEM = {f"attribute_{number}": {"S": "x" * 66} for number in range(11)}
HEADERS = {
    "content-type": "application/x-amz-json-1.0",
    "authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
    "x-amz-date": "20260101T000000Z",
}
STARTS: dict[str, Callable[[], Engine]] = {
    "ministack": start_ministack,
    "moto": start_moto,
    "dynalite": start_dynalite,
}


class Client:
    """One connection."""

    def __init__(self, endpoint: str) -> None:
        self._connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=60)

    def call(self, operation: str, body: bytes) -> bytes:
        """Send a call; the answer's body. RuntimeError for anything but 200."""
        headers = {**HEADERS, "x-amz-target": f"DynamoDB_20120810.{operation}"}
        self._connection.request("POST", "/", body, headers)
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise RuntimeError(content[:300].decode())
        return content


def bodies(operation: str) -> list[bytes]:
    """Bodies of an operation, each of other keys."""
    if operation == "Scan":
        return [b'{"TableName":"bench"}']
    if operation == "GetItem":
        return [json.dumps({"TableName": "bench", "Key": {"pk": {"S": f"k{n}"}}}).encode() for n in range(100)]
    if operation == "PutItem":
        return [json.dumps({"TableName": "bench", "Item": {"pk": {"S": f"k{n}"}, **ITEM}}).encode() for n in range(100)]
    return [
        json.dumps(
            {
                "RequestItems": {
                    "bench": [{"PutRequest": {"Item": {"pk": {"S": f"b{n}-{m}"}, **ITEM}}} for m in range(25)]
                }
            }
        ).encode()
        for n in range(60)
    ]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far; 0 where the system has no /proc."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(endpoint: str, operation: str, clients: int, seconds: float) -> float:
    """Calls a second of so many connections."""
    counts = [0] * clients
    sent = bodies(operation)
    until = time.monotonic() + seconds

    def run(number: int) -> None:
        client = Client(endpoint)
        while time.monotonic() < until:
            client.call(operation, sent[(counts[number] * clients + number) % len(sent)])
            counts[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--engine", choices=sorted(STARTS), default="ministack")
    given = parser.parse_args()
    with STARTS[given.engine]() as engine:
        command = [sys.executable, "-m", "dynasmith.strict", engine.endpoint, "--no-capacity"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            strict = json.loads(process.stdout.readline())["endpoint"]
            try:
                measure(given, engine, strict, process.pid)
            finally:
                process.stdin.close()
    return 0


def measure(given: argparse.Namespace, engine: Engine, strict: str, strict_pid: int) -> None:
    """Measure and print each row."""
    direct = engine.endpoint
    create = {
        "TableName": "bench",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    client = Client(direct)
    client.call("CreateTable", json.dumps(create).encode())
    while b'"ACTIVE"' not in client.call("DescribeTable", b'{"TableName":"bench"}'):
        time.sleep(0.05)
    for body in bodies("BatchWriteItem"):
        client.call("BatchWriteItem", body)
    sys.stdout.write(f"{given.engine}, calls a second, medians of {given.rounds} rounds of {given.seconds:g} s\n\n")
    sys.stdout.write(
        f"{'operation':<16}{'clients':>8}{'direct':>10}{'strict':>10}{'ratio':>8}{'CPU us strict':>15}{'engine':>10}\n"
    )
    for operation, clients in (
        ("BatchWriteItem", 1),
        ("BatchWriteItem", 4),
        ("PutItem", 1),
        ("PutItem", 8),
        ("GetItem", 1),
        ("GetItem", 8),
        ("Scan", 1),
        ("Scan", 4),
    ):
        rates: list[tuple[float, float]] = []
        busy = [0.0, 0.0]
        for _ in range(given.rounds):
            straight = rate(direct, operation, clients, given.seconds)
            before = cpu_seconds(strict_pid), cpu_seconds(engine.pid)
            rates.append((straight, rate(strict, operation, clients, given.seconds)))
            busy[0] += cpu_seconds(strict_pid) - before[0]
            busy[1] += cpu_seconds(engine.pid) - before[1]
        straight, through = (statistics.median(side) for side in zip(*rates, strict=True))
        calls = sum(one for _, one in rates) * given.seconds
        line = (
            f"{operation:<16}{clients:>8}{straight:>10.1f}{through:>10.1f}{through / straight:>8.2f}"
            f"{busy[0] / calls * 1e6:>15.0f}{busy[1] / calls * 1e6:>10.0f}\n"
        )
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
