"""What changing an item in place costs: batched statements, single updates, and boto3, side by side in one run.

    python bench/backfill.py [--items 40000]

Prints CPU microseconds a changed item (user + system of the client) and requests, and their ratios. The table is a stub
that says yes to everything, so that its own work is not measured; the undo journal is written and forced to the disk.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import stub

described, framed = stub.described, stub.framed

TABLE = "backfilled"
ROADS = ("statements", "statements, no journal", "single updates", "boto3 update_item, 8 threads")
BOTO3_SHARE = 10
"""boto3 changes a tenth of the items: it is that much slower, and costs the same an item."""


class WritingStub(stub.Stub):  # type: ignore[misc, name-defined]  # a script beside this one
    """The stub with conditional updates that always hold."""

    def answer(self, operation: bytes, body: bytes) -> bytes:
        """The reply to one request."""
        if operation == b"BatchExecuteStatement":
            self.requests += 1
            if b"dynasmith probe" in body:
                return bytes(framed(b'{"Responses":[{"Error":{"Code":"ConditionalCheckFailed"}}]}'))
            count = body.count(b'"Statement":')
            self.taken += count
            return self.said(count)
        if operation == b"UpdateItem":
            self.requests += 1
            self.taken += 1
            return bytes(framed(b'{"ConsumedCapacity":{"CapacityUnits":1.0}}'))
        return bytes(described(TABLE)) if operation == b"DescribeTable" else bytes(super().answer(operation, body))

    def said(self, count: int) -> bytes:
        """The reply to that many statements."""
        known = self.__dict__.setdefault("answers", {})
        if count not in known:
            one = b'{"TableName":"backfilled"}'
            known[count] = framed(
                b'{"Responses":[%b],"ConsumedCapacity":[{"CapacityUnits":%d.0}]}' % (b",".join([one] * count), count)
            )
        return bytes(known[count])


def serve_stub(items: int) -> None:
    """Be the stub, until standard input ends."""
    stub.Stub = WritingStub  # serve() makes one
    asyncio.run(stub.serve(items, None))


def change(item: Any, _ctx: Any) -> None:
    """Three attributes: one added, one renamed, one computed."""
    item["country"] = "GB"
    item["full_name"] = item.pop("name")
    item["age"] = item["age"] + 1


def run_road(road: str, endpoint: str) -> dict[str, float]:
    """Change every item by one road; CPU seconds and the peak of memory of this process."""
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    client = session.create_client("dynamodb", region_name="us-east-1", endpoint_url=endpoint)
    work = _boto3(client) if road.startswith("boto3") else _ours(client, road)
    before = os.times()
    work()
    after = os.times()
    seconds = after.user - before.user + after.system - before.system
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _boto3(client: Any) -> Callable[[], None]:
    from concurrent.futures import ThreadPoolExecutor

    def update(item: dict[str, Any]) -> None:
        client.update_item(
            TableName=TABLE,
            Key={"pk": item["pk"], "sk": item["sk"]},
            UpdateExpression="SET country = :c, full_name = :n, age = :a REMOVE #n",
            ConditionExpression="attribute_not_exists(country) AND #n = :n AND age = :b",
            ExpressionAttributeNames={"#n": "name"},
            ExpressionAttributeValues={
                ":c": {"S": "GB"},
                ":n": item["name"],
                ":b": item["age"],
                ":a": {"N": str(int(item["age"]["N"]) + 1)},
            },
        )

    def work() -> None:
        with ThreadPoolExecutor(8) as pool:
            for page in client.get_paginator("scan").paginate(TableName=TABLE):
                list(pool.map(update, page["Items"]))

    return work


def _ours(client: Any, road: str) -> Callable[[], None]:
    from dynasmith.aws.data.event_loop import new_event_loop
    from dynasmith.aws.data.table_access import TableAccess
    from dynasmith.aws.data.table_factory import table_updates
    from dynasmith.engine.transfer.new_job import new_job
    from dynasmith.engine.transfer.runner import RunContext
    from dynasmith.engine.transfer.table_details import TableEnd
    from dynasmith.files.journal.folder import create_journal
    from dynasmith.files.ledger import FolderLedger
    from dynasmith.jobs.journal import JournalHead
    from dynasmith.jobs.options import FirstRunLimits, TransferOptions
    from dynasmith.jobs.side import Side
    from dynasmith.jobs.spec import Backfill
    from dynasmith.tables.description import TableDescription
    from dynasmith.tables.table import Key, KeyAttribute, Table

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # a run over given ends is what its tests need too
    from flow.engine_runs import resumed_backfill

    key = Key(partition=(KeyAttribute(name="pk", type="S"),), sort=(KeyAttribute(name="sk", type="S"),))
    description = TableDescription(table=Table(name=TABLE, key=key), status="ACTIVE")
    end = TableEnd(description, TableAccess(client))
    updates = table_updates(client, TABLE, end.key, statements=None if road.startswith("statements") else False)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:

            def journal(job: Any, _new: bool) -> Any:
                head = JournalHead(job=job.id, table=TABLE, where="", segments=job.segments)
                return create_journal(Path(folder) / "journal", head)

            ledger = FolderLedger(Path(folder) / "jobs")
            asked = TransferOptions(segments=4, max_read_units=float("inf"), max_write_units=float("inf"))
            # Resumed at its beginning: what the look before a job costs is no part of it.
            spec = Backfill(
                target=Side(table="target"),
                journal=not road.endswith("no journal"),
                careful=FirstRunLimits(),
                canary_items=0,
                options=asked,
            )
            claim = ledger.begin(new_job(spec, RunContext(), 4))
            around = RunContext(loop_factory=new_event_loop)
            resumed_backfill(claim, end, updates, journal, change, around=around)

    return work


@contextmanager
def stub_process(items: int) -> Any:
    """The stub as a process of its own; its endpoint."""
    command = [sys.executable, __file__, "--serve", "--items", str(items)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait()


def counts(endpoint: str) -> dict[str, int]:
    """How many items the stub gave and took, in how many requests."""
    request = Request(endpoint, data=b"{}", headers={"X-Amz-Target": "Stub.Counts"})  # noqa: S310, RUF100  # loopback
    with urlopen(request) as reply:  # noqa: S310, RUF100
        found: dict[str, int] = json.load(reply)
    return found


def main() -> int:
    """Each road in a process of its own, against a stub of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--only", choices=ROADS, help="one road alone")
    parser.add_argument("--road", choices=ROADS)
    parser.add_argument("--endpoint", default="")
    said = parser.parse_args()
    if said.serve:
        serve_stub(said.items)
        return 0
    if said.road:
        sys.stdout.write(json.dumps(run_road(said.road, said.endpoint)))
        return 0
    rows: list[tuple[str, float, float, float]] = []
    for road in [said.only] if said.only else ROADS:
        items = said.items // (BOTO3_SHARE if road.startswith("boto3") else 1)
        with stub_process(items) as endpoint:
            command = [sys.executable, __file__, "--road", road, "--endpoint", endpoint, "--items", str(items)]
            used = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            found = counts(endpoint)
        cpu, requests = used["seconds"] * 1e6 / found["taken"], (found["requests"] - 1) * 1000 / found["taken"]
        rows.append((road, cpu, requests, used["peak_mb"]))
        sys.stderr.write(f"{road}: {found['taken']:,} items changed\n")
    best_cpu, best_requests = rows[0][1], rows[0][2]
    sys.stdout.write(
        "| road | CPU us/item | times | requests/1,000 items | times | peak MB |\n|---|---|---|---|---|---|\n"
    )
    for road, cpu, requests, peak in rows:
        ratios = (f"{cpu / best_cpu:.1f}", f"{requests / best_requests:.1f}")
        sys.stdout.write(f"| {road} | {cpu:.1f} | {ratios[0]} | {requests:,.0f} | {ratios[1]} | {peak:.0f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
