"""dynasmith: the whole life of DynamoDB tables.

::

    from dynasmith import Project

    with Project.load(env="local") as project:            # the project file, found from the working directory
        project.ensure()                                   # create the defined tables that are missing
        plan = project.plan()                              # what would change; reads only
        project.apply(plan)                                # change it
        report = project.copy("orders", "orders_v2", transform="shop.moves:split_name")
        print(report.counts.written, project.verify("orders", "orders_v2", job=report.job.id).equal)

``Project.load`` gives a project of definition files, ``connect`` one of arguments alone. Everything is a method of
`Project`, or of its groups: ``project.jobs``, ``project.migrations``, ``project.backups``. Options have the names that
they have on the command line.

The names of this module:

- **Tables**: `Table` and its parts (`Key`, `KeyAttribute`, `Index`, `LocalIndex`, `Projection`, `Capacity` ...), and
  `TableDescription`, a live one.
- **Changes**: `Plan`, `Consent`, `ApplyReport`, `Ensured`; `Detached` and `TickReport` for an apply that no process
  stays for.
- **Encryption**: `EncryptionKey`, for ``crypto=``.
- **Items**: `Side` (a table elsewhere), `Database` (a source), `Cluster` (workers elsewhere; a `WorkerPlace` is
  one, or its name, or an open `DaskClient` or `SparkDriver`), `Report`, `Counts`, `Job`, `VerifyResult`, `DryRun`;
  `Context`, the second argument of a transform, and `ItemRefused`, which it may raise. `dynasmith.operations` has
  operations for ``transform=``.
- **Findings**: `Verdict`, `Finding`, `ItemFinding`, `ItemTotals`, `ItemsFinding`, `ItemCensus`, `AttributeCount`,
  `PracticeResult`, `checklist`, `examine`.
- **Events**: a `Listener` is called with each `Event`: `FlowProgress`, `StepDone` ...
- **Errors**: `DynasmithError` is the base of all; `dynasmith.errors` draws the tree.

Importing the module imports neither boto3 nor pydantic nor a command-line library: each name is loaded when it is first
used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from dynasmith.version import __version__

if TYPE_CHECKING:
    from dynasmith import errors, operations
    from dynasmith.aws.control.session import BotoSession
    from dynasmith.engine.apply import Applied, ApplyReport
    from dynasmith.engine.backfill.concurrent_edits import ConcurrentEdits, UndoReport
    from dynasmith.engine.backfill.difference import ItemDifference
    from dynasmith.engine.backfill.dry_run import BackfillDryRun, CheckResult
    from dynasmith.engine.backfill.undo import UndoDryRun
    from dynasmith.engine.db.collection import Collection
    from dynasmith.engine.db.db import Db
    from dynasmith.engine.db.include import IncludeExplanation
    from dynasmith.engine.db.pivot import SyncCounts
    from dynasmith.engine.db.query import Query
    from dynasmith.engine.db.query_explanation import QueryExplanation
    from dynasmith.engine.db.query_state import ModelPage
    from dynasmith.engine.db.transaction import Transaction
    from dynasmith.engine.deletion.dry_run import DeletionDryRun
    from dynasmith.engine.ensure import Ensured
    from dynasmith.engine.metrics.table_metrics import TableMetrics
    from dynasmith.engine.retire import Retirement
    from dynasmith.engine.ticks.apply_job import Detached
    from dynasmith.engine.ticks.tick import TickReport
    from dynasmith.engine.transfer.dry_run import DryRun, ItemSample
    from dynasmith.engine.transfer.events import FlowDead, FlowEnded, FlowNote, FlowProgress, FlowStarted, FlowStopping
    from dynasmith.engine.transfer.verify import KeyDifference, VerifyResult
    from dynasmith.engine.waiter import StopFlag
    from dynasmith.errors import (
        AccessDenied,
        AccessError,
        BackupNotFound,
        ChangeConflict,
        CheckpointError,
        ConditionFailed,
        ConsentRequired,
        CredentialsExpired,
        DataError,
        DecryptionFailed,
        DefinitionError,
        DynasmithError,
        FileFormatError,
        HookFailed,
        Interrupted,
        ItemExists,
        ItemInvalid,
        ItemNotFound,
        JobNotFound,
        LeaseLost,
        LimitExceeded,
        Locked,
        NoCredentials,
        NoEffect,
        NotLoaded,
        NotOffered,
        Postponed,
        ProjectError,
        Recorded,
        RemoteFailure,
        ReplacementRequired,
        RunError,
        ScanNeeded,
        ServiceError,
        ServiceUnavailable,
        SeveralFailed,
        StalePlan,
        TableBusy,
        TableExists,
        TableNotFound,
        TemplateIncomplete,
        Throttled,
        TransactionFailed,
        TransactionReason,
        TransformError,
        Unreachable,
        UsageError,
        ValidationRefused,
        ValueTaken,
        VersionConflict,
        WaitTimeout,
    )
    from dynasmith.files.bundles.project_files import ExcludedFile
    from dynasmith.iac.files import RenderedFiles
    from dynasmith.iac.readers.foreign_tables import UnresolvedValue
    from dynasmith.iac.unsaid import Unsaid
    from dynasmith.items.ctx import Context
    from dynasmith.items.digest import Digest, digest_items
    from dynasmith.items.transform import ItemRefused
    from dynasmith.jobs.activity import ActivitySample, JobActivity, SegmentsPart
    from dynasmith.jobs.cluster import Cluster, DaskClient, SparkDriver, WorkerPlace
    from dynasmith.jobs.copy_alternatives import CopyAlternative
    from dynasmith.jobs.counts import Counts
    from dynasmith.jobs.definition_patch import DefinitionPatch
    from dynasmith.jobs.erasure_recipe import ErasedTable
    from dynasmith.jobs.erasure_report import ErasureReport, TableErasureDryRun
    from dynasmith.jobs.estimate import JobEstimate
    from dynasmith.jobs.job import Job
    from dynasmith.jobs.options import Database
    from dynasmith.jobs.refresh_recipe import RefreshPart
    from dynasmith.jobs.refresh_report import PartDryRun, RefreshDryRun, RefreshReport
    from dynasmith.jobs.replacement_progress import BlockedKey, KeyFigures, ReplacementProgress
    from dynasmith.jobs.replacement_report import Replacement
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.restore_report import ItemProof, RestoredSetting, RestoreReport
    from dynasmith.jobs.service_transfer import ServiceResult
    from dynasmith.jobs.side import Side
    from dynasmith.models import Model
    from dynasmith.plans.consent import Consent
    from dynasmith.plans.plan import Plan, PlanFailure, TablePlan, decode_plan, encode_plan
    from dynasmith.plans.retirement import RetirementStep
    from dynasmith.plans.side_differences import SideDifference
    from dynasmith.plans.where import Where
    from dynasmith.ports.backup_jobs import BackupJob
    from dynasmith.ports.backups import TableBackup
    from dynasmith.ports.clock import Clock
    from dynasmith.ports.encryption import EncryptionKey
    from dynasmith.ports.function_logs import LogLine
    from dynasmith.ports.guard import RefusedCall
    from dynasmith.ports.items import DeadLetter
    from dynasmith.ports.listener import (
        BackupWaiting,
        Event,
        Listener,
        RestoreStep,
        RestoreWaiting,
        RetirementFound,
        RetirementStepDone,
        StepDone,
        StepStarted,
        StepWaiting,
        TableDone,
        TableFailed,
        TablePostponed,
        TableStarted,
    )
    from dynasmith.ports.metrics import MetricPoint, MetricSeries, UnknownMetric
    from dynasmith.ports.scheduled_backups import ScheduledBackupRule, ScheduledBackups, ScheduledSelection
    from dynasmith.ports.tables import Identity
    from dynasmith.project.model_table import ModelTable
    from dynasmith.project.onetable_project import NewProject, onetable_project
    from dynasmith.project.project import Project, connect
    from dynasmith.project.verbs.backups.backups import Backups
    from dynasmith.project.verbs.backups.deletion import PrunedBackups
    from dynasmith.project.verbs.backups.restore import RestoreRehearsal
    from dynasmith.project.verbs.backups.results import BackupCreation, CreatedBackup
    from dynasmith.project.verbs.backups.rollback import RollbackRehearsal, RollbackReport
    from dynasmith.project.verbs.backups.schedule import BackupSchedule
    from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding
    from dynasmith.project.verbs.diagnosis_parts import Diagnosis
    from dynasmith.project.verbs.dry_runs import DryRuns
    from dynasmith.project.verbs.form_check import FormCheck
    from dynasmith.project.verbs.jobs import Jobs
    from dynasmith.project.verbs.lambda_bundle import Bundle
    from dynasmith.project.verbs.lambda_policy import FunctionPolicy
    from dynasmith.project.verbs.lambdas import Lambdas
    from dynasmith.project.verbs.method_options import BackfillOptions, CopyOptions, PopulateOptions
    from dynasmith.project.verbs.migrations.migrations import Migrations
    from dynasmith.project.verbs.model_import import ImportedText
    from dynasmith.project.verbs.remote.remote_migrations import RemoteMigrations, RemoteResult
    from dynasmith.project.verbs.remote.remote_project import RemoteProject, RemoteTables
    from dynasmith.project.verbs.render import Render
    from dynasmith.project.verbs.replicas import ReplicaReport
    from dynasmith.project.verbs.table_access import AccessChange, GrantedAccess
    from dynasmith.project.verbs.table_triggers import AttachedTrigger, TableTrigger
    from dynasmith.project.verbs.tables import ListedTable
    from dynasmith.project.verbs.transforms import AnyTransform
    from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion, ReplyError
    from dynasmith.tables.description import IndexState, ReplicaState, TableDescription, TriggerState, WatchedMetric
    from dynasmith.tables.table import (
        Access,
        Alarm,
        AlarmKind,
        Autoscaling,
        BackupPlan,
        BackupRule,
        Billing,
        Capacity,
        Consistency,
        Encryption,
        EncryptionKind,
        Index,
        Insights,
        InsightsMode,
        Key,
        KeyAttribute,
        KinesisDestination,
        KinesisPrecision,
        LocalIndex,
        OnDemandMaximum,
        Projection,
        ProjectionKind,
        Recovery,
        Replica,
        Scaling,
        StreamView,
        Suppression,
        Table,
        TableClass,
        Trigger,
        Warm,
    )
    from dynasmith.validate import (
        AcceptedFinding,
        AttributeCount,
        Finding,
        ItemCensus,
        ItemFinding,
        ItemsFinding,
        ItemTotals,
        PracticeResult,
        Verdict,
        checklist,
    )
    from dynasmith.validate.examine import examine

_HOMES = {
    "engine.metrics.table_metrics": "TableMetrics",
    "ports.metrics": "MetricPoint MetricSeries UnknownMetric",
    "ports.guard": "RefusedCall",
    "ports.items": "DeadLetter",
    "jobs.activity": "ActivitySample JobActivity SegmentsPart",
    "jobs.estimate": "JobEstimate",
    "project.verbs.dry_runs": "DryRuns",
    "project.verbs.jobs": "Jobs",
    "project.verbs.backups.backups": "Backups",
    "project.verbs.backups.results": "BackupCreation CreatedBackup",
    "project.verbs.backups.schedule": "BackupSchedule",
    "project.verbs.diagnosis.finding": "DiagnosisFinding",
    "project.verbs.diagnosis_parts": "Diagnosis",
    "ports.backup_jobs": "BackupJob",
    "project.verbs.backups.deletion": "PrunedBackups",
    "project.verbs.lambda_bundle": "Bundle",
    "project.verbs.table_access": "AccessChange GrantedAccess",
    "files.bundles.project_files": "ExcludedFile",
    "project.verbs.lambda_policy": "FunctionPolicy",
    "project.verbs.lambdas": "Lambdas",
    "project.verbs.backups.restore": "RestoreRehearsal",
    "project.verbs.method_options": "BackfillOptions CopyOptions PopulateOptions",
    "project.verbs.backups.rollback": "RollbackRehearsal RollbackReport",
    "project.verbs.migrations.migrations": "Migrations",
    "project.verbs.remote.remote_migrations": "RemoteMigrations RemoteResult",
    "project.verbs.remote.remote_project": "RemoteProject RemoteTables",
    "remote.protocol": "RemoteProgress RemoteQuestion ReplyError",
    "project.verbs.render": "Render",
    "project.onetable_project": "NewProject onetable_project",
    "project.verbs.form_check": "FormCheck",
    "plans.side_differences": "SideDifference",
    "project.verbs.model_import": "ImportedText",
    "iac.files": "RenderedFiles",
    "iac.unsaid": "Unsaid",
    "iac.readers.foreign_tables": "UnresolvedValue",
    "plans.where": "Where",
    "aws.control.session": "BotoSession",
    "engine.apply": "Applied ApplyReport",
    "engine.ticks.tick": "TickReport",
    "engine.ticks.apply_job": "Detached",
    "engine.backfill.concurrent_edits": "ConcurrentEdits UndoReport",
    "engine.backfill.difference": "ItemDifference",
    "engine.backfill.dry_run": "BackfillDryRun CheckResult",
    "engine.deletion.dry_run": "DeletionDryRun",
    "engine.backfill.undo": "UndoDryRun",
    "engine.db.db": "Db",
    "engine.db.include": "IncludeExplanation",
    "engine.db.collection": "Collection",
    "engine.db.pivot": "SyncCounts",
    "engine.db.query": "Query",
    "engine.db.query_explanation": "QueryExplanation",
    "engine.db.query_state": "ModelPage",
    "engine.db.transaction": "Transaction",
    "engine.ensure": "Ensured",
    "engine.retire": "Retirement",
    "engine.transfer.dry_run": "DryRun ItemSample",
    "engine.transfer.events": "FlowDead FlowEnded FlowNote FlowProgress FlowStarted FlowStopping",
    "engine.transfer.verify": "KeyDifference VerifyResult",
    "engine.waiter": "StopFlag",
    "items.ctx": "Context",
    "items.digest": "Digest digest_items",
    "items.transform": "ItemRefused",
    "jobs.copy_alternatives": "CopyAlternative",
    "jobs.cluster": "Cluster DaskClient SparkDriver WorkerPlace",
    "jobs.counts": "Counts",
    "jobs.job": "Job",
    "jobs.options": "Database",
    "jobs.report": "Report",
    "jobs.erasure_recipe": "ErasedTable",
    "jobs.erasure_report": "ErasureReport TableErasureDryRun",
    "jobs.refresh_recipe": "RefreshPart",
    "jobs.refresh_report": "PartDryRun RefreshDryRun RefreshReport",
    "jobs.definition_patch": "DefinitionPatch",
    "jobs.replacement_progress": "BlockedKey KeyFigures ReplacementProgress",
    "jobs.replacement_report": "Replacement",
    "jobs.restore_report": "ItemProof RestoreReport RestoredSetting",
    "jobs.service_transfer": "ServiceResult",
    "jobs.side": "Side",
    "models": "Model",
    "plans.consent": "Consent",
    "plans.plan": "Plan PlanFailure TablePlan decode_plan encode_plan",
    "plans.retirement": "RetirementStep",
    "ports.backups": "TableBackup",
    "ports.scheduled_backups": "ScheduledBackupRule ScheduledBackups ScheduledSelection",
    "ports.clock": "Clock",
    "ports.encryption": "EncryptionKey",
    "ports.function_logs": "LogLine",
    "ports.listener": "BackupWaiting Event Listener RestoreStep RestoreWaiting RetirementFound RetirementStepDone "
    "StepDone StepStarted StepWaiting TableDone TableFailed TablePostponed TableStarted",
    "ports.tables": "Identity",
    "project.project": "Project connect",
    "project.model_table": "ModelTable",
    "project.verbs.table_triggers": "AttachedTrigger TableTrigger",
    "project.verbs.replicas": "ReplicaReport",
    "project.verbs.tables": "ListedTable",
    "project.verbs.transforms": "AnyTransform",
    "tables.description": "IndexState ReplicaState TableDescription TriggerState WatchedMetric",
    "tables.table": "Insights InsightsMode KinesisDestination KinesisPrecision "
    "Access Alarm AlarmKind Autoscaling BackupPlan BackupRule Billing Capacity Consistency Encryption "
    "EncryptionKind Index Key KeyAttribute LocalIndex OnDemandMaximum Projection ProjectionKind "
    "Recovery Replica Scaling StreamView Suppression Table TableClass Trigger Warm",
    "validate": "AcceptedFinding AttributeCount Finding ItemCensus ItemFinding ItemTotals ItemsFinding PracticeResult "
    "Verdict checklist examine",
}
"""Where each public name is, but for the errors."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_MODULES = ("errors", "operations")

__all__ = [
    "AcceptedFinding",
    "Access",
    "AccessChange",
    "AccessDenied",
    "AccessError",
    "ActivitySample",
    "Alarm",
    "AlarmKind",
    "AnyTransform",
    "Applied",
    "ApplyReport",
    "AttachedTrigger",
    "AttributeCount",
    "Autoscaling",
    "BackfillDryRun",
    "BackfillOptions",
    "BackupCreation",
    "BackupJob",
    "BackupNotFound",
    "BackupPlan",
    "BackupRule",
    "BackupSchedule",
    "BackupWaiting",
    "Backups",
    "Billing",
    "BlockedKey",
    "BotoSession",
    "Bundle",
    "Capacity",
    "ChangeConflict",
    "CheckResult",
    "CheckpointError",
    "Clock",
    "Cluster",
    "Collection",
    "ConcurrentEdits",
    "ConditionFailed",
    "Consent",
    "ConsentRequired",
    "Consistency",
    "Context",
    "CopyAlternative",
    "CopyOptions",
    "Counts",
    "CreatedBackup",
    "CredentialsExpired",
    "DaskClient",
    "DataError",
    "Database",
    "Db",
    "DeadLetter",
    "DecryptionFailed",
    "DefinitionError",
    "DefinitionPatch",
    "DeletionDryRun",
    "Detached",
    "Diagnosis",
    "DiagnosisFinding",
    "Digest",
    "DryRun",
    "DryRuns",
    "DynasmithError",
    "Encryption",
    "EncryptionKey",
    "EncryptionKind",
    "Ensured",
    "ErasedTable",
    "ErasureReport",
    "Event",
    "ExcludedFile",
    "FileFormatError",
    "Finding",
    "FlowDead",
    "FlowEnded",
    "FlowNote",
    "FlowProgress",
    "FlowStarted",
    "FlowStopping",
    "FormCheck",
    "FunctionPolicy",
    "GrantedAccess",
    "HookFailed",
    "Identity",
    "ImportedText",
    "IncludeExplanation",
    "Index",
    "IndexState",
    "Insights",
    "InsightsMode",
    "Interrupted",
    "ItemCensus",
    "ItemDifference",
    "ItemExists",
    "ItemFinding",
    "ItemInvalid",
    "ItemNotFound",
    "ItemProof",
    "ItemRefused",
    "ItemSample",
    "ItemTotals",
    "ItemsFinding",
    "Job",
    "JobActivity",
    "JobEstimate",
    "JobNotFound",
    "Jobs",
    "Key",
    "KeyAttribute",
    "KeyDifference",
    "KeyFigures",
    "KinesisDestination",
    "KinesisPrecision",
    "Lambdas",
    "LeaseLost",
    "LimitExceeded",
    "ListedTable",
    "Listener",
    "LocalIndex",
    "Locked",
    "LogLine",
    "MetricPoint",
    "MetricSeries",
    "Migrations",
    "Model",
    "ModelPage",
    "ModelTable",
    "NewProject",
    "NoCredentials",
    "NoEffect",
    "NotLoaded",
    "NotOffered",
    "OnDemandMaximum",
    "PartDryRun",
    "Plan",
    "PlanFailure",
    "PopulateOptions",
    "Postponed",
    "PracticeResult",
    "Project",
    "ProjectError",
    "Projection",
    "ProjectionKind",
    "PrunedBackups",
    "Query",
    "QueryExplanation",
    "Recorded",
    "Recovery",
    "RefreshDryRun",
    "RefreshPart",
    "RefreshReport",
    "RefusedCall",
    "RemoteFailure",
    "RemoteMigrations",
    "RemoteProgress",
    "RemoteProject",
    "RemoteQuestion",
    "RemoteResult",
    "RemoteTables",
    "Render",
    "RenderedFiles",
    "Replacement",
    "ReplacementProgress",
    "ReplacementRequired",
    "Replica",
    "ReplicaReport",
    "ReplicaState",
    "ReplyError",
    "Report",
    "RestoreRehearsal",
    "RestoreReport",
    "RestoreStep",
    "RestoreWaiting",
    "RestoredSetting",
    "Retirement",
    "RetirementFound",
    "RetirementStep",
    "RetirementStepDone",
    "RollbackRehearsal",
    "RollbackReport",
    "RunError",
    "Scaling",
    "ScanNeeded",
    "ScheduledBackupRule",
    "ScheduledBackups",
    "ScheduledSelection",
    "SegmentsPart",
    "ServiceError",
    "ServiceResult",
    "ServiceUnavailable",
    "SeveralFailed",
    "Side",
    "SideDifference",
    "SparkDriver",
    "StalePlan",
    "StepDone",
    "StepStarted",
    "StepWaiting",
    "StopFlag",
    "StreamView",
    "Suppression",
    "SyncCounts",
    "Table",
    "TableBackup",
    "TableBusy",
    "TableClass",
    "TableDescription",
    "TableDone",
    "TableErasureDryRun",
    "TableExists",
    "TableFailed",
    "TableMetrics",
    "TableNotFound",
    "TablePlan",
    "TablePostponed",
    "TableStarted",
    "TableTrigger",
    "TemplateIncomplete",
    "Throttled",
    "TickReport",
    "Transaction",
    "TransactionFailed",
    "TransactionReason",
    "TransformError",
    "Trigger",
    "TriggerState",
    "UndoDryRun",
    "UndoReport",
    "UnknownMetric",
    "Unreachable",
    "UnresolvedValue",
    "Unsaid",
    "UsageError",
    "ValidationRefused",
    "ValueTaken",
    "Verdict",
    "VerifyResult",
    "VersionConflict",
    "WaitTimeout",
    "Warm",
    "WatchedMetric",
    "Where",
    "WorkerPlace",
    "__version__",
    "checklist",
    "connect",
    "decode_plan",
    "digest_items",
    "encode_plan",
    "errors",
    "examine",
    "onetable_project",
    "operations",
]


if not TYPE_CHECKING:  # a type checker must not believe that every name is there

    def __getattr__(name: str) -> Any:  # the type of each name is in the imports above
        """Load a public name from its home when it is first asked for."""
        if name in _MODULES:
            return importlib.import_module(f"dynasmith.{name}")
        if name not in __all__:
            raise AttributeError(f"module 'dynasmith' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"dynasmith.{_HOME_OF.get(name, 'errors')}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
