"""Pages that a filter or a transform makes empty, shorter or longer: every item keeps its place and has its end."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.movers.deaths import START_SECONDS
from dynasmith.engine.transfer.movers.stage import ProcessStage
from dynasmith.engine.transfer.populate import DuplicateCheck
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.transform_stage import Stage, Steps
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Transform
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.clock import lease_clock
from flow.copying import end
from flow.engine_runs import populate
from flow.hard_transforms import StandsStill
from flow.kit import MakeTable, in_memory, items_of
from flow.test_distinct import KEY, Run, item, write
from flow.transforms import by_fate

FATES = st.lists(st.sampled_from(["drop", "one", "three", "refuse", "twins", "filtered"]), min_size=1, max_size=9)


def stage_of() -> Steps:
    transform = Transform(by_fate, Context(datetime(2026, 1, 1, tzinfo=UTC), "j", KEY))
    condition = parse_condition("not begins_with(fate, 'filtered')")
    return Steps(keep=DuplicateCheck(condition), transform=transform, twice=False, policy="dead")


def expected(fates: list[str]) -> dict[str, int]:
    made = {"one": 1, "three": 3, "twins": 1}
    return {
        "left": sum(made.get(fate, 0) for fate in fates),
        "dead": fates.count("refuse"),
        "already": fates.count("twins"),
    }


def outcome(run: Run) -> dict[str, int]:
    return {"left": len(run.left), "dead": len(run.dead), "already": run.already}


def named(folder: Path, fates: list[str]) -> list[str]:
    lines = [f'{{"pk":{{"S":"k{n}"}},"fate":{{"S":"{fate}"}}}}'.encode() for n, fate in enumerate(fates)]
    return write(folder, lines)


@settings(max_examples=60)
@given(FATES, st.integers(1, 4), st.booleans(), st.integers(0, 5))
def test_every_item_of_a_page_has_its_end(fates: list[str], page_items: int, digest: bool, pages: int) -> None:
    """Also where the job is killed after some pages and goes on without its file of keys."""
    with TemporaryDirectory() as folder:
        names = named(Path(folder), fates)
        run = Run(names, SeenKeys(None), page_items=page_items, digest=digest)
        asyncio.run(run.go(stage_of(), pages=pages))
        again = Run(names, SeenKeys(None), page_items=page_items, digest=digest)
        again.at, again.left, again.dead, again.already = run.at, run.left, run.dead, run.already
        assert outcome(asyncio.run(again.go(stage_of()))) == expected(fates)


def test_every_item_has_its_end_where_other_processes_transform(tmp_path: Path) -> None:
    fates = ["drop", "filtered", "refuse", "drop", "one", "three", "drop", "twins", "filtered", "one"]
    names = named(tmp_path, fates)

    async def main() -> dict[str, int]:
        stage: Stage = ProcessStage(stage_of(), 1, digest=True)
        try:
            return outcome(await Run(names, SeenKeys(None)).go(stage))  # type: ignore[arg-type]  # any stage will do
        finally:
            await stage.close()  # type: ignore[attr-defined]  # a stage of processes is closed

    assert asyncio.run(main()) == expected(fates)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_a_transforming_process_that_stands_still_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = named(tmp_path, ["one"] * 10)
    mark = tmp_path / "mark"
    # The time that a process may take to say that it runs has passed as soon as it stands still.
    clock = "dynasmith.engine.transfer.movers.stage.lease_clock"
    monkeypatch.setattr(clock, lambda: lease_clock() + (2 * START_SECONDS if mark.exists() else 0.0))

    async def main() -> dict[str, int]:
        transform = Transform(StandsStill(mark), Context(datetime(2026, 1, 1, tzinfo=UTC), "j", KEY))
        stage: Stage = ProcessStage(Steps(transform=transform, policy="stop"), 1)
        try:
            return outcome(await Run(names, SeenKeys(None)).go(stage))  # type: ignore[arg-type]  # any stage will do
        finally:
            await stage.close()  # type: ignore[attr-defined]  # a stage of processes is closed

    assert asyncio.run(main()) == {"left": 10, "dead": 0, "already": 0}
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize("asked", [{"condition": "fate = 'nothing'"}, {}], ids=["filter", "transform"])
def test_a_job_of_empty_pages_ends_done(
    client: Any, make_table: MakeTable, tmp_path: Path, processes: int, asked: dict[str, Any]
) -> None:
    target = end(client, make_table())
    source = from_iterable(lambda: ({"pk": f"k{n}", "fate": "drop"} for n in range(25)), target.key, page_items=10)
    report = populate(
        PopulateSource(source, in_memory),
        target,
        FolderLedger(tmp_path),
        TransferOptions(processes=processes, **asked),
        transform=None if asked and not processes else by_fate,
    )
    assert (report.job.state, report.counts.read, report.counts.dropped) == ("done", 25, 25)
    assert report.adds_up
    assert not items_of(client, target.name)


def test_an_item_keeps_its_place_behind_items_that_were_dropped(tmp_path: Path) -> None:
    names = write(tmp_path, [item("x"), item("a", n="1"), item("x"), item("a", n="2")])
    keep = partial(_is_not, b'"x"')
    run = asyncio.run(Run(names, SeenKeys(None), page_items=4).go(Steps(keep=keep, twice=False)))
    assert [(dead.place, dead.reason) for dead in run.dead] == [
        ("f0:4", "f0:2 has the key pk=a too, with other attributes")
    ]


def _is_not(key: bytes, one: Any) -> bool:
    return key not in bytes(one)
