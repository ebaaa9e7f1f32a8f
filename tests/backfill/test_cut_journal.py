"""A journal that is shorter than its job's checkpoints say is told by the undo, and by its dry run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from backfill.test_written_unseen import change
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.backfill.undo import rehearse_undo
from dynasmith.jobs.options import TransferOptions
from flow.buckets import a_bucket
from flow.kit import MakeTable, fill

ITEMS = 200
ASKED = TransferOptions(segments=1, lanes=1)


def last_byte(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def assert_told(bench: Bench, client: Any, job: str, before: dict[str, bytes]) -> None:
    assert rehearse_undo(bench.end, bench.kept(job), 1, TransferOptions()).damaged == 1
    undone = bench.undo(job)
    after = canonical(client, bench.table)
    lost = sum(after[key] != before[key] for key in before)
    assert lost > 0
    assert (undone.counts.written, undone.counts.dead) == (ITEMS - lost, 1)
    (dead,) = bench.ledger.dead_letters(undone.job.id)
    assert dead.code == "journal"
    assert "cannot be undone" in dead.reason


@pytest.mark.parametrize("harm", [last_byte, half, Path.unlink])
def test_what_is_missing_of_a_file_is_told(
    client: Any, make_table: MakeTable, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    job = bench.run(change, ASKED).job.id
    (path,) = bench.home(job).glob("*.journal")
    harm(path)
    assert_told(bench, client, job, before)


def test_a_newest_object_that_is_gone_is_told(
    client: Any, make_table: MakeTable, tmp_path: Path, ministack_endpoint: str
) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    before = canonical(client, table)
    with a_bucket(ministack_endpoint, "backfill-cut") as bucket:
        objects = S3Objects(bucket, "s3://backfill-cut/undo")
        bench = Bench(client, table, tmp_path, objects=objects)
        job = bench.run(change, ASKED).job.id
        objects.delete([max(objects.names(f"{job}/entries/00000/"))])
        assert_told(bench, client, job, before)
