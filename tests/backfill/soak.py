"""50,000 items backfilled while another writer changes 100 of them a second, throttled, reset, and killed at random.

    python tests/backfill/soak.py [--items 50000] [--kills 12] [--changes 100] [--write-units 160]

The backfill is paced, as it is beside live traffic: without a pace it takes all that the engine has, and the other
writer gets what is left. Ends with 0 where none of the writer's writes was lost, every item has the new shape, and the
undo gave back every item that nobody else touched, to the byte.
"""

import argparse
import contextlib
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backfill.killed import KillJournal, KillLedger, kill_updates, killed_end
from backfill.kit import Bench, canonical
from backfill.writer import WriterProcess, check
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.backfill.concurrent_edits import UndoReport
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.local import start_ministack
from dynasmith.operations import parse_operations
from dynasmith.strict import StrictServer
from flow.engine_runs import backfill, resumed_backfill
from flow.killing import KillClaim, KilledError, Killer
from flow.kit import client_of, fill

SHAPE = parse_operations(
    {"version": 1, "operations": [{"add": "country", "value": "CH"}, {"rename": "name", "to": "full_name"}]}
)
FAULTS = ("500", "503", "reset-before", "reset-after", "500-after", "cut-body", "wrong-crc", "throttle")
TABLE = "soaked"
AROUND = RunContext(loop_factory=new_event_loop)


def main() -> int:
    """Run it; says what it does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--changes", type=float, default=100.0, help="of the other writer, a second")
    parser.add_argument("--write-units", type=float, default=160.0, help="of the backfill, a second")
    parser.add_argument("--read-units", type=float, default=200.0, help="of the backfill, a second")
    said = parser.parse_args()
    with start_ministack() as engine, StrictServer(engine.endpoint, clock="real", capacity=False) as strict:
        direct, there = client_of(engine.endpoint), client_of(strict.endpoint)
        direct.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        fill(direct, TABLE, said.items)
        before = canonical(direct, TABLE)
        disturb(strict)
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(there, TABLE, Path(folder))
            began = time.monotonic()
            asked = TransferOptions(
                segments=3,
                batch_size=1000,
                segments_at_once=2,
                lanes=2,
                max_read_units=said.read_units,
                max_write_units=said.write_units,
            )
            keys = [key.removesuffix("|") for key in before]
            with WriterProcess(engine.endpoint, TABLE, keys, per_second=said.changes) as writer:
                report = killed_run(bench, asked, said.kills, said.items)
            say(f"{report.counts.arithmetic}; {time.monotonic() - began:.0f} s, {report.counts.retried:,} retried")
            say(
                f"the other writer changed items {writer.writes:,} times in {writer.seconds:,.0f} s, "
                f"{writer.writes / writer.seconds:.1f} a second, {len(writer.wrote):,} different ones"
            )
            after = canonical(direct, TABLE)
            check(after, writer)
            for key, wire in after.items():
                item = json.loads(wire)
                assert "country" in item, key
                assert "name" not in item, key
                assert "full_name" in item, key
            strict.calm()
            undone = bench.undo(report.job.id)
            assert isinstance(undone, UndoReport)
            say(f"undo: {undone.counts.arithmetic}; others changed {undone.others.beside:,} beside what was put back")
            back = canonical(direct, TABLE)
            check(back, writer)
            untouched = [key for key in before if key.removesuffix("|") not in writer.wrote]
            wrong = [key for key in untouched if back[key] != before[key]]
            assert wrong == [], wrong[:5]
            say(f"{len(untouched):,} items that nobody else touched are as before, to the byte")
            assert writer.writes >= 0.95 * said.changes * writer.seconds, "the other writer did not get through"
        say(f"largest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        for client in (direct, there):
            client.close()
    return 0


def disturb(strict: StrictServer) -> None:
    """Throttles and faults of every kind, at random."""
    strict.throttle(TABLE, write_units=4000)
    for number, kind in enumerate(FAULTS):
        strict.fault("BatchExecuteStatement", kind=kind, times=None, probability=0.01, seed=number)
        strict.fault("Scan", kind=kind, times=None, probability=0.01, seed=number + 50, table=TABLE)


def killed_run(bench: Bench, asked: TransferOptions, kills: int, items: int) -> Report:
    """The backfill, killed so many times, a random number of calls apart, and resumed each time."""
    dice = random.Random(7)
    calls = max(20, items // 10 // max(1, kills))
    job = ""
    for _ in range(kills):
        killer = Killer(dice.randrange(20, 2 * calls), dice.random() < 0.5)
        bench.wrap = lambda journal, killer=killer: KillJournal(journal, killer)
        end, updates = killed_end(bench.end, killer), kill_updates(bench.updates, killer)
        with contextlib.suppress(KilledError):
            if job:
                claim: object = KillClaim(bench.ledger.claim(job), killer)
                return resumed_backfill(claim, end, updates, bench.open_journal, SHAPE, around=AROUND)  # type: ignore[arg-type]
            ledger: object = KillLedger(bench.ledger, killer)
            return backfill(end, updates, ledger, bench.open_journal, SHAPE, asked, around=AROUND)  # type: ignore[arg-type]
        job = bench.last().id if bench.ledger.jobs() else ""
        say(f"killed; {bench.last().counts.read if job else 0:,} items read")
    bench.wrap = None
    return bench.again(job, SHAPE)


def say(words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
