"""A run that is stopped past its lease and woken again writes nothing over what others wrote meanwhile.

A copy is stopped (SIGSTOP) with so many of its writes held on the way; another run takes the job and finishes it; a
live writer then writes every item of the target; the first run is woken (SIGCONT) and what was held arrives. Only that
may be lost: the bytes had left the process before it was stopped.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faults.leased import BATCH
from faults.proxy import FaultProxy
from flow.buckets import a_bucket
from flow.kit import client_of
from process_tree import kill_all, send_all

ITEMS = 400
SECONDS_MAX = 180.0
SCRIPT = Path(__file__).with_name("leased.py")


@contextmanager
def leased(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """The script, in a group of its own; it and its processes are killed at the end."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_all(process)


@pytest.fixture
def tables(ministack_endpoint: str) -> Iterator[tuple[Any, str, str]]:
    """A client, a table of ITEMS items and an empty one."""
    client = client_of(ministack_endpoint)
    names = ("lease-source", "lease-target", "lease-jobs")
    for name in names[:2]:
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    write(client, names[0], "copied")
    yield client, names[0], names[1]
    for name in client.list_tables()["TableNames"]:
        if name in names:
            client.delete_table(TableName=name)
    client.close()


def write(client: Any, table: str, by: str) -> None:
    """Every item, as one writer writes it."""
    for start in range(0, ITEMS, 25):
        items = [{"pk": {"S": f"key-{n:04d}"}, "by": {"S": by}} for n in range(start, min(start + 25, ITEMS))]
        requests = [{"PutRequest": {"Item": item}} for item in items]
        assert not client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find the processes of a job")
@pytest.mark.parametrize(
    ("place", "held", "processes"),
    [
        ("table:lease-jobs", 0, 0),
        ("s3://lease-jobs/jobs", 2, 0),
        ("s3://lease-jobs/jobs", 0, 2),
        ("table:lease-jobs", 2, 2),
    ],
)
def test_a_run_that_is_woken_after_its_lease_loses_no_write_of_others(
    ministack_endpoint: str, tables: tuple[Any, str, str], place: str, held: int, processes: int
) -> None:
    client, source, target = tables
    with a_bucket(ministack_endpoint, "lease-jobs"), FaultProxy(ministack_endpoint) as proxy:
        proxy.hold("BatchWriteItem")  # before it begins: it may be over in a moment
        with leased(proxy.endpoint, source, target, place, str(processes)) as first:
            assert first.stdout is not None
            job = first.stdout.readline().strip()
            proxy.wait_held(held or 1)
            send_all(first, signal.SIGSTOP)
            if not held:
                proxy.release()
                proxy.wait_quiet()
            with leased(ministack_endpoint, source, target, place, "0", job) as second:
                _, said = second.communicate(timeout=SECONDS_MAX)
                assert second.returncode == 0, said
            write(client, target, "live")
            count = proxy.held
            send_all(first, signal.SIGCONT)
            proxy.release()
            _, said = first.communicate(timeout=SECONDS_MAX)
        assert first.returncode not in (0, None), said
        assert "Traceback" not in said
        proxy.wait_quiet()
        pages = client.get_paginator("scan").paginate(TableName=target, ConsistentRead=True)
        found = [item["by"]["S"] for page in pages for item in page["Items"]]
        assert len(found) == ITEMS
        lost = found.count("copied")
        assert lost <= count * BATCH, f"{lost} live writes lost, {count} batches were held"
        assert (held == 0) == (count == 0)
