"""Real items, a transform, a tenth of the engine's speed, random faults, two kills: the digests are equal at the end.

DYNASMITH_SOAK_ITEMS says how many items: 1,500 in every run of the tests, 100,000 for a soak of about ten minutes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import airportsdata
import pytest

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Transform
from dynasmith.jobs.options import TransferOptions
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.engine_runs import copy_spec, populate, resumed
from flow.killing import KillClaim, KilledError, Killer
from flow.kit import MakeTable, client_of, in_memory

ITEMS = int(os.environ.get("DYNASMITH_SOAK_ITEMS", "1500"))
BATCH_ITEMS = 250
AROUND = RunContext(loop_factory=new_event_loop)


def airports() -> Iterator[dict[str, Any]]:
    """Every airport, again and again under another key until there are enough."""
    known = list(airportsdata.load("ICAO").values())
    for number in range(ITEMS):
        airport = {name: value for name, value in known[number % len(known)].items() if value != ""}
        exact = {name: str(value) if isinstance(value, float) else value for name, value in airport.items()}
        yield {"pk": f"{airport['icao']}#{number // len(known)}", **exact}


def change(item: Any, _ctx: Any) -> Any:
    """Three attributes: one new, one changed, one gone."""
    item["place"] = f"{item.get('city', '')}, {item['country']}"
    item["name"] = item["name"].upper()
    item.pop("tz", None)
    return item


def test_nothing_is_lost(ministack_endpoint: str, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as strict:
        client = client_of(strict.endpoint)
        first, second = end(client, source), end(client, target)
        ledger = FolderLedger(tmp_path)
        filled = populate(PopulateSource(from_iterable(airports, first.key), in_memory), first, ledger, around=AROUND)
        assert filled.counts.written == ITEMS
        strict.throttle(target, write_units=300)
        for operation, table in (("BatchWriteItem", target), ("Scan", source)):
            for seed, kind in enumerate(["reset-before", "reset-after", "500", "unprocessed"]):
                strict.fault(operation, kind=kind, times=None, probability=0.01, seed=seed, table=table)
        asked = TransferOptions(segments=4, batch_size=BATCH_ITEMS, max_write_units=400)
        job = new_job(copy_spec(asked), AROUND, 4)
        claim: Any = ledger.begin(job)
        pages = ITEMS // BATCH_ITEMS
        for saved in (pages // 5, pages // 3):
            with pytest.raises(KilledError):
                resumed(KillClaim(claim, Killer(saved, True)), first, second, transform=change, around=AROUND)
            claim = ledger.claim(job.id)
        report = resumed(claim, first, second, transform=change, around=AROUND)
        assert report.adds_up
        assert report.counts.written == ITEMS
        strict.calm()
        transform = Transform(change, Context(job.started_at, job.id, first.key))
        left = VerifySide(first.access.source(source, segments=4), stage=Steps(transform=transform))
        right = VerifySide(second.access.source(target, segments=4))
        found = verify(left, right, first.key, around=AROUND)
        assert found.equal
        assert found.target == report.target
        client.close()
