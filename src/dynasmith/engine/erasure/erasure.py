"""erase: table after table, each read until nothing of the person is found any more.

A record of the job holds keyed hashes of keys, kept before anything is deleted, so that a run that was killed counts
each item once; it holds no place in a table, because that would be a key. A run that goes on reads a table that was
not done from its beginning.
"""

from datetime import UTC

from msgspec.structs import replace

from dynasmith.engine.erasure.erasure_pace import ErasurePace
from dynasmith.engine.erasure.passes import TableErasure
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.long_job import JobEnd, check_wish, kept_state
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError, Interrupted, LeaseLost
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.erasure_recipe import ErasedTable, with_keys
from dynasmith.jobs.erasure_report import ErasureReport
from dynasmith.jobs.spec import Erase
from dynasmith.ports.checkpoints import Claim


def begin_erasure(spec: Erase, world: JobWorld) -> Claim:
    """Hold the job of the same recipe and value that is not over, where there is one; else enter a new one.

    Raises Locked where another process runs it.
    """
    for job in reversed(world.ledger.jobs()):
        known = job.spec
        if isinstance(known, Erase) and not job.over and _same(known, spec):
            return world.ledger.claim(job.id)
    return world.ledger.begin(new_job(spec, world.context, 1))


def _same(one: Erase, other: Erase) -> bool:
    def asked(spec: Erase) -> object:
        return (spec.recipe, spec.fingerprint, spec.argument, [(each.table, each.by) for each in spec.erased])

    return asked(one) == asked(other)


def erase(spec: Erase, claim: Claim, world: JobWorld) -> ErasureReport:
    """Erase what is not done; give the report. The job is failed where a table is; the same command does it again.

    Raises Interrupted and LeaseLost.
    """
    run = _Run(spec, claim, world)
    with kept_state(claim, world.context, f"Job {claim.job.id} was interrupted; what was deleted is gone.") as end:
        run.do_all(end)
    job = claim.job
    return ErasureReport(job, job.counts, job.ran_seconds, erased=run.spec.erased)


class _Run:
    """One run: the job and its tables."""

    def __init__(self, spec: Erase, claim: Claim, world: JobWorld) -> None:
        self.spec, self.claim, self.context = spec, claim, world.context
        self.at = world.erasing(spec)
        self.permit = RunPermit(claim.job.id, claim.lease)
        self.pace: ErasurePace | None = None
        self.units = (claim.job.counts.read_units, claim.job.counts.write_units)

    def check(self) -> None:
        """Raise where the run must not go on; take the pace that somebody wants of it."""
        check_wish(self.claim, self.permit, self.at.clock, StopFlag())
        if self.pace is not None:
            control = self.claim.control()
            self.pace.change(control.read_units_per_second, control.write_units_per_second)

    def do_all(self, end: JobEnd) -> None:
        """Every table that is not done."""
        for number, table in enumerate(self.spec.erased):
            self.check()
            if table.state != "done":
                self.do(number)
            end.counts = self.counts
        failed = [each.table for each in self.spec.erased if each.state != "done"]
        if failed:
            end.state, end.reason = "failed", f"{', '.join(failed)} could not be erased"

    @property
    def counts(self) -> Counts:
        """Of all tables: items that were found, deleted, and left."""
        erased = self.spec.erased
        return Counts(
            read=sum(each.found for each in erased),
            written=sum(each.deleted for each in erased),
            skipped=sum(each.left for each in erased),
            read_units=self.units[0],
            write_units=self.units[1],
        )

    def do(self, number: int) -> None:
        """One table, to the read that finds nothing."""
        self.keep(number, replace(self.spec.erased[number], state="running", reason=""))
        work = TableErasure(self.spec.erased[number], self.at, self.check, lambda hashes: self.found(number, hashes))
        self.pace = work.pace
        try:
            work.run()
            remains = self.at.remains(self.spec.erased[number])
        except (Interrupted, LeaseLost):
            raise
        except DynasmithError as error:
            reason = self.at.hidden(self.context.masked(f"{error.message} {error.hint}".strip()))
            self.keep(number, replace(self.spec.erased[number], state="failed", reason=reason))
        else:
            at = self.at.clock.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            done = replace(self.spec.erased[number], state="done", verified_at=at, remains=remains)
            self.keep(number, replace(done, left=min(done.left + work.left, done.found)))
        finally:
            self.units = (self.units[0] + work.read_units, self.units[1] + work.write_units)

    def found(self, number: int, hashes: list[str]) -> None:
        """Keep the hashes of keys before their items are deleted."""
        table = self.spec.erased[number]
        keys, more = with_keys(table, hashes)
        self.keep(number, replace(table, keys=keys, more=more), quiet=True)

    def keep(self, number: int, table: ErasedTable, *, quiet: bool = False) -> None:
        """Keep a table as it is now, and say so."""
        erased = (*self.spec.erased[:number], table, *self.spec.erased[number + 1 :])
        self.spec = replace(self.spec, erased=erased)
        self.claim.change(replace(self.claim.job, spec=self.spec))
        if not quiet:
            self.context.listener(FlowNote(table=table.table, sentence=f"Erase {table.table}: {table.state}."))
