"""backup schedule, unschedule and jobs, wired. A schedule is the setting ``backup_plan``, planned and applied alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.aws.control.actions import SCHEDULES
from dynasmith.aws.control.backup_jobs import AwsBackupJobs
from dynasmith.aws.errors.action_resources import ResourceNames, policy_statements
from dynasmith.aws.errors.policy_statement import denied_action, partition_of
from dynasmith.aws.errors.refusal import allowing, resource_of
from dynasmith.errors import AccessDenied, AccessError, DynasmithError, NotOffered, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.plans.explain import step_text
from dynasmith.plans.plan import Plan
from dynasmith.ports.backup_jobs import BackupJob
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.world import TableName, World
from dynasmith.tables.backup_names import ROLE
from dynasmith.tables.backup_schedule import schedule_problem
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.backup_plan import merged
from dynasmith.tables.table import BackupPlan, BackupRule, Table, known

SETTING: Final = "backup_plan"
DAILY: Final = BackupRule(name="daily", schedule="cron(0 2 * * ? *)", keep_days=30)
WEEKLY: Final = BackupRule(name="weekly", schedule="cron(0 2 ? * SUN *)", keep_days=90)


class BackupSchedule(Struct, frozen=True, kw_only=True):
    """What AWS Backup has for a table, and what was changed. Empty texts for what is not there."""

    table: str
    vault: str = ""
    plan_id: str = ""
    selection_id: str = ""
    role: str = ""
    rules: tuple[BackupRule, ...] = ()
    changed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        names = ("vault", "plan_id", "selection_id", "role")
        return {
            "table": self.table,
            **{name: getattr(self, name) or None for name in names},
            "changed": [*self.changed],
        }


def rule_of(text: str) -> BackupRule:
    """A rule as ``--rule`` writes it: ``NAME=cron(...)``, then ``:KEEP_DAYS``. Raises UsageError."""
    name, equals, rest = text.partition("=")
    schedule, _, keep = rest.strip().partition("):")
    schedule = schedule if not keep else f"{schedule})"
    problem = schedule_problem(schedule.strip())
    if not equals or not name.strip() or problem or (keep and not keep.strip().isdigit()):
        why = f" {problem}" if equals and problem else " is not NAME=cron(...) or NAME=cron(...):KEEP_DAYS"
        raise UsageError(f"The rule {text}{why}.", hint='for example --rule "hourly=cron(0 * * * ? *):7"')
    return BackupRule(name=name.strip(), schedule=schedule.strip(), keep_days=int(keep) if keep else None)


def schedule(
    world: World,
    name: TableName,
    rules: Sequence[BackupRule],
    *,
    consent: Consent | None = None,
    listener: Listener = silent,
    dry_run: bool = False,
) -> BackupSchedule:
    """See `Backups.schedule`."""
    described = described_plan(world, name)
    defined = [each for each in world.defined_tables((name,)) if each.name == described.table.name]
    wanted = known(defined[0].backup_plan, None) if defined else None
    if rules:
        own = BackupPlan(rules=tuple(rules))
        wanted = own if wanted is None else merged(own, wanted)
    if wanted is None:
        raise UsageError(
            f"Nothing says when {described.table.name} is backed up: its definition has no backup_plan.",
            hint='add a backup_plan to the definition, or use --daily, --weekly or --rule "NAME=cron(...):KEEP_DAYS"',
        )
    return _applied(world, described, wanted, consent, listener, dry_run)


def unschedule(
    world: World,
    name: TableName,
    *,
    consent: Consent | None = None,
    listener: Listener = silent,
    dry_run: bool = False,
) -> BackupSchedule:
    """See `Backups.unschedule`."""
    described = described_plan(world, name)
    table = described.table.name
    before = _found(described)
    done = _applied(world, described, None, consent, listener, dry_run)
    changed = list(done.changed)
    if changed and not dry_run:
        try:
            plan = AwsBackupJobs(world.session).delete_plan(table, described.arn)
        except DynasmithError as error:
            raise _complete(world, error, table) from error
        changed += [f"delete the backup plan {plan}"] if plan else []
    return replace(before, changed=tuple(changed))


def jobs(world: World, identity: str | None, table: TableName | None, limit: int, state: str) -> tuple[BackupJob, ...]:
    """See `Backups.jobs`."""
    control = AwsBackupJobs(world.session)
    if identity is not None:
        return (control.show(identity),)
    arn = "" if table is None else world.control.describe(world.name_of(table), ()).arn
    found = sorted(control.list(arn, state), key=lambda each: (each.started_at is not None, each.started_at, each.id))
    return tuple(found[-limit:])


def described_plan(world: World, name: TableName) -> TableDescription:
    """The table with its backup plan. Raises NotOffered where the engine has no AWS Backup, AccessDenied with every
    action that is missing where the plan cannot be read."""
    table = world.name_of(name)
    described = world.control.describe(table, (SETTING,))
    reason = described.unread.get(SETTING)
    if reason is None:
        return described
    if world.control.unoffered((SETTING,)):
        raise NotOffered(f"{reason}.", hint="AWS, and the strict endpoint, have AWS Backup: local start --strict")
    raise _complete(world, AccessError(f"{reason}."), table)


def _applied(
    world: World,
    described: TableDescription,
    wanted: BackupPlan | None,
    consent: Consent | None,
    listener: Listener,
    dry_run: bool,
) -> BackupSchedule:
    table = Table(name=described.table.name, key=described.table.key, backup_plan=wanted)
    plan = make_plan(world, [world.control.resolve(table)], only=(SETTING,))
    for failure in plan.failures:
        raise AccessError(failure.message, hint=failure.hint)
    changed = _texts(plan)
    if dry_run or not changed:
        return replace(_found(described), changed=changed)
    report = apply(world, plan, consent=consent, listener=listener, fresh=True)
    for error in report.failures.values():
        raise _complete(world, error, table.name) from error
    return replace(_found(world.control.describe(table.name, (SETTING,))), changed=changed)


def _texts(plan: Plan) -> tuple[str, ...]:
    return tuple(step_text(step) for table in plan.tables for step in table.steps)


def _found(described: TableDescription) -> BackupSchedule:
    plan = known(described.table.backup_plan, None)
    found = BackupSchedule(table=described.table.name)
    if plan is None:
        return found
    return replace(
        found,
        vault=known(plan.vault, ""),
        plan_id=described.backup_plan_id,
        selection_id=described.backup_selection_id,
        role=known(plan.role, ""),
        rules=plan.rules,
    )


def _complete(world: World, error: DynasmithError, table: str) -> DynasmithError:
    """A denial with every action that is missing, so that they are given at once and not one after the other."""
    if not isinstance(error, AccessError):
        return error
    own = error.action if isinstance(error, AccessDenied) else denied_action(error.message)
    actions = dict.fromkeys((*((own,) if own else ()), *AwsBackupJobs(world.session).missing(SCHEDULES)))
    access = world.session.access
    role = resource_of(error.message).partition(":role/")[2] or ROLE
    names = ResourceNames(
        partition=partition_of(access.region),
        region=access.region or "*",
        account=access.account or "*",
        table=table,
        role=role,
    )
    statements = policy_statements(actions, names)
    return AccessDenied(
        f"{', '.join(actions)} for the backup plan of {table} is not allowed: "
        f"{error.message.rpartition(' is not allowed: ')[2]}",
        hint=allowing(statements),
        action=", ".join(actions),
        statement=statements[0],
    )
