"""A real process, really killed: its job is free at once, and goes on to the same digest."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.transfer.jobs import pace
from dynasmith.errors import Locked
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from flow.copying import end
from flow.engine_runs import resumed
from flow.killed import copying, until_it_wrote
from flow.kit import MakeTable, fill, items_of


def test_killed_twice_it_ends_the_same(
    client: Any, ministack_endpoint: str, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 400)
    ledger = FolderLedger(tmp_path)
    with copying(ministack_endpoint, source, target, tmp_path) as process:
        job = until_it_wrote(process)
        with pytest.raises(Locked):
            ledger.claim(job)
        assert ledger.show(job).state == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert ledger.show(job).state == "interrupted"
    written = ledger.show(job).counts.written
    assert 0 < written < 400
    with copying(ministack_endpoint, source, target, tmp_path, job) as process:
        assert until_it_wrote(process, written) == job
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    pace(ledger, job, write_units=100_000)
    report = resumed(ledger.claim(job), end(client, source), end(client, target))
    assert report.adds_up
    assert report.counts.written == 400
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_where_the_hint_goes_on(
    client: Any, ministack_endpoint: str, make_table: MakeTable, tmp_path: Path, number: signal.Signals
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 200)
    with copying(ministack_endpoint, source, target, tmp_path) as process:
        job = until_it_wrote(process)
        process.send_signal(number)
        _, words = process.communicate()
        assert process.returncode == 130
    assert f"dynasmith jobs resume {job}" in words
    ledger = FolderLedger(tmp_path)
    assert ledger.show(job).state == "interrupted"
    pace(ledger, job, write_units=100_000)
    report = resumed(ledger.claim(job), end(client, source), end(client, target))
    assert report.target == digest_items(items)
