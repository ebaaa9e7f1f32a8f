"""The parts of a refresh, each done by the verb that does it alone, as a job under the refresh."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import urandom

from dynasmith.engine.transfer.refresh_world import PartOutcome
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.job import job_id
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.refresh_recipe import RefreshPart
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy, DeleteItems, Refresh
from dynasmith.plans.consent import Consent
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.copy import copy_items
from dynasmith.project.verbs.delete_items import delete_items
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.migrations.migrations import Migrations
from dynasmith.project.verbs.refreshes.recipe import command_words
from dynasmith.project.verbs.validate import validate
from dynasmith.project.verbs.verify import verify_sides

_VERBS = {"empty": DeleteItems.verb, "copy": Copy.verb}


def refresh_world(
    items: ItemWorld, spec: Refresh, listener: Listener, consent: Consent | None = None
) -> ProjectRefreshWorld:
    """The parts of a refresh in the environment that it is of. Raises UsageError in another one."""
    environment = items.world.settings.environment
    if spec.environment != environment:
        raise UsageError(
            f"The job refreshes {spec.environment}, and this is the environment {environment}.",
            hint=f"add --env {spec.environment}",
        )
    return ProjectRefreshWorld(items, listener, consent or Consent(yes=True))


@dataclass(frozen=True)
class ProjectRefreshWorld:
    """Keeps `dynasmith.engine.transfer.refresh_world.RefreshWorld`. ``consent`` is for what migrations destroy."""

    items: ItemWorld
    listener: Listener
    consent: Consent

    @property
    def clock(self) -> Clock:
        """The project's."""
        return self.items.world.clock

    def job_of(self, part: RefreshPart) -> str:
        """The job of the part; a new id where it has none, or where that was cancelled."""
        if part.do not in _VERBS:
            return ""
        if part.job and not self._is_cancelled(part.job):
            return part.job
        return job_id(_VERBS[part.do], self.items.now(), urandom(3))

    def do(self, spec: Refresh, part: RefreshPart, claim: Claim) -> PartOutcome:
        """One part, to its end."""
        match part.do:
            case "empty":
                return self._job(part, claim, lambda items: self._empty(items, part))
            case "copy":
                return self._job(part, claim, lambda items: self._copy(items, spec, part))
            case "migrate":
                Migrations(self.items.world).run("up", consent=self.consent, listener=self.listener)
                return PartOutcome()
            case "validate":
                tables = dict.fromkeys(each.table for each in spec.parts if each.table)
                verdict = validate(self.items.world, tuple(tables), offline=False)
                return PartOutcome(found=sum(each.severity == "critical" for each in verdict.findings))
            case "verify":
                return self._verify(spec)
            case "run":
                return self._command(part)

    def _job(self, part: RefreshPart, claim: Claim, begin: Callable[[ItemWorld], Report]) -> PartOutcome:
        """Begin the job of a part, or go on with it."""
        items = replace(self.items, job_id=part.job, origin=f"refresh:{claim.job.id}", parent=claim)
        known = next((job for job in items.ledger.jobs() if job.id == part.job), None)
        if known is not None and known.state == "done":
            return PartOutcome(known.counts)
        if known is None:
            report = begin(items)
        else:
            report = resume(items, part.job, transform=None, accept_changed_transform=False, listener=self.listener)
        if report.job.state != "done":
            raise RunError(f"Job {part.job} was {report.job.state}.", hint="resume the refresh: it begins another")
        return PartOutcome(report.counts)

    def _is_cancelled(self, job: str) -> bool:
        return any(each.id == job and each.state == "cancelled" for each in self.items.ledger.jobs())

    def _empty(self, items: ItemWorld, part: RefreshPart) -> Report:
        side = Side(table=part.table)
        consent = Consent(yes=True, confirm=[items.at(side).physical(part.table)])
        return delete_items(items, side, journal=False, by_name=True, consent=consent, listener=self.listener)

    def _copy(self, items: ItemWorld, spec: Refresh, part: RefreshPart) -> Report:
        return copy_items(
            items,
            *part_sides(spec, part),
            transform=part.transform or None,
            options=TransferOptions(condition=part.filter),
            listener=self.listener,
        )

    def _verify(self, spec: Refresh) -> PartOutcome:
        found = 0
        for part in spec.parts:
            if part.do == "copy":
                result = verify_sides(self.items, *part_sides(spec, part), job=part.job, listener=self.listener)
                found += not result.equal
        return PartOutcome(found=found)

    def _command(self, part: RefreshPart) -> PartOutcome:
        """A command of the recipe, beside the project file. What it prints goes to standard error."""
        variables = {**os.environ, "DYNASMITH_ENV": self.items.world.settings.environment}
        with subprocess.Popen(
            command_words(part.command),
            cwd=self.items.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as program:
            assert program.stdout is not None
            for line in program.stdout:
                sys.stderr.write(line)
        if program.returncode:
            raise RunError(f"{part.command} ended with exit code {program.returncode}.", hint="see what it printed")
        return PartOutcome()


def part_sides(spec: Refresh, part: RefreshPart) -> tuple[Side, Side]:
    """Where a table is copied from and to."""
    return replace_table(spec.source, part.table), replace_table(spec.target, part.table)


def replace_table(side: Side, table: str) -> Side:
    """The side of another table in the same place."""
    return Side(
        table=table,
        env=side.env,
        endpoint=side.endpoint,
        region=side.region,
        profile=side.profile,
        role_arn=side.role_arn,
    )
