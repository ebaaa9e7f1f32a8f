"""What `jobs` may do with a job that a migration began: its migration has it, and goes on with it or takes it back."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from dynasmith.errors import Locked, RunError
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import UnreadableSpec, sides_of
from dynasmith.migrations.history import MigrationState
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.migration_home import MigrationHome

JobVerb: TypeAlias = Literal["resume", "cancel", "undo", "prune"]
_REFUSED: Final[dict[JobVerb, frozenset[str]]] = {
    "resume": frozenset({"running", "interrupted", "failed"}),
    "cancel": frozenset(),
    "undo": frozenset({"running", "interrupted", "failed", "applied"}),
    "prune": frozenset({"running", "interrupted", "failed"}),
}
"""In which states of its migration a job refuses a verb: the migration resumes its jobs itself, and needs what they
keep as long as it can be taken back. A job of one that runs is steered, not cancelled here."""
_PREFIX: Final = "migration:"


def migration_of(items: ItemWorld, job: Job) -> MigrationState | None:
    """What the history says of the migration that began a job; None for another job, and where the history does not
    know it. Costs two calls for the job of a migration."""
    if not job.origin.startswith(_PREFIX) or isinstance(job.spec, UnreadableSpec):
        return None
    version, _, name = job.origin.removeprefix(_PREFIX).partition(":")
    world = items.at(next(iter(sides_of(job.spec).values())))
    return MigrationHome(world).history().read().states.get(version or name)


def refuse_job_of_migration(items: ItemWorld, job: Job, verb: JobVerb) -> None:
    """Raise Locked where the migration of a job runs, RunError where it began or is applied, and has the job."""
    state = migration_of(items, job)
    if state is None or state.state not in _REFUSED[verb]:
        return
    kind = Locked if state.state == "running" else RunError
    hint = "`dynasmith migrate down` takes it back"
    if state.is_open:
        hint = f"`dynasmith migrate {state.last.direction}` goes on with it, and with its jobs"
    raise kind(f"Job {job.id} belongs to migration {state.key}, which is {state.state}.", hint=hint)
