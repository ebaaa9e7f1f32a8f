"""What each verb prints with ``--json``: the types of its documents, and when it prints which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from dynasmith.cli.json_types import backups, functions, items, migrations, tables, values


class EntryTypes(NamedTuple):
    """A list whose entries are of one of these types."""

    types: tuple[Any, ...]


class OutputShape(NamedTuple):
    """One document: its type, and when it is printed, empty where always."""

    type: Any
    when: str = ""


DRY: Final = "with `--dry-run`"
_RUN: Final = (
    OutputShape(migrations.MigrationRunDocument),
    OutputShape(migrations.RemoteRunDocument, "with `--remote`"),
    OutputShape(migrations.RehearsalDocument, DRY),
)
_RESTORES: Final = (
    OutputShape(backups.RestoreDocument, "with `--target`"),
    OutputShape(backups.RestoreDryRun, "with `--target --dry-run`"),
    OutputShape(backups.RollbackDocument, "with `--into`"),
    OutputShape(backups.RollbackDryRun, "with `--into --dry-run`"),
)
_FINDINGS: Final = (
    tables.FindingDetails,
    tables.InvalidItemFinding,
    tables.ItemTotalsFinding,
    tables.ManyItemsFinding,
    tables.ItemCensusFinding,
)
_TRANSFER: Final = (OutputShape(items.JobReport), OutputShape(items.TransferDryRun, DRY))

OUTPUTS: Final[Mapping[str, tuple[OutputShape, ...]]] = {
    "init": (OutputShape(functions.InitDocument),),
    "local start": (OutputShape(functions.EngineRunningDocument),),
    "local stop": (OutputShape(functions.EngineStoppedDocument),),
    "local status": (OutputShape(functions.EngineStatusDocument),),
    "local logs": (OutputShape(list[str]),),
    "doctor": (OutputShape(list[functions.CheckDetails]),),
    "permissions": (OutputShape(functions.PolicyDocument),),
    "schema": (OutputShape(dict[str, Any]),),
    "fmt": (OutputShape(list[functions.FormattedDetails]),),
    "completion": (OutputShape(functions.CompletionDocument),),
    "help": (OutputShape(functions.HelpDocument),),
    "list": (OutputShape(list[tables.TableRow]),),
    "describe": (OutputShape(tables.TableDetails),),
    "outputs": (OutputShape(list[tables.TableOutputs]),),
    "import": (OutputShape(functions.ImportDocument),),
    "render models": (OutputShape(functions.ImportDocument),),
    "render terraform": (OutputShape(functions.RenderDocument),),
    "render cloudformation": (OutputShape(functions.RenderDocument),),
    "render create-table": (OutputShape(functions.RenderDocument),),
    "create": (OutputShape(list[tables.TableRow]), OutputShape(tables.PlanDocument, DRY)),
    "delete": (OutputShape(tables.DeleteDocument),),
    "ensure": (
        OutputShape(tables.EnsureDocument),
        OutputShape(tables.RemoteEnsureDocument, "with `--remote`"),
        OutputShape(tables.PlanDocument, DRY),
    ),
    "plan": (OutputShape(tables.PlanDocument),),
    "apply": (
        OutputShape(tables.ApplyDocument),
        OutputShape(items.ApplyJobDetails, "with `--detach`"),
        OutputShape(tables.PlanDocument, "with `--detach --dry-run`, or where nothing is to be done"),
    ),
    "check": (OutputShape(tables.CheckDocument), OutputShape(tables.FormCheckDocument, "with `--from`")),
    "retire": (
        OutputShape(EntryTypes((tables.RetiredTable, tables.UnretiredTable))),
        OutputShape(list[tables.RetirementPlan], DRY),
    ),
    "validate": (
        OutputShape(EntryTypes(_FINDINGS)),
        OutputShape(list[tables.PracticeDetails], "with `--checklist`"),
    ),
    "get": (OutputShape(items.Item),),
    "put": (OutputShape(items.WrittenItem),),
    "delete-item": (OutputShape(items.DeletedItem),),
    "scan": (OutputShape(items.ItemsDocument),),
    "query": (OutputShape(items.ItemsDocument),),
    "count": (OutputShape(items.CountDocument),),
    "populate": _TRANSFER,
    "export": _TRANSFER,
    "copy": _TRANSFER,
    "backfill": (
        OutputShape(items.JobReport),
        OutputShape(items.BackfillDryRunDocument, DRY),
        OutputShape(items.BackfillCheckDocument, "with `--check`"),
    ),
    "delete-items": (OutputShape(items.JobReport), OutputShape(items.DeletionDryRunDocument, DRY)),
    "erase": (OutputShape(items.ErasureDocument), OutputShape(list[items.ErasureDryRunDetails], DRY)),
    "refresh": (OutputShape(items.RefreshDocument), OutputShape(items.RefreshDryRunDocument, DRY)),
    "replace start": (OutputShape(items.ReplacementDocument), OutputShape(items.TransferDryRun, DRY)),
    "replace status": (OutputShape(items.ReplacementDocument),),
    "replace verify": (OutputShape(items.ReplacementDocument),),
    "replace cutover": (OutputShape(items.ReplacementDocument),),
    "replace back": (OutputShape(items.ReplacementDocument),),
    "replace finish": (OutputShape(items.ReplacementDocument),),
    "replace abort": (OutputShape(items.ReplacementDocument),),
    "migrate status": (OutputShape(migrations.MigrationStatusDocument),),
    "migrate list": (OutputShape(list[migrations.MigrationDetails]),),
    "migrate outstanding": (OutputShape(list[str]),),
    "migrate up": _RUN,
    "migrate down": _RUN,
    "migrate to": _RUN,
    "migrate all": _RUN,
    "migrate repeat": _RUN,
    "migrate rollback": _RUN,
    "migrate run": _RUN,
    "migrate reset": _RUN,
    "migrate preflight": (OutputShape(list[migrations.PreflightDetails]),),
    "migrate generate": (OutputShape(str),),
    "migrate mark": (
        OutputShape(list[migrations.MigrationEventDetails]),
        OutputShape(migrations.OneTableMarksDocument, "with `--from-onetable`"),
    ),
    "migrate show": (OutputShape(list[migrations.MigrationEventDetails]),),
    "migrate verify": (OutputShape(list[str]),),
    "migrate unlock": (OutputShape(migrations.MigrationLockDetails),),
    "lambda attach": (OutputShape(functions.AttachedTriggerDetails),),
    "lambda detach": (OutputShape(functions.AttachedTriggerDetails),),
    "lambda list": (OutputShape(EntryTypes((functions.TriggerDetails, functions.GrantedAccessDetails))),),
    "lambda logs": (OutputShape(list[functions.LogLineDetails]),),
    "lambda bundle": (OutputShape(functions.BundleDocument),),
    "lambda policy": (OutputShape(functions.PolicyDocument),),
    "lambda grant": (OutputShape(list[functions.AccessChangeDetails]),),
    "lambda revoke": (OutputShape(list[functions.AccessChangeDetails]),),
    "verify": (OutputShape(items.VerifyDocument),),
    "backup create": (
        OutputShape(EntryTypes((backups.CreatedBackupDetails, values.TableError))),
        OutputShape(list[backups.BackupPlace], DRY),
    ),
    "backup list": (
        OutputShape(list[backups.BackupDetails]),
        OutputShape(list[backups.ScheduledBackupsDetails], "with `--scheduled`"),
    ),
    "backup show": (OutputShape(backups.BackupDetails),),
    "backup delete": (OutputShape(backups.BackupDetails),),
    "backup prune": (OutputShape(backups.PruneDocument),),
    "backup restore": _RESTORES,
    "backup schedule": (OutputShape(backups.BackupScheduleDetails),),
    "backup unschedule": (OutputShape(backups.BackupScheduleDetails),),
    "backup jobs": (OutputShape(list[backups.BackupJobDetails]),),
    "metrics": (OutputShape(tables.MetricsDocument),),
    "replicas": (OutputShape(list[tables.ReplicaReportDetails]),),
    "diagnose": (OutputShape(list[tables.DiagnosisDetails]),),
    "report": (OutputShape(functions.ReportDocument),),
    "console": (OutputShape(functions.ConsoleDocument),),
    "jobs list": (OutputShape(list[items.JobDetails]),),
    "jobs show": (
        OutputShape(items.ShownJob),
        OutputShape(list[items.DeadLetterDetails], "with `--dead`"),
        OutputShape(items.ServiceTransferDetails, "of an ARN of the service"),
    ),
    "jobs resume": (
        OutputShape(items.JobReport),
        OutputShape(backups.RestoreDocument, "of a restore"),
        OutputShape(items.RefreshDocument, "of a refresh"),
        OutputShape(items.ReplacementDocument, "of a replacement"),
        OutputShape(items.ApplyJobDetails, "of a detached apply"),
        OutputShape(list[items.JobDetails], "with `--all`"),
    ),
    "jobs wait": (OutputShape(items.JobDetails),),
    "jobs cancel": (OutputShape(items.JobDetails),),
    "jobs pause": (OutputShape(items.JobDetails),),
    "jobs proceed": (OutputShape(items.JobDetails),),
    "jobs pace": (OutputShape(items.JobDetails),),
    "jobs undo": (OutputShape(items.JobReport), OutputShape(items.UndoDryRunDocument, DRY)),
    "jobs prune": (OutputShape(list[str]),),
}
"""By the words of the verb, in the order of the help. `demo` alone prints no document: it is a tour for people."""
