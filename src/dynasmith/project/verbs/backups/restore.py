"""backup restore, wired: a new table from a backup, from a time, or from an export."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.run import run
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.errors import UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.jobs.restore_report import RestoreReport
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Restore
from dynasmith.plans.consent import Consent
from dynasmith.ports.backups import rfc_3339
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.backups.estimates import estimate_restore
from dynasmith.project.verbs.backups.restore_source import restore_at, restore_of
from dynasmith.project.verbs.export_proof import check_proof
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.new_target import check_table_name
from dynasmith.project.verbs.restore_world import desired_table, restore_world
from dynasmith.project.verbs.tables import exists
from dynasmith.project.world import World
from dynasmith.tables.table import Billing, Encryption, EncryptionKind

_BILLING = {"on-demand": Billing.ON_DEMAND, "provisioned": Billing.PROVISIONED}
_KEY: Final = re.compile(
    r"(?:arn:[\w-]+:kms:[\w-]+:\d{12}:(?:key|alias)/[\w/-]+|alias/[\w/-]+|mrk-[0-9a-f]{32}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z",
    re.IGNORECASE,
)
"""What RestoreTableFromBackup takes as KMSMasterKeyId: an ARN, an id, an alias (API reference, SSESpecification)."""
_ENCRYPTION = {"aws-owned": EncryptionKind.AWS_OWNED, "aws-managed": EncryptionKind.AWS_MANAGED}


class RestoreRequest(Struct, frozen=True, kw_only=True):
    """What a person wants: one of ``source`` (a backup's ARN or name, or a file) and ``table`` with ``at``."""

    target: str
    source: str = ""
    table: str = ""
    at: datetime | str = ""
    region: str = ""
    without_indexes: bool = False
    billing: Billing | None = None
    encryption: Encryption | None = None
    settings: bool = True
    prove: str = ""


def restore_request(
    backup: str | None,
    target: str,
    table: str | None,
    at: datetime | Literal["latest"] | None,
    region: str,
    without_indexes: bool,
    billing: str | None,
    encryption: str | None,
    settings: bool,
    prove: str | Path | None,
) -> RestoreRequest:
    """The arguments of `Backups.restore` as one value."""
    return RestoreRequest(
        target=target,
        source=backup or "",
        table=table or "",
        at=at or "",
        region=region,
        without_indexes=without_indexes,
        billing=None if billing is None else _BILLING[billing],
        encryption=None if encryption is None else _encryption(encryption),
        settings=settings,
        prove="" if prove is None else absolute(str(prove)),
    )


def _encryption(text: str) -> Encryption:
    if text in _ENCRYPTION:
        return Encryption(kind=_ENCRYPTION[text])
    if not _KEY.match(text):
        raise UsageError(
            f"{text!r} is not aws-owned, aws-managed, or a key of KMS.",
            hint="name a key by its ARN (arn:aws:kms:REGION:ACCOUNT:key/ID), its id, or its alias (alias/NAME)",
        )
    return Encryption(kind=EncryptionKind.CUSTOMER, key=text)


class RestoreRehearsal(Struct, frozen=True, kw_only=True):
    """What a restore would do. ``settings`` are those that are applied where the service leaves them out, by their keys
    in a definition; ``settings_from`` is what says what they were. ``estimate`` has no seconds where the service
    restores: it does not say how long that takes."""

    source: str
    at: str
    target: str
    items_expected: int | None
    settings: tuple[str, ...]
    settings_from: str
    estimate: JobEstimate

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "source": self.source,
            "at": self.at or None,
            "target": self.target,
            "items_expected": self.items_expected,
            "settings": list(self.settings),
            "settings_from": self.settings_from or None,
            "estimate": self.estimate.to_json(),
        }


def rehearse_restore(world: World, request: RestoreRequest) -> RestoreRehearsal:
    """See `Backups.rehearse_restore`."""
    spec = _checked(world.dry, request)
    left = ("name", "attributes", "key_schema", "items")
    return RestoreRehearsal(
        source=_source(spec),
        at="" if spec.at is None else rfc_3339(spec.at),
        target=spec.target.table,
        items_expected=spec.expected_items,
        settings=tuple(each for each in spec.before if each not in left) if spec.settings else (),
        settings_from=spec.before_from,
        estimate=estimate_restore(ItemWorld(world.dry), spec),
    )


def restore_table(
    world: World, request: RestoreRequest, *, consent: Consent | None = None, listener: Listener = silent
) -> RestoreReport:
    """See `Backups.restore`."""
    items, spec = ItemWorld(world), _checked(world, request)
    at = "" if spec.at is None else f" as it was at {rfc_3339(spec.at)}"
    text = f"Restore {_source(spec)}{at} to the new table {spec.target.table} in {{where}}?"
    items.granted(consent, spec.target, spec.target.table, text)
    job_world = ProjectJobWorld(items, listener, restoration=lambda spec: restore_world(items, spec, listener))
    claim = items.ledger.begin(new_job(spec, items.context(listener), 1, spec.expected_items))
    return _restored(run(spec, claim, job_world))


def resume_restore(world: World, target: str, *, listener: Listener = silent) -> RestoreReport:
    """Go on with the restore of ``target`` that was stopped. Raises UsageError where there is none, and in a
    dry run."""
    if world.session.only_reads:  # it would write "done" into a job whose settings were not applied
        raise UsageError("backup restore --resume has no dry run; nothing changed.", hint="remove --dry-run")
    name = world.settings.new_name(target)
    job = _stopped(world, name)
    if job is None:
        raise UsageError(f"No restore of {name} is there to go on with.", hint="dynasmith jobs list shows the jobs")
    report = resume(ItemWorld(world), job.id, transform=None, accept_changed_transform=False, listener=listener)
    return _restored(report)


def _restored(report: Report) -> RestoreReport:
    assert isinstance(report, RestoreReport)
    return report


def _checked(world: World, request: RestoreRequest) -> Restore:
    """The spec. Everything that can be known to be wrong is said before there is a job, or a question."""
    if bool(request.source) == bool(request.table):
        raise UsageError(
            "A restore is of a backup, of a file, or of a table at a time.",
            hint="dynasmith backup restore BACKUP --target NAME, or --table NAME --at TIME --target NAME",
        )
    if bool(request.table) != bool(request.at):
        raise UsageError("--table and --at belong together.", hint="--at latest is the newest time that there is")
    side = Side(table=request.target, region=request.region)
    at = world.elsewhere(side)
    side = replace(side, table=at.settings.new_name(request.target))
    check_table_name(side.table)
    if request.prove and not is_s3(request.prove):
        layout_of([request.prove])  # what is not there is said before the service restores for an hour
    if exists(at, side.table):
        job = _stopped(world, side.table)
        hint = "name another --target" if job is None else f"go on with {job.id}: --resume"
        raise UsageError(f"Table {side.table} exists already; a restore always makes a new table.", hint=hint)
    if request.source:
        spec = restore_of(world, side, request.source, across_regions=bool(request.region))
    else:
        spec = restore_at(world, side, request.table, request.at)
    spec = replace(
        spec,
        without_indexes=request.without_indexes,
        billing=request.billing,
        encryption=request.encryption,
        settings=request.settings,
        prove=request.prove,
    )
    if spec.role and (request.without_indexes or request.billing or request.encryption):
        raise UsageError(
            "AWS Backup restores a table as it was: without other billing, encryption or indexes.",
            hint="restore it, then apply a definition that changes them",
        )
    if request.billing is Billing.PROVISIONED and spec.before.get("billing_mode", "PROVISIONED") != "PROVISIONED":
        raise UsageError(
            "The table was on demand, so there is no capacity for --billing provisioned.",
            hint="restore it on demand, then set billing and capacity in its definition and apply it",
        )
    if is_s3(spec.prove):
        check_proof(ItemWorld(world), spec)
    desired_table(spec, at)  # a definition that is not valid is said before anything is done
    return spec


def _stopped(world: World, table: str) -> Job | None:
    """The newest restore of that table that can be gone on with."""
    job = restore_job(world, table)
    return job if job is not None and job.resumable else None


def restore_job(world: World, table: str) -> Job | None:
    """The newest restore of that table, in whatever state."""
    jobs = ItemWorld(world).ledger.jobs()
    mine = [job for job in jobs if isinstance(job.spec, Restore) and job.spec.target.table == table]
    return mine[-1] if mine else None


def _source(spec: Restore) -> str:
    return spec.backup or spec.table or spec.file
