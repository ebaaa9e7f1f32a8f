"""Equal items whose first one the target does not take: none counts as there, wherever it comes, after a kill too."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.key_register import JobKeys
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.files import duplicate_key_store as seen_file
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import Mode
from dynasmith.jobs.report import Report
from dynasmith.ports.items import Page, Source, ThrottleListener
from dynasmith.strict import StrictServer
from flow.killing import KillClaim, KilledError, Killer, killing
from flow.kit import MakeTable, items_of, new_job
from kill_points import STEP, first_call, sides

KEY = KeySchema.of("pk")
FAST = Patience(first_seconds=0.001, longest_seconds=0.005)


@pytest.fixture
def indexed(client: Any) -> Iterator[str]:
    """A table with an index whose key is a string: the service refuses an item that has a number there."""
    name = f"equal-{uuid4().hex[:8]}"
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "status")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-status",
                "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


def good(key: str, status: str = "new") -> bytes:
    return json.dumps({"pk": {"S": key}, "status": {"S": status}}).encode()


def bad(key: str) -> bytes:
    return json.dumps({"pk": {"S": key}, "status": {"N": "1"}}).encode()


class Lists:
    """Items in memory, three a page, each place a number."""

    def __init__(self, parts: Sequence[list[bytes]]) -> None:
        self.parts = parts
        self.segments = len(parts)

    async def read(self, segment: int, start: bytes | None) -> Page:
        first = int(start or 0)
        items = self.parts[segment][first : first + 3]
        end = first + len(items)
        following = str(end).encode() if end < len(self.parts[segment]) else None
        return Page(items=items, next=following, read=len(items), places=list(range(first, end)))

    async def close(self) -> None:
        """Nothing is open."""


def ways_of(client: Any, table: str, parts: Sequence[list[bytes]], mode: Mode, seen: SeenKeys) -> Pipeline:
    access = TableAccess(client, patience=FAST)

    async def source(_heard: ThrottleListener) -> Source:
        return Lists(parts)

    keys = JobKeys(seen)
    distinct = Deduplication(KEY, keys, lambda segment, place: f"f{segment}:{place}", lookup=access.lookup(table))
    return Pipeline(
        source=source,
        sink=access.sink(table, KEY, mode=mode),
        distinct=distinct,
        keys=keys,
        width=ConcurrencyLimits(segments=2, lanes=2),
    )


# On one page, on a later one, in another file; then the key again with what the table does take.
REFUSED = (
    [bad("x"), bad("x"), good("a"), good("b"), bad("x"), good("a"), good("c")],
    [bad("y"), good("d"), bad("x"), good("d"), good("e"), bad("y"), good("y"), good("y")],
)
KINDS = [Mode("overwrite"), Mode("skip-existing")]


def check(report: Report, client: Any, table: str) -> None:
    counts = report.counts
    assert report.adds_up
    assert (counts.read, counts.dead, counts.written + counts.already) == (15, 6, 9)
    assert sorted(json.loads(one)["pk"]["S"] for one in items_of(client, table)) == ["a", "b", "c", "d", "e", "y"]
    assert report.target == digest_items(items_of(client, table))


@pytest.mark.parametrize("mode", KINDS, ids=str)
@pytest.mark.parametrize("few", [20_000, 0], ids=["memory", "file"])
def test_an_equal_item_of_one_that_was_refused_is_not_there_already(
    client: Any, there: Any, indexed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, few: int
) -> None:
    monkeypatch.setattr(seen_file, "FEW", few)
    seen = SeenKeys(tmp_path / "keys")
    ledger = FolderLedger(tmp_path / "jobs")
    claim = new_job(ledger, 2)
    report = run_job(claim, ways_of(there, indexed, REFUSED, mode, seen))
    seen.close(over=True)
    check(report, client, indexed)
    assert (report.counts.written, report.counts.already) == (6, 3)
    assert [dead.code for dead in ledger.dead_letters(claim.job.id)] == ["refused"] * 6


def test_an_equal_item_of_one_that_was_skipped_is_skipped(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    client.put_item(TableName=table, Item={"pk": {"S": "x"}, "status": {"S": "theirs"}})
    parts = ([good("x"), good("x"), good("a"), good("x")], [good("x", "other"), good("a")])
    report = run_job(
        new_job(FolderLedger(tmp_path / "jobs"), 2),
        ways_of(there, table, parts, Mode("skip-existing"), SeenKeys()),
    )
    counts = report.counts
    assert report.adds_up
    assert (counts.written, counts.skipped, counts.already, counts.dead) == (1, 4, 1, 0)
    assert {"pk": {"S": "x"}, "status": {"S": "theirs"}} in map(json.loads, items_of(client, table))
    assert report.target.count == 1


@pytest.mark.parametrize(
    ("mode", "few"),
    [(Mode(), 20_000), (Mode(), 0), (Mode("skip-existing"), 20_000)],
    ids=["recalled", "kept", "conditional"],
)
def test_killed_at_every_call_and_resumed_the_counts_are_true(
    client: Any, there: Any, indexed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, few: int
) -> None:
    monkeypatch.setattr(seen_file, "FEW", few)
    at, ended = first_call(), False
    while not ended:
        for after in sides():
            empty(client, indexed)
            ledger, keys = FolderLedger(tmp_path / f"jobs{at}{after}"), tmp_path / f"keys{at}{after}"
            claim = new_job(ledger, 2)
            seen, killer = SeenKeys(keys), Killer(at, after)
            ways = ways_of(there, indexed, REFUSED, mode, seen)
            killed = killing(ways, killer)
            try:
                run_job(KillClaim(claim, killer), replace(ways, source=killed.source, sink=killed.sink))
                ended = True
            except KilledError:
                seen.close(over=False)
                again = SeenKeys(keys)
                check(
                    run_job(ledger.claim(claim.job.id), ways_of(there, indexed, REFUSED, mode, again)), client, indexed
                )
                again.close(over=True)
        at += STEP
    assert at > 20


def test_after_a_resume_what_stands_at_a_key_decides(
    client: Any, there: Any, indexed: str, strict: StrictServer, tmp_path: Path
) -> None:
    """Its keys are only read again: whether the first of two equal items stands is asked of the table, or not at all
    where the role may not."""
    parts = ([good("a"), bad("x"), good("b"), good("a"), bad("x"), good("b", "other")],)
    for allowed, ends in ((True, (2, 1, 3)), (False, (2, 2, 2))):
        empty(client, indexed)
        strict.calm()
        ledger = FolderLedger(tmp_path / f"jobs{allowed}")
        claim = new_job(ledger, 1)
        ways = ways_of(there, indexed, parts, Mode(), SeenKeys())
        killer = Killer(7, after=True)
        killed = killing(ways, killer)
        with pytest.raises(KilledError):
            run_job(KillClaim(claim, killer), replace(ways, source=killed.source, sink=killed.sink))
        assert claim.checkpoints()[0].counts.read == 3
        if not allowed:
            strict.fault("BatchGetItem", kind="access-denied", times=None)
        report = run_job(ledger.claim(claim.job.id), ways_of(there, indexed, parts, Mode(), SeenKeys()))
        assert (report.counts.written, report.counts.already, report.counts.dead) == ends
        assert report.adds_up
        assert report.target == digest_items(items_of(client, indexed))


def empty(client: Any, table: str) -> None:
    for one in items_of(client, table):
        client.delete_item(TableName=table, Key={"pk": json.loads(one)["pk"]})
