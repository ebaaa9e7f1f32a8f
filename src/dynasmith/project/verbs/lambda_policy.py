"""`lambda policy`: the IAM policy of the role of a function that runs verbs of the project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import Struct

from dynasmith.aws.control.actions import ENCRYPTION
from dynasmith.aws.control.function_actions import (
    HISTORY_ACTIONS,
    JOURNAL_IN_S3,
    LEDGER_ACTIONS,
    LEDGER_IN_S3,
    MOVING_STEPS,
    STEP_ACTIONS,
    VERB_ACTIONS,
    setting_actions,
    takes_no_table,
)
from dynasmith.aws.errors.policy_statement import bucket_statement, partition_of
from dynasmith.errors import UsageError
from dynasmith.files.migrations.step_calls import StepCalls, step_calls
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.world import World
from dynasmith.tables.document_of import document_of
from dynasmith.tables.findings import did_you_mean

VERBS: Final = ("migrate", *VERB_ACTIONS)
"""The verbs that a function runs."""
_S3: Final = "s3://"
_TABLE: Final = "table:"


class FunctionPolicy(Struct, frozen=True, kw_only=True):
    """An IAM policy, and ``notes``: sentences about what it does not have."""

    document: dict[str, Any]
    notes: tuple[str, ...] = ()


def function_policy(world: World, verbs: Sequence[str], *, account: str) -> FunctionPolicy:
    """See `Lambdas.policy`."""
    chosen = tuple(dict.fromkeys(verbs)) or ("migrate",)
    for verb in chosen:
        if verb not in VERBS:
            hint = did_you_mean(verb, VERBS) or f"it runs {', '.join(VERBS)}"
            raise UsageError(f"A function does not run {verb}.", hint=hint)
    if account and not (account.isdecimal() and len(account) == 12):
        raise UsageError(f"{account!r} is not an account id.", hint="an account id has 12 digits")
    place = _Place(region=world.session.access.region, account=account or world.session.access.account)
    calls = step_calls(MigrationHome(world).folder, STEP_ACTIONS) if "migrate" in chosen else StepCalls()
    statements = [
        *_table_statements(world, chosen, calls, place),
        *_record_statements(world, chosen, calls, place),
        *_key_statements(world, place),
        *_role_statements(world),
    ]
    return FunctionPolicy(
        document={"Version": "2012-10-17", "Statement": statements}, notes=tuple(_notes(world, calls, place))
    )


class _Place(Struct, frozen=True):
    region: str
    account: str

    def table(self, name: str) -> str:
        return f"arn:{partition_of(self.region)}:dynamodb:{self.region or '*'}:{self.account or '*'}:table/{name}"


def _table_statements(world: World, verbs: Sequence[str], calls: StepCalls, place: _Place) -> list[dict[str, Any]]:
    """What is done to the tables of the project: one statement of actions on tables, one of those on backups, one of
    those that take no resource."""
    defined = world.defined_tables()
    names = {table.name for table in defined} | {world.name_of(name) for name in calls.tables}
    actions = {each for verb in verbs for each in VERB_ACTIONS.get(verb, ())}
    actions |= {each for step in calls.steps for each in STEP_ACTIONS[step]}
    words = set(calls.settings)
    if "ensure" in verbs or "create_table" in calls.steps:
        words |= {word for table in defined for word in document_of(table)} - {"billing_mode"}
    actions |= setting_actions(words)
    actions = {each for each in actions if not each.startswith("iam:")}
    anywhere = sorted(each for each in actions if takes_no_table(each))
    backups = {each for each in actions if each == "dynamodb:DescribeBackup"}
    found = []
    if names and actions - backups - set(anywhere):
        found.append(_statement("Tables", actions - backups - set(anywhere), map(place.table, sorted(names))))
    if names and backups:
        found.append(_statement("Backups", backups, (place.table(f"{name}/backup/*") for name in sorted(names))))
    if anywhere:
        found.append(_statement("Anywhere", anywhere, ("*",)))
    return found


def _record_statements(world: World, verbs: Sequence[str], calls: StepCalls, place: _Place) -> list[dict[str, Any]]:
    """The history of migrations, the ledger of jobs and the journals."""
    settings = world.settings
    found = []
    if "migrate" in verbs:
        history = settings.new_name(settings.history_table)
        found.append(_statement("History", HISTORY_ACTIONS, (place.table(history),)))
    if not calls.steps & MOVING_STEPS and not set(verbs) & {"backfill", "copy", "populate"}:
        return found
    if settings.ledger.startswith(_TABLE):
        found.append(_statement("Jobs", LEDGER_ACTIONS, (place.table(settings.ledger.removeprefix(_TABLE)),)))
    places = {settings.journal: JOURNAL_IN_S3, settings.ledger: LEDGER_IN_S3}
    for each in (place for place in places if place.startswith(_S3)):
        bucket, _, prefix = each.removeprefix(_S3).partition("/")
        prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        each_of = (["s3:ListBucket"], places[each])
        found += [bucket_statement(actions, bucket, prefix, region=place.region) for actions in each_of]
    return found


def _key_statements(world: World, place: _Place) -> list[dict[str, Any]]:
    """The keys of KMS that encrypt attributes: by ARN or id, or by the condition on their alias."""
    found = []
    for key in dict.fromkeys(each.kms for each in world.keys.values() if each.kms):
        prefix = f"arn:{partition_of(place.region)}:kms:{place.region or '*'}:{place.account or '*'}:"
        alias = key.rpartition(":")[2]
        if alias.startswith("alias/"):
            statement = _statement("", ENCRYPTION, ("*",))
            found.append(statement | {"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}})
        else:
            arn = key if key.startswith("arn:") else f"{prefix}key/{key}"
            found.append(_statement("", ENCRYPTION, (arn,)))
    return found


def _role_statements(world: World) -> list[dict[str, Any]]:
    """The roles that an environment takes: the function's own role needs the right to."""
    roles = (world.session.access.role_arn, world.settings.dry_run_role)
    return [_statement("", ("sts:AssumeRole",), (arn,)) for arn in dict.fromkeys(roles) if arn]


def _statement(sid: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    wanted, there = sorted(set(actions)), list(resources)
    return {
        **({"Sid": sid} if sid else {}),
        "Effect": "Allow",
        "Action": wanted,
        "Resource": there[0] if len(there) == 1 else there,
    }


def _notes(world: World, calls: StepCalls, place: _Place) -> Iterable[str]:
    settings = world.settings
    for what, text, places in (
        ("ledger", settings.ledger, "a table or a bucket"),
        ("journal", settings.journal, "a bucket"),
    ):
        if not text.startswith((_S3, _TABLE)):
            yield f"The {what} of jobs is a folder, which a function cannot use: name {places} in [jobs]."
    for name, value in (("Region", place.region), ("account", place.account)):
        if not value:
            yield f"The {name} is not known, so the policy is for every one."
    for service in sorted(calls.clients):
        yield f"A migration calls {service} with m.client: add the actions of these calls yourself."
    if "backup_plan" in calls.settings or any("backup_plan" in document_of(table) for table in world.defined_tables()):
        yield "A backup plan needs iam:PassRole and what reads its role: allow them on that role yourself."
    for each in calls.unclear:
        yield f"{each}: add what it needs yourself."
