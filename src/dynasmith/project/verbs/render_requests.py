"""Definitions as the requests that make their tables, for the AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from dynasmith.aws.control.requests import request_of
from dynasmith.aws.settings import service_setting_of
from dynasmith.aws.settings.request import ServiceRequest
from dynasmith.errors import UsageError
from dynasmith.iac.cli_requests import CliRequest, CliWait, RequestLookup, once, request_files
from dynasmith.iac.files import RenderedFiles
from dynasmith.iac.role_policies import HeldPolicies, role_policies
from dynasmith.iac.unsaid import Unsaid
from dynasmith.plans.make import make_table_plan
from dynasmith.plans.refusal import refusals
from dynasmith.plans.step import Call, Step, Wait, WaitReplica
from dynasmith.project.world import TableName, World
from dynasmith.tables.access_policy import policy_name
from dynasmith.tables.backup_names import plan_name
from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import STREAM_ARN
from dynasmith.tables.settings.access import CallGrant
from dynasmith.tables.settings.base import SettingCall, WaitTable
from dynasmith.tables.settings.resource_policy import CallPolicy
from dynasmith.tables.table import Table, known

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_STREAM: Final = "it names the stream, whose ARN is known once the table is there"
_ITEMS: Final = "items belong to no request here; dynasmith apply writes them"
_ROLE: Final = "its role is known to Lambda only; name the role, or run dynasmith lambda grant afterwards"


def render_create_table(world: World, names: Sequence[TableName]) -> RenderedFiles:
    """See `Render.create_table`."""
    region = world.session.region
    wishes = [world.control.resolve(table) for table in world.tables(names)]
    partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
    place = f"arn:{partition}:dynamodb:{region}:{_account(world, wishes)}:table/"
    steps: list[CliRequest | CliWait] = []
    unsaid: list[Unsaid] = []
    for wish in wishes:
        there = TableDescription(table=wish, status="ACTIVE", arn=place + wish.name)
        policies = role_policies(wish, there)
        for step in _plan_steps(world, wish):
            if isinstance(step, CallPolicy) and STREAM_ARN in (step.policy or ""):
                unsaid.append(Unsaid(table=wish.name, path="resource_policy", why=_STREAM))
            elif not isinstance(step, CallGrant):
                steps += _sent(there, step, region)
        steps += _granted(wish, policies, region)
        unsaid += [Unsaid(table=wish.name, path=f"access.{name}", why=_ROLE) for name, _ in policies.unknown]
        if known(wish.items, ()):
            unsaid.append(Unsaid(table=wish.name, path="items", why=_ITEMS))
    return RenderedFiles(form="create-table", files=request_files(once(steps)), unsaid=tuple(unsaid))


def _account(world: World, wishes: Sequence[Table]) -> str:
    """The account that ARNs are of, by one call of STS; empty where no request names one."""
    named = ("triggers", "access", "backup_plan", "resource_policy")
    needed = any(known(getattr(wish, name), None) for wish in wishes for name in named)
    return world.session.caller().account if needed else ""


def _plan_steps(world: World, wish: Table) -> tuple[Step, ...]:
    """The steps that make a table that is not there. Raises UsageError where it can never be made."""
    plan = make_table_plan(wish, None, quotas=world.settings.quotas)
    for refusal in refusals(plan):
        raise UsageError(f"Table {wish.name} cannot be created: {refusal.message}.", hint=refusal.way_out)
    return plan.steps


def _sent(there: TableDescription, step: Step, region: str) -> Iterator[CliRequest | CliWait]:
    """A step as a request, or as a wait for the table, there or in the Region of a replica."""
    table = there.table.name
    if isinstance(step, WaitTable | WaitReplica):
        yield CliWait(table=table, region=region)
        if isinstance(step, WaitReplica):
            yield CliWait(table=table, region=step.region)
        return
    if isinstance(step, Wait):
        return
    call: Call = service_setting_of(step).completed(step, there) if isinstance(step, SettingCall) else step
    request = request_of(table, there.arn, call)
    lookups = tuple(_lookups(table, request))
    looked_up = {each.parameter for each in lookups}
    said = {name: value for name, value in request.parameters.items() if name not in looked_up}
    yield CliRequest(
        table=table,
        service=request.service,
        operation=request.operation,
        parameters=said,
        region=request.region or region,
        lookups=lookups,
    )


def _lookups(table: str, request: ServiceRequest) -> Iterator[RequestLookup]:
    """What a request must name and only the service knows."""
    if request.operation == "CreateEventSourceMapping":
        yield RequestLookup(
            parameter="EventSourceArn",
            service="dynamodb",
            operation="DescribeTable",
            parameters={"TableName": table},
            query="Table.LatestStreamArn",
        )
    if request.operation == "CreateBackupSelection":
        yield RequestLookup(
            parameter="BackupPlanId",
            service="backup",
            operation="ListBackupPlans",
            parameters={},
            query=f"BackupPlansList[?BackupPlanName=='{plan_name(table)}'].BackupPlanId | [0]",
        )


def _granted(table: Table, policies: HeldPolicies, region: str) -> Iterator[CliRequest]:
    """One policy a role: a second one would take the place of the first."""
    for each in policies.policies:
        said: dict[str, Any] = {"RoleName": each.role, "PolicyName": policy_name(table.name)}
        said["PolicyDocument"] = json.dumps(each.document, separators=(",", ":"))
        yield CliRequest(table=table.name, service="iam", operation="PutRolePolicy", parameters=said, region=region)
