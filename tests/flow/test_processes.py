"""Transforms in processes of their own: the same result, and a process that dies costs nothing but its page."""

import os
from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.transfer.asked import Flowing
from dynasmith.engine.transfer.copy import copy
from dynasmith.engine.transfer.trace import RemoteTraceback
from dynasmith.errors import RunError, UsageError
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.transform import ItemRefused
from flow.copying import end
from flow.kit import MakeTable, fill, items_of
from flow.transforms import DiesOnce, Unloadable, picky, tagged, unpicklable

ASKED = Flowing(segments=2, batch_size=20, processes=2)


def test_items_are_transformed_in_other_processes(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    report = copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=tagged)
    assert (report.counts.read, report.counts.dropped, report.counts.written) == (60, 6, 54)
    found = client.scan(TableName=target)["Items"]
    assert str(os.getpid()) not in {item["process"]["N"] for item in found}
    assert report.target == digest_items(items_of(client, target))


def test_a_process_that_dies_costs_its_page_only(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 60)
    dies = DiesOnce(tmp_path / "died")
    report = copy(end(client, source), end(client, target), FolderLedger(tmp_path / "jobs"), ASKED, transform=dies)
    assert (tmp_path / "died").exists()
    assert report.adds_up
    assert digest_items(items_of(client, target)) == digest_items(items)


def test_processes_that_keep_dying_stop_the_job(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    ledger = FolderLedger(tmp_path / "jobs")
    dies = DiesOnce(tmp_path / "died", always=True)
    with pytest.raises(RunError, match="died 4 times"):
        copy(end(client, source), end(client, target), ledger, ASKED, transform=dies)
    assert ledger.jobs()[0].resumable


def test_what_a_process_refuses_is_the_same_error(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(ItemRefused, match="seven") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=picky)
    assert caught.value.hint
    assert caught.value.key == "pk=item-00007"


def test_a_function_that_no_process_can_import_is_refused(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    with pytest.raises(UsageError, match="another process"):
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=lambda item, _ctx: item)


def test_a_transform_that_does_not_load_over_there_says_why(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(UsageError, match=r"loaded in another process .ImportError: No module named 'pandas'") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=Unloadable())
    assert "_no_such_thing" in str(caught.value.__cause__)


def test_what_a_transform_raises_comes_over_with_its_traceback(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(ItemRefused, match=r"Own on item pk=.*: out of reach") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=unpicklable)
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "in unpicklable" in str(caught.value.__cause__)
    assert client.scan(TableName=target)["Count"] == 0
