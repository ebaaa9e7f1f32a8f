"""A detached apply, wired: begin it, tick, plan it again, and see which tables one changes."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from msgspec.structs import replace

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.engine.apply import CONCURRENT_TABLES
from dynasmith.engine.planner import read
from dynasmith.engine.ticks.apply_job import DEADLINE, Detached, apply_spec, begin, changing, plan_of, refuse_changing
from dynasmith.engine.ticks.index_progress import index_progress
from dynasmith.engine.ticks.tick import TICK_SECONDS, TickReport, report_of, tick
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import StalePlan, UsageError
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.spec import Apply
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan, fingerprint_of
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.tables import Identity
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.plan import consented, make_plan
from dynasmith.project.world import World
from dynasmith.tables.table import Table


def apply_detached(
    world: World,
    plan: Plan,
    how: Detached,
    *,
    consent: Consent | None,
    listener: Listener,
    stopped: StopFlag | None,
) -> Job:
    """See `Project.apply`."""
    items = ItemWorld(world)
    if not any(table.steps or table.changes for table in plan.tables):
        raise UsageError("The plan is empty: there is nothing to do.", hint="dynasmith check shows the same")
    before = _as_planned(world, plan)
    refuse_changing(items.ledger, _place(plan), [table.table for table in plan.tables])
    given = consented(world, plan, consent)
    spec = apply_spec(plan, before, consent=_by_whom(given), clock=world.clock, deadline=how.deadline)
    claim = begin(spec, plan, items.ledger, world.clock, owner=items.context(listener).owner)
    return _tick(items, claim, how.seconds, listener, stopped).job


def tick_job(
    items: ItemWorld,
    job_id: str,
    *,
    seconds: float = TICK_SECONDS,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
) -> TickReport:
    """See `Jobs.tick`."""
    _spec_of(items.ledger.show(job_id))
    return _tick(items, items.ledger.claim(job_id), seconds, listener, stopped)


def job_progress(items: ItemWorld, job_id: str) -> TickReport:
    """See `Jobs.progress`."""
    job = items.ledger.show(job_id)
    _spec_of(job)
    return report_of(job)


def _tick(items: ItemWorld, claim: Claim, seconds: float, listener: Listener, stopped: StopFlag | None) -> TickReport:
    world = items.world
    return tick(
        claim,
        world.control,
        world.clock,
        seconds=seconds,
        percent=index_progress(CloudWatchMetrics(world.session)),
        listener=listener,
        stopped=stopped,
        masks=world.masks,
    )


def planned_again(world: World, job: Job) -> Plan:
    """The plan of the tables of a job that are not done, from what is live now and what the plan wanted."""
    spec = _spec_of(job)
    wanted = [each.desired for each in plan_of(spec).tables if each.table in spec.progress]
    left = [table for table in wanted if not spec.progress[table.name].done]
    prune = any(each.prune for each in plan_of(spec).tables)
    return make_plan(world, left, prune=prune)


def replan(world: World, job_id: str, plan: Plan, *, consent: Consent | None, deadline: timedelta = DEADLINE) -> Job:
    """Put ``plan`` in place of that of a job that met a table which somebody else changed. Under the same id.

    Raises ConsentRequired, Locked where the job runs, RunError where it is over.
    """
    items = ItemWorld(world)
    before = _as_planned(world, plan)
    given = consented(world, plan, consent)
    claim = items.ledger.claim(job_id)
    try:
        spec = apply_spec(plan, before, consent=_by_whom(given), clock=world.clock, deadline=deadline)
        claim.change(replace(claim.job, spec=spec))
        return claim.job
    finally:
        claim.release()


def changing_jobs(world: World) -> Mapping[str, Job]:
    """The tables of this environment that a detached apply changes, with its job. Reads the ledger."""
    return changing(ItemWorld(world).ledger, world.control.identity())


def refuse_tables_changing(world: World, plan: Plan) -> None:
    """Raise Locked where a detached apply changes one of the tables that ``plan`` changes."""
    busy = [table.table for table in plan.tables if table.changes]
    if busy:
        refuse_changing(ItemWorld(world).ledger, _place(plan), busy)


def _place(plan: Plan) -> Identity:
    return Identity(account=plan.account, region=plan.region, endpoint=plan.endpoint)


def _spec_of(job: Job) -> Apply:
    spec = readable(job)
    if not isinstance(spec, Apply):
        raise UsageError(
            f"Job {job.id} is a {job.verb}, and only a detached apply goes on in ticks.",
            hint=f"dynasmith jobs resume {job.id}",
        )
    return spec


def _as_planned(world: World, plan: Plan) -> dict[str, Table | None]:
    """The tables as they are now. Raises StalePlan where one is not as it was when the plan was made."""
    with ThreadPoolExecutor(max_workers=CONCURRENT_TABLES, thread_name_prefix="dynasmith-before") as pool:
        found = pool.map(lambda each: read(each.desired, world.control), plan.tables)
        before: dict[str, Table | None] = {}
        for table, description in zip(plan.tables, found, strict=True):
            current = None if description is None else description.table
            if fingerprint_of(table.desired, current) != table.fingerprint:
                raise StalePlan(f"Table {table.table} has changed since the plan was made.", hint="dynasmith plan")
            before[table.table] = current
    return before


def _by_whom(consent: Consent) -> str:
    """Who consented to what, for people: the user, the machine, and the flags."""
    user = "somebody"
    with suppress(KeyError, OSError, ImportError):  # a container may have no name for its user
        user = getpass.getuser()
    flags = [
        *(["--yes"] if consent.yes else []),
        *(["--prune"] if consent.prune else []),
        *(["--allow-delete-items"] if consent.allow_delete_items else []),
        *(f"--rebuild-index {name}" for name in sorted(consent.rebuild_indexes)),
        *(f"--confirm {name}" for name in sorted(consent.confirm)),
    ]
    return f"{user} at {socket.gethostname()}: {' '.join(flags)}"
