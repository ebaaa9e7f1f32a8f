"""What a copy costs that leaves existing items: INSERT statements, one conditional PutItem each, and boto3.

    python bench/conditional.py [--items 40000]

Prints CPU microseconds an item (user + system of the client) and requests, and their ratios, in one run. The table is
the stub of ``bench/backfill.py``, which says yes to everything: every item is new.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_found = importlib.util.spec_from_file_location("bench_backfill", Path(__file__).with_name("backfill.py"))
assert _found is not None
assert _found.loader is not None
backfill = importlib.util.module_from_spec(_found)
_found.loader.exec_module(backfill)

TABLE = str(backfill.TABLE)
ROADS = ("statements", "one PutItem each", "boto3 put_item, 8 threads")


class InsertingStub(backfill.WritingStub):  # type: ignore[misc, name-defined]  # a script beside this one
    """The stub in which no item has the key, but the one that is tried twice."""

    def answer(self, operation: bytes, body: bytes) -> bytes:
        """The reply to one request."""
        if operation == b"BatchExecuteStatement" and body.count(b'"Statement":') == 1:
            self.requests += 1
            return bytes(backfill.framed(b'{"Responses":[{"Error":{"Code":"DuplicateItem"}}]}'))
        return bytes(super().answer(b"UpdateItem" if operation == b"PutItem" else operation, body))


def run_road(road: str, endpoint: str) -> float:
    """Copy every item by one road; CPU seconds of this process."""
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    client = session.create_client("dynamodb", region_name="us-east-1", endpoint_url=endpoint)
    work = _boto3(client) if road.startswith("boto3") else _ours(client, road)
    before = os.times()
    work()
    after = os.times()
    return after.user - before.user + after.system - before.system


def _boto3(client: Any) -> Callable[[], None]:
    from concurrent.futures import ThreadPoolExecutor

    def put(item: dict[str, Any]) -> None:
        client.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")

    def work() -> None:
        with ThreadPoolExecutor(8) as pool:
            for page in client.get_paginator("scan").paginate(TableName=TABLE):
                list(pool.map(put, page["Items"]))

    return work


def _ours(client: Any, road: str) -> Callable[[], None]:
    import tempfile

    from dynasmith.aws.data.event_loop import new_event_loop
    from dynasmith.aws.data.sink import TableSink
    from dynasmith.aws.data.table_access import TableAccess
    from dynasmith.aws.data.table_factory import open_calls
    from dynasmith.engine.transfer.mover import ConcurrencyLimits
    from dynasmith.engine.transfer.new_job import new_job
    from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
    from dynasmith.files.ledger import FolderLedger
    from dynasmith.items.key import KeyPart, KeySchema
    from dynasmith.jobs.options import Mode, TransferOptions
    from dynasmith.jobs.side import Side
    from dynasmith.jobs.spec import Copy

    async def sink(heard: Any) -> TableSink:
        calls = await open_calls(client, TABLE, heard)
        statements = None if road == "statements" else False
        key = KeySchema((KeyPart("pk", "S"),), (KeyPart("sk", "S"),))
        return TableSink(calls, TABLE, key, mode=Mode("skip-existing"), statements=statements)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            around = RunContext(loop_factory=new_event_loop)
            spec = Copy(source=Side(table=TABLE), target=Side(table=TABLE), options=TransferOptions(segments=4))
            claim = FolderLedger(Path(folder)).begin(new_job(spec, around, 4))
            run_job(
                claim,
                Pipeline(TableAccess(client).source(TABLE, segments=4), sink, width=ConcurrencyLimits(4, 4)),
                around,
            )

    return work


def main() -> int:
    """Each road in a process of its own, against a stub of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--road", choices=ROADS)
    parser.add_argument("--endpoint", default="")
    said = parser.parse_args()
    if said.serve:
        backfill.WritingStub = InsertingStub
        backfill.serve_stub(said.items)
        return 0
    if said.road:
        sys.stdout.write(json.dumps(run_road(said.road, said.endpoint)))
        return 0
    rows: list[tuple[str, float, float]] = []
    backfill.__file__ = __file__  # the stub's process is this script
    for road in ROADS:
        items = said.items // (backfill.BOTO3_SHARE if road.startswith("boto3") else 1)
        with backfill.stub_process(items) as endpoint:
            command = [sys.executable, __file__, "--road", road, "--endpoint", endpoint]
            seconds = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            found = backfill.counts(endpoint)
        rows.append((road, seconds * 1e6 / found["taken"], found["requests"] * 1000 / found["taken"]))
        sys.stderr.write(f"{road}: {found['taken']:,} items written\n")
    best_cpu, best_requests = rows[0][1], rows[0][2]
    sys.stdout.write("| road | CPU us/item | times | requests/1,000 items | times |\n|---|---|---|---|---|\n")
    for road, cpu, requests in rows:
        times = f"{cpu / best_cpu:.1f}", f"{requests / best_requests:.1f}"
        sys.stdout.write(f"| {road} | {cpu:.1f} | {times[0]} | {requests:,.0f} | {times[1]} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
