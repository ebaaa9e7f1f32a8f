"""The flow on the other engines: they answer differently, such as a failed condition without the item that stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.client_details import name_engine
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import Mode, TransferOptions
from flow.copying import end
from flow.engine_runs import copy
from flow.kit import client_of, fill, items_of

ENGINES = ["moto_endpoint", "dynalite_endpoint", "external_endpoint"]


@pytest.fixture(params=ENGINES)
def other(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of another engine, with two tables, gone at the end."""
    client = client_of(request.getfixturevalue(request.param))
    if request.param == "moto_endpoint":
        name_engine(client, "moto")
    names = ["flow-source", "flow-target"]
    for name in names:
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for name in names:
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    try:
        yield client
    finally:
        for name in names:
            client.delete_table(TableName=name)
            client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        client.close()


def test_copy_modes_and_verify(other: Any, tmp_path: Path) -> None:
    items = fill(other, "flow-source", 60)
    fill(other, "flow-target", 10)
    fill(other, "flow-target", 5, first=10, number=-1)
    source, target = end(other, "flow-source"), end(other, "flow-target")
    asked = TransferOptions(segments=3, batch_size=10, mode=Mode("skip-existing"))
    counts = copy(source, target, FolderLedger(tmp_path / "skip"), asked).counts
    assert (counts.written, counts.already, counts.skipped) == (45, 10, 5)
    left, right = (VerifySide(one.access.source(one.name, segments=2)) for one in (source, target))
    found = verify(left, right, source.key)
    assert {difference.kind for difference in found.differences} == {"differs"}
    assert len(found.differences) == 5
    report = copy(source, target, FolderLedger(tmp_path / "over"), TransferOptions(segments=2))
    assert report.target == digest_items(items) == digest_items(items_of(other, "flow-target"))
    assert verify(left, right, source.key).equal
