"""The same from Python: project.backfill, .dry_run, .jobs, with functions that have no name to be found by."""

from pathlib import Path
from typing import Any

import pytest

import dynasmith
from backfill.kit import canonical
from cli.story import clean_shell
from dynasmith.engine.transfer.events import FlowEnded, FlowStarted
from dynasmith.errors import UsageError
from dynasmith.ports.listener import Event
from flow.kit import MakeTable, fill


def test_backfill_check_resume_and_undo(
    client: Any, ministack_endpoint: str, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    table = make_table()
    fill(client, table, 60)
    before = canonical(client, table)
    heard: list[Event] = []

    def change(item: Any) -> None:
        if item["number"] % 3:
            item["seen"] = True

    with dynasmith.connect(
        endpoint=ministack_endpoint, region="eu-west-1", consent=dynasmith.Consent(yes=True)
    ) as project:
        rehearsal = project.dry_run.backfill(table, change)
        assert (rehearsal.changed, rehearsal.counted) == (40, True)
        assert not project.check_backfill(table, change).clean
        report = project.backfill(table, change, canary=0.2, listener=heard.append)
        assert report.job.state == "interrupted"
        with pytest.raises(UsageError) as caught:
            project.jobs.resume(report.job.id)
        assert "transform" in caught.value.hint
        ended = project.jobs.resume(report.job.id, transform=change)
        assert (ended.counts.read, ended.counts.written) == (60, 40)
        assert project.check_backfill(table, change).clean
        assert project.dry_run.undo(report.job.id).estimate.items == 40
        undone = project.jobs.undo(report.job.id)
        assert (undone.counts.written, undone.counts.dead) == (40, 0)
    assert canonical(client, table) == before
    assert [type(event) for event in heard if isinstance(event, FlowStarted | FlowEnded)] == [FlowStarted, FlowEnded]
