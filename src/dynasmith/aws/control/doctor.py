"""What `dynasmith doctor` finds out: each check is a value with what was found and how to fix it. Only reads.

The checks go from the machine outward (versions, what was said, credentials, account, endpoint, rights), so the first
that failed is the one to fix.
"""

import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

from botocore import __version__ as botocore_version
from msgspec import Struct
from msgspec.structs import replace

from dynasmith.aws.control.session import Session
from dynasmith.aws.control.settings_reads import ASIDES
from dynasmith.aws.control.tables import PROBE_TABLE, AwsTables
from dynasmith.aws.errors.policy_statement import statement_for
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.errors import (
    AccessDenied,
    AccessError,
    DynasmithError,
    NoCredentials,
    NotOffered,
    Unreachable,
)
from dynasmith.ports.access import DUMMY_SOURCE
from dynasmith.tables.description import TableDescription
from dynasmith.version import __version__

State = Literal["ok", "warning", "failed"]

OPERATIONS = (
    "DeleteResourcePolicy",
    "DescribeContributorInsights",
    "DescribeKinesisStreamingDestination",
    "GetResourcePolicy",
    "PutResourcePolicy",
    "UpdateContinuousBackups",
    "UpdateTimeToLive",
)
"""Operations that an old botocore may lack."""

PARAMETERS = {
    "CreateTable": ("DeletionProtectionEnabled", "OnDemandThroughput", "TableClass", "WarmThroughput"),
    "UpdateTable": ("GlobalTableWitnessUpdates", "MultiRegionConsistency", "OnDemandThroughput", "WarmThroughput"),
}
"""Parameters that an old botocore may lack."""


class DoctorCheck(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``says`` is a sentence, ``fix`` what to do where it is not ok.

    ``statement`` is the policy statement that would allow what is denied, or empty.
    """

    name: str
    state: State
    says: str
    fix: str = ""
    statement: dict[str, Any] = {}


def diagnose(session: Session, table: str = "") -> list[DoctorCheck]:
    """Look at everything that a call needs. Never raises a `DynasmithError`; at most about 15 calls, all of them reads.

    Rights are tried on ``table``, or on the first that is listed, or on a name that no table has.
    """
    checks = [_versions(session), _environment(session)]
    checks += [DoctorCheck(name="note", state="warning", says=f"{note}.") for note in session.access.notes]
    for check in (_region, _credentials, _endpoint, _account):
        checks.append(_guarded(check, session))
        if checks[-1].state == "failed":
            return checks
    return [*checks, *_permissions(session, table or next(iter(_first_names(session)), ""))]


def _first_names(session: Session) -> list[str]:
    try:
        names: list[str] = session.call("dynamodb", "ListTables", {"Limit": 1}).get("TableNames") or []
    except AccessDenied:
        return []
    return names


def _guarded(check: Callable[[Session], DoctorCheck], session: Session) -> DoctorCheck:
    name = check.__name__.strip("_")
    try:
        return check(session)
    except AccessDenied as error:
        return DoctorCheck(name=name, state="failed", says=error.message, fix=error.hint, statement=error.statement)
    except DynasmithError as error:
        return DoctorCheck(name=name, state="failed", says=error.message, fix=error.hint)


def _versions(session: Session) -> DoctorCheck:
    said = f"dynasmith {__version__}, Python {platform.python_version()}, botocore {botocore_version}"
    try:
        missing = list(_missing(session))
    except DynasmithError:
        missing = []  # no client can be made; the check that says why follows
    if not missing:
        return DoctorCheck(name="versions", state="ok", says=f"{said}.")
    return DoctorCheck(
        name="versions",
        state="warning",
        says=f"{said}, which does not know {', '.join(missing)}.",
        fix="python -m pip install --upgrade boto3",
    )


def _missing(session: Session) -> Iterator[str]:
    model = session.client("dynamodb").meta.service_model
    for operation in OPERATIONS:
        if operation not in model.operation_names:
            yield operation
    for operation, parameters in PARAMETERS.items():
        known = model.operation_model(operation).input_shape.members
        yield from (f"{parameter} of {operation}" for parameter in parameters if parameter not in known)


def _environment(session: Session) -> DoctorCheck:
    access = session.access
    name = f"Environment {access.environment}" if access.environment else "No environment"
    if not access.isolated:
        vpc = access.endpoints.get("dynamodb", "")
        return DoctorCheck(name="environment", state="ok", says=f"{name}: AWS{f', at {vpc}' if vpc else ''}.")
    source = access.sources.get("endpoint", "its endpoints")
    others = "".join(f"; {service} at {url}" for service, url in sorted(access.endpoints.items()))
    says = f"{name}: every call goes to {access.place} (from {source}){others}, none to AWS."
    return DoctorCheck(name="environment", state="ok", says=says)


def _region(session: Session) -> DoctorCheck:
    source = session.access.sources.get("region", "the caller")
    return DoctorCheck(name="region", state="ok", says=f"Region {session.region} (from {source}).")


def _credentials(session: Session) -> DoctorCheck:
    found = session.credentials()
    if found is None:
        raise NoCredentials(
            "No AWS credentials were found.", hint="set AWS_PROFILE, or keys, or run aws sso login, or use --env local"
        )
    if session.access.sources.get("credentials") == DUMMY_SOURCE:
        says = "Calls are signed with dummy keys: the environment has an endpoint and sets no keys."
        return DoctorCheck(name="credentials", state="ok", says=says)
    key = session.access_key()
    source = session.access.sources.get("credentials", "") or "the caller"
    method = getattr(found, "method", "") or "given"
    role = f", for the role {session.access.role_arn}" if session.access.role_arn else ""
    says = f"Access key {key[:4]}... (from {source}, method {method}){role}."
    return DoctorCheck(name="credentials", state="ok", says=says)


def _endpoint(session: Session) -> DoctorCheck:
    with suppress(AccessDenied):  # which is an answer; that tables may not be listed is told with the permissions
        session.call("dynamodb", "ListTables", {"Limit": 1})
    return DoctorCheck(name="endpoint", state="ok", says=f"DynamoDB answers at {session.endpoint_url()}.")


def _account(session: Session) -> DoctorCheck:
    try:
        caller = session.caller()
    except (NotOffered, Unreachable) as error:
        if session.access.account:
            raise
        return DoctorCheck(name="account", state="warning", says=f"The account is not known: {error.message}")
    except AccessError as error:
        return DoctorCheck(name="account", state="failed", says=error.message, fix=error.hint)
    checked = " (as the environment says)" if session.access.account else ""
    return DoctorCheck(name="account", state="ok", says=f"Account {caller.account}{checked}, as {caller.arn}.")


def _permissions(session: Session, table: str) -> Iterator[DoctorCheck]:
    """One check an action of reading: allowed, denied with the statement that would allow it, or not offered."""
    tables = AwsTables(session)
    account, region = _account_of(session), session.region
    # The service calls it denied to ask for the tags of a table that there is not: without a table that says nothing.
    settings = [setting for setting in (*ASIDES, "autoscaling") if table or setting != "tags"]
    table = table or PROBE_TABLE
    probes: dict[str, Callable[[], object]] = {
        "dynamodb:ListTables": lambda: session.call("dynamodb", "ListTables", {"Limit": 1}),
        "dynamodb:DescribeTable": lambda: session.call("dynamodb", "DescribeTable", {"TableName": table}, table=table),
    }
    described = _described(tables, table)
    probes |= {f"reading {setting}": _probe(session, tables, described or table, setting) for setting in settings}
    if described is not None:
        probes["reading encryption"] = lambda: _refuse_unread(session, described)
    for name, probe in probes.items():
        try:
            probe()
        except AccessDenied as denied:
            yield DoctorCheck(
                name="permissions",
                state="warning",
                says=denied.message,
                fix=denied.hint,
                statement=denied.statement or statement_for([denied.action], table, region=region, account=account),
            )
        except (NotOffered, Unreachable) as missing:
            yield DoctorCheck(name="permissions", state="warning", says=missing.message, fix=missing.hint)
        except DynasmithError:
            yield DoctorCheck(
                name="permissions", state="ok", says=f"{name} is allowed."
            )  # no such table: it was looked up
        else:
            yield DoctorCheck(name="permissions", state="ok", says=f"{name} is allowed.")


def _described(tables: AwsTables, table: str) -> TableDescription | None:
    """The table with its encryption, if it is there."""
    try:
        return tables.describe(table, ("encryption",))
    except DynasmithError:
        return None


def _probe(session: Session, tables: AwsTables, table: str | TableDescription, setting: str) -> Callable[[], object]:
    if isinstance(table, str):
        return lambda: tables.probe(setting, table)
    return lambda: _refuse_unread(session, tables.probe(setting, replace(table, unread={})))


def _refuse_unread(session: Session, described: TableDescription) -> None:
    """Raise the refusal that a setting, or a part of it, was not read for."""
    for setting, reason in described.unread.items():
        if setting != "warm":  # which needs no call of its own
            raise unread_access(reason, described.table.name, session.access)


def _account_of(session: Session) -> str:
    try:
        return session.caller().account
    except DynasmithError:
        return ""
