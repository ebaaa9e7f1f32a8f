"""A detached apply begins: the plan that was consented to goes into the ledger, and its tables are this job's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from os import urandom
from typing import Final

import msgspec
from msgspec import Struct

from dynasmith.errors import DynasmithError, Locked
from dynasmith.jobs.job import Job, job_id, moved
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Apply, TableProgress
from dynasmith.plans.plan import Plan, decode_plan, encode_plan
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Identity
from dynasmith.tables.table import Table

DEADLINE: Final = timedelta(days=7)
"""How long a consent holds where nobody says: index builds of large tables take days."""


class Detached(Struct, frozen=True, kw_only=True):
    """How an apply goes on without this process: it works for about ``seconds`` now, and the consent to it ends after
    ``deadline``."""

    seconds: float = 0.0
    deadline: timedelta = DEADLINE


def plan_of(spec: Apply) -> Plan:
    """The plan of a job. Raises FileFormatError where somebody edited it."""
    return decode_plan(spec.plan.encode(), "the plan of the job")


def before_of(spec: Apply) -> dict[str, Table | None]:
    """The tables as they were when the plan was made."""
    return msgspec.json.decode(spec.tables_before, type=dict[str, Table | None])


def apply_spec(
    plan: Plan, before: Mapping[str, Table | None], *, consent: str, clock: Clock, deadline: timedelta = DEADLINE
) -> Apply:
    """What a job remembers of a plan that is about to begin."""
    busy = [table for table in plan.tables if table.steps or table.changes]
    return Apply(
        target=Side(table=", ".join(table.table for table in busy)),
        plan=encode_plan(plan).decode(),
        tables_before=msgspec.json.encode({table.table: before[table.table] for table in busy}).decode(),
        consent=consent,
        deadline=clock.now() + deadline,
        progress={table.table: TableProgress(steps=len(table.steps), table_id=table.table_id) for table in busy},
    )


def begin(spec: Apply, plan: Plan, ledger: Ledger, clock: Clock, *, owner: str) -> Claim:
    """Enter the job and hold it. Raises Locked where another job changes one of its tables.

    It is looked for after this one was entered, so that of two that begin at once at least one sees the other.
    """
    now = clock.now()
    claim = ledger.begin(
        Job(id=job_id(spec.verb, now, urandom(3)), spec=spec, started_at=now, changed_at=now, owner=owner)
    )
    here = Identity(account=plan.account, region=plan.region, endpoint=plan.endpoint)
    try:
        refuse_changing(ledger, here, list(spec.progress), but=claim.job.id)
    except DynasmithError:
        claim.change(moved(claim.job, "cancelled", clock.now(), reason="another job changes one of its tables"))
        claim.release()
        raise
    return claim


def refuse_changing(ledger: Ledger, here: Identity, tables: Sequence[str], *, but: str = "") -> None:
    """Raise Locked where a detached apply that is not over changes one of these tables of that place."""
    for table, job in changing(ledger, here).items():
        if table in tables and job.id != but:
            raise Locked(
                f"Table {table} is being changed by {job.id}.",
                hint=f"dynasmith jobs show {job.id}; dynasmith jobs cancel {job.id} stops it before its next call",
            )


def changing(ledger: Ledger, here: Identity) -> dict[str, Job]:
    """The tables that a detached apply changes, there, each with the last job that does. Reads the list of jobs."""
    found: dict[str, Job] = {}
    for job in ledger.jobs():
        if not isinstance(job.spec, Apply) or job.over:
            continue
        plan = plan_of(job.spec)
        if Identity(account=plan.account, region=plan.region, endpoint=plan.endpoint) == here:
            found |= {table: job for table, each in job.spec.progress.items() if not each.done}
    return found
