"""A job as it begins: its id and its time, which its transforms get, and what its ledger is about to keep."""

from os import urandom

from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.workers.main_script import refuse_while_loading
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.jobs.job import Job, job_id
from dynasmith.jobs.spec import Spec


def new_job(spec: Spec, context: RunContext, segments: int, estimated_items: int | None = None) -> Job:
    """A job that has not begun yet; ``estimated_items`` is about how many it will read.

    Raises UsageError where a process of the job would begin it again.
    """
    refuse_while_loading(spec.options.processes)
    now = context.now()
    return Job(
        id=context.job_id or job_id(spec.verb, now, urandom(3)),
        spec=spec,
        started_at=now,
        changed_at=now,
        segments=segments,
        owner=context.owner,
        estimated_items=estimated_items,
        origin=context.origin,
    )


def dry_context(verb: str, context: RunContext, key: KeySchema) -> Context:
    """What a transform gets in a dry run: the time, and the id of a job that never begins."""
    now = context.now()
    return Context(now, job_id(verb, now, urandom(3)), key)
