"""Backfills, copies and populates in a function: a job of the ledger, whose id is that of the request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dynasmith.engine.transfer.events import FlowEnded, FlowProgress, FlowStarted
from dynasmith.errors import ConsentRequired, Interrupted, LeaseLost, Locked, RunError, UsageError
from dynasmith.items.digest import NOTHING, Digest
from dynasmith.jobs.choice import is_whole_id
from dynasmith.jobs.cluster import WorkerPlace
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import Database
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.lambdas.request_run import RequestRun, digest
from dynasmith.migrations.event import LockRecord
from dynasmith.ports.listener import Event
from dynasmith.project.project import Project
from dynasmith.project.verbs.backfill import Backfills
from dynasmith.project.verbs.item_options import Transport
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.items import ItemFlow
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.remote.job_files import checksums_of
from dynasmith.project.verbs.remote.remote_jobs import NOT_REMOTE, report_parts
from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion, Reply

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "backfill": ("table", "transform"),
    "copy": ("source", "target", "transform"),
    "populate": ("table", "files"),
}
"""The positional arguments of each verb."""


class RequestProject(Project):
    """A project whose next job has a given id, and stops when it is asked to."""

    def __init__(self, items: ItemWorld) -> None:
        super().__init__(items.world)
        self._items = items

    def _flow(self, transport: Transport = "direct", on: WorkerPlace | None = None) -> ItemFlow:
        return ItemFlow(self._items.placed(on)).over(transport)

    def _backfills(self, on: WorkerPlace | None = None) -> Backfills:
        return Backfills(self._items.placed(on))


@dataclass
class JobWatch:
    """Hears how far a job is."""

    run: RequestRun
    name: str
    total: int | None = None
    counts: Counts = Counts()  # noqa: RUF009  # it is frozen

    def __call__(self, event: Event) -> None:
        """An event of the job, from the thread of its flow."""
        if isinstance(event, FlowStarted):
            self.total = event.total_items
        elif isinstance(event, FlowProgress | FlowEnded) and event.counts.read > self.counts.read:
            self.run.deadline.unit()
            self.counts = event.counts

    @property
    def progress(self) -> RemoteProgress:
        """How far it is; what was written of pages that are left in the middle counts."""
        return RemoteProgress(
            step=1, name=self.name, read=self.counts.read, total=self.total, write_units=self.counts.write_units
        )


class JobCommand:
    """One verb that runs as a job."""

    def __init__(self, run: RequestRun) -> None:
        self._run = run
        self._verb, _, self._part = run.request.command.partition(".")
        self._job_id = f"{self._verb}-{run.request.request_id}"
        self._items = ItemWorld(run.world, stop=run.stop, job_id=self._job_id)

    def reply(self) -> Reply:
        """What it gives back. Raises DynasmithError."""
        self._run.refuse_folders()
        if self._part == "progress":
            return self._run.reply("continue", progress=self._recorded())
        if self._part or not is_whole_id(self._job_id):
            raise UsageError(
                f"{self._run.request.command} of {self._run.request.request_id} is not a request.",
                hint="a request id is a time and 6 hex digits: 20261129T110715-9f3a1c",
            )
        places, options = self._arguments()
        if self._run.request.dry_run:
            return self._run.reply("done", result=msgspec.to_builtins(self._rehearsed(places, options)))
        return self._worked(places, options)

    def _arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Places and options. Raises UsageError for what the verb does not take."""
        given = dict(self._run.request.arguments)
        options = given.pop("options", {})
        if not isinstance(options, dict):
            raise UsageError("The options of the request are not an object.", hint="options: {}")
        if isinstance(given.get("database"), dict):
            given["files"] = msgspec.convert(given.pop("database"), Database)
        takes = inspect.signature(getattr(Project, self._verb)).parameters
        extra = sorted((given.keys() - set(PLACES[self._verb])) | (options.keys() - set(takes) - {"sample"}))
        extra += sorted(set(NOT_REMOTE) & options.keys())
        if extra:
            raise UsageError(f"{self._verb} takes no {extra[0]} in a function.", hint="remove it")
        places = [self._place(given.get(name)) for name in PLACES[self._verb]]
        self._refuse_other_files()
        return places, options

    @staticmethod
    def _place(value: object) -> object:
        return msgspec.convert(value, Side) if isinstance(value, dict) else value

    def _refuse_other_files(self) -> None:
        here = self._run.request.files or {}
        there = checksums_of(self._items.folder, here)
        for name in sorted(here):
            if there.get(name) != here[name]:
                what = "is another file" if name in there else "is not"
                raise UsageError(f"{name} {what} in the function.", hint="bundle the function again and deploy it")

    def _rehearsed(self, places: list[Any], options: dict[str, Any]) -> object:
        rehearse: Callable[..., object] = getattr(Project(self._run.world.dry).dry_run, self._verb)
        known = inspect.signature(rehearse).parameters
        return rehearse(*places, **{name: value for name, value in options.items() if name in known})

    # --- wet

    def _worked(self, places: list[Any], options: dict[str, Any]) -> Reply:
        table = next((place.table for place in places[:2][::-1] if isinstance(place, Side)), "")
        watch = JobWatch(self._run, f"{self._verb} of {table}")
        found = self._find()
        if found is not None and found.over:
            return self._done(_report(self._items, found))
        try:
            return self._done(self._ran(found, places, options, watch))
        except ConsentRequired as required:
            return self._run.reply("ask", ask=self._question(required))
        except Interrupted:
            if not self._run.deadline.reached:
                raise
            return self._run.reply("continue", progress=watch.progress)
        except LeaseLost:
            raise
        except Locked:
            lock = LockRecord(run=self._run.request.request_id, state="running", who=f"job {self._job_id}")
            return self._run.reply("running", lock=msgspec.to_builtins(lock))

    def _ran(self, found: Job | None, places: list[Any], options: dict[str, Any], watch: JobWatch) -> Report:
        if found is not None:
            return resume(self._items, self._job_id, transform=None, accept_changed_transform=False, listener=watch)
        verb: Callable[..., Report] = getattr(RequestProject(self._items), self._verb)
        sent = {name: value for name, value in options.items() if name != "sample"}
        return verb(*places, **sent, consent=self._run.consent, listener=watch)

    def _done(self, report: Report) -> Reply:
        return self._run.reply("done", result=report_parts(report))

    def _question(self, required: ConsentRequired) -> RemoteQuestion:
        names = [need.name for need in required.needs if need.name]
        request = self._run.request
        return RemoteQuestion(
            question=" ".join(need.question for need in required.needs),
            confirm=names[0] if names else "",
            names=names,
            plan=digest([request.command, request.arguments, required.where]),
        )

    def _find(self) -> Job | None:
        try:
            return self._items.ledger.show(self._job_id)
        except RunError:
            return None

    def _recorded(self) -> RemoteProgress:
        """How far the job is by its checkpoints."""
        found = self._find()
        if found is None:
            return RemoteProgress()
        checkpoints = ItemWorld(self._run.world.dry).ledger.checkpoints(self._job_id)
        counts = sum((each.counts for each in checkpoints.values()), Counts())
        return RemoteProgress(step=1, name=f"job {self._job_id}", read=counts.read, write_units=counts.write_units)


def _report(items: ItemWorld, job: Job) -> Report:
    """The report of a job that is over."""
    target = Digest.parse(job.digest) if job.digest else NOTHING
    return items.priced(Report(job, job.counts, job.ran_seconds, target=target))
