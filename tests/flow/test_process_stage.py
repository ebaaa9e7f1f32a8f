"""Transforms in processes beside the flow: the same result, and a process that dies costs nothing but its page."""

import os
from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.workers.user_traceback import RemoteTraceback
from dynasmith.errors import RunError, UsageError
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.transform import ItemRefused
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from flow.copying import end
from flow.engine_runs import populate
from flow.kit import MakeTable, in_memory, items_of
from flow.transforms import DiesOnce, Unloadable, picky, tagged, unpicklable

ASKED = TransferOptions(batch_size=20, processes=2)


def populated(client: Any, table: str, folder: Path, transform: Any, items: int = 60) -> Report:
    target = end(client, table)
    origin = from_iterable(
        lambda: ({"pk": f"item-{number:05d}", "number": number} for number in range(items)), target.key, page_items=20
    )
    return populate(PopulateSource(origin, in_memory), target, FolderLedger(folder), ASKED, transform=transform)


def test_items_are_transformed_in_other_processes(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    report = populated(client, table, tmp_path, tagged)
    assert (report.counts.read, report.counts.dropped, report.counts.written) == (60, 6, 54)
    found = client.scan(TableName=table)["Items"]
    assert str(os.getpid()) not in {item["process"]["N"] for item in found}
    assert report.target == digest_items(items_of(client, table))


def test_a_process_that_dies_costs_its_page_only(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    report = populated(client, table, tmp_path / "jobs", DiesOnce(tmp_path / "died"))
    assert (tmp_path / "died").exists()
    assert report.adds_up
    assert report.counts.written == 60 == len(items_of(client, table))


def test_processes_that_keep_dying_stop_the_job(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="died 4 times, the last one with exit code 9"):
        populated(client, make_table(), tmp_path / "jobs", DiesOnce(tmp_path / "died", always=True))
    assert FolderLedger(tmp_path / "jobs").jobs()[0].resumable


def test_what_a_process_refuses_is_the_same_error(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    with pytest.raises(ItemRefused, match="seven") as caught:
        populated(client, make_table(), tmp_path, picky)
    assert caught.value.hint
    assert caught.value.key == "pk=item-00007"


def test_a_function_that_no_process_can_import_is_refused(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="another process"):
        populated(client, make_table(), tmp_path, lambda item, _ctx: item)


def test_a_transform_that_does_not_load_over_there_says_why(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"loaded in another process .ImportError: No module named 'pandas'") as caught:
        populated(client, make_table(), tmp_path, Unloadable())
    assert "_no_such_thing" in str(caught.value.__cause__)


def test_what_a_transform_raises_comes_over_with_its_traceback(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    with pytest.raises(ItemRefused, match=r"Own on item pk=.*: out of reach") as caught:
        populated(client, table, tmp_path, unpicklable)
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "in unpicklable" in str(caught.value.__cause__)
    assert client.scan(TableName=table)["Count"] == 0
