"""Sends one step: the request, and what the service's refusals mean for that step."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from msgspec.structs import replace

from dynasmith.aws.control.autoscaling import SERVICE as AUTOSCALING
from dynasmith.aws.control.autoscaling import read_policies, tracks_usage
from dynasmith.aws.control.binary import from_botocore, to_botocore
from dynasmith.aws.control.idempotency import is_already, setting_of
from dynasmith.aws.control.request_items import absent
from dynasmith.aws.control.requests import request_of
from dynasmith.aws.control.session import Session
from dynasmith.aws.settings import service_setting_of
from dynasmith.aws.settings.request import ServiceRequest
from dynasmith.errors import (
    ConditionFailed,
    DynasmithError,
    LimitExceeded,
    Postponed,
    ServiceError,
    TableBusy,
    TableNotFound,
    Throttled,
    ValidationRefused,
)
from dynasmith.items.digest import tree_hash
from dynasmith.plans.step import (
    Call,
    CallCreateIndex,
    CallCreateReplica,
    CallDeleteItem,
    CallPutItem,
    CallScalingPolicy,
    CallTag,
    CallUntag,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.scaling_names import scalable_dimension
from dynasmith.tables.settings.base import SettingCall
from dynasmith.tables.settings.time_to_live import CallTimeToLive
from dynasmith.tables.table import KeyAttribute, Table

TTL_CHANGE_HOURS = 1
"""UpdateTimeToLive: a second change of a table within about an hour is refused."""

_KEPT_OF_A_POLICY = ("DisableScaleIn", "ScaleInCooldown", "ScaleOutCooldown")


class Describe(Protocol):
    """`AwsTables.describe`, as this file uses it."""

    def __call__(self, name: str, settings: tuple[str, ...], /) -> TableDescription:
        """The table with these of its settings. Raises TableNotFound."""
        ...


def send_step(session: Session, describe: Describe, table: str, step: Call) -> None:
    """One call, and where it is refused one reading that tells whether it is already so, which is success.

    Raises what `ports.tables.Tables.send` says.
    """
    found = _request(session, describe, table, step)
    if found is None:
        return
    request = _completed(session, found, step)
    try:
        reply = session.call(request.service, request.operation, request.parameters, table=table, region=request.region)
    except (ServiceError, TableBusy, TableNotFound) as error:
        if isinstance(error, (LimitExceeded, Throttled)) and not isinstance(step, CallTimeToLive):
            raise
        if not _is_done(session, describe, table, step):
            raise _meant(session, error, table, step) from error
    else:
        _keep_additions(session, table, step, reply)


def _keep_additions(session: Session, table: str, step: Call, reply: Mapping[str, Any]) -> None:
    """Raise ConditionFailed where the item had an attribute that was not there when it was read: no condition can
    exclude that. A change leaves it there; what was deleted with it is put back, unless there is a new item already."""
    found = reply.get("Attributes")
    if isinstance(step, CallPutItem):
        expected: Mapping[str, Any] = step.item
    elif isinstance(step, CallDeleteItem):
        expected = step.before
    else:
        return
    if not found or tree_hash(from_botocore(found)) == tree_hash(expected):
        return
    if isinstance(step, CallDeleteItem):
        with suppress(ConditionFailed):
            session.call("dynamodb", "PutItem", {"TableName": table, "Item": found, **absent(found)}, table=table)
    raise ConditionFailed(
        f"An item of {table} got another attribute since the plan was made, which is kept.",
        hint="plan again",
        operation="dynamodb:UpdateItem" if isinstance(step, CallPutItem) else "dynamodb:DeleteItem",
    )


def _request(session: Session, describe: Describe, table: str, step: Call) -> ServiceRequest | None:
    """What is to be sent; None where the service has it already."""
    arn = ""
    if _needs_arn(step):
        described = describe(table, ("key",))
        arn = described.arn
        if isinstance(step, SettingCall):
            setting = service_setting_of(step)
            step = setting.completed(step, described)
            return setting.completed_request(session, described, step, request_of(table, arn, step))
    if isinstance(step, CallCreateIndex):
        step = replace(step, attributes=_attributes(describe(table, ("key",)).table, step))
    changes_item = isinstance(step, CallPutItem) and step.before is not None
    return request_of(table, arn, step, describe(table, ("key",)).table.key.names if changes_item else ())


def _needs_arn(step: Call) -> bool:
    if isinstance(step, SettingCall):
        return service_setting_of(step).needs_arn
    return isinstance(step, (CallTag, CallUntag))


def _attributes(live: Table, step: CallCreateIndex) -> tuple[KeyAttribute, ...]:
    """What the step says and every attribute that a key of the table uses already: the service takes all of them
    again, and an engine that replaces its definitions by those of the request (moto) forgets none."""
    named = {attribute.name: attribute for attribute in (*live.key_attributes(), *step.attributes)}
    return tuple(named[name] for name in sorted(named))


def _completed(session: Session, request: ServiceRequest, step: Call) -> ServiceRequest:
    """A policy is put over the one that tracks the same already: a second one would work against it.

    Putting replaces the whole policy, so what the step does not mention (cooldowns, no scale-in) is carried over.
    """
    if request.service != AUTOSCALING or not isinstance(step, CallScalingPolicy):
        return request
    dimension = scalable_dimension(step.dimension, step.index)
    for policy in read_policies(session, request.parameters["ResourceId"]):
        if policy["ScalableDimension"] == dimension and tracks_usage(policy, step.dimension):
            there = policy["TargetTrackingScalingPolicyConfiguration"]
            kept = {key: there[key] for key in _KEPT_OF_A_POLICY if key in there}
            told = {**kept, **request.parameters["TargetTrackingScalingPolicyConfiguration"]}
            more = {"PolicyName": policy["PolicyName"], "TargetTrackingScalingPolicyConfiguration": told}
            return replace(request, parameters={**request.parameters, **more})
    return request


def _is_done(session: Session, describe: Describe, table: str, step: Call) -> bool:
    if isinstance(step, (CallPutItem, CallDeleteItem)):
        return _item_is_as_wished(session, describe, table, step)
    setting = setting_of(step)
    if setting is None:
        return False
    try:
        return is_already(step, describe(table, (setting,)))
    except DynasmithError:
        return False


def _item_is_as_wished(session: Session, describe: Describe, table: str, step: CallPutItem | CallDeleteItem) -> bool:
    """Whether the item already is what the step makes it. A retry after an answer that was lost finds its own write."""
    names = describe(table, ("key",)).table.key.names
    if isinstance(step, CallPutItem):
        key, wished = {name: step.item[name] for name in names if name in step.item}, step.item
    else:
        key, wished = step.key, None
    try:
        told = {"TableName": table, "Key": to_botocore(key), "ConsistentRead": True}
        live = session.call("dynamodb", "GetItem", told, table=table).get("Item")
    except DynasmithError:
        return False
    there = from_botocore(live) if live else None
    if there is None or wished is None:
        return there is wished
    return tree_hash(there) == tree_hash(wished)


def _meant(session: Session, error: DynasmithError, table: str, step: Call) -> DynasmithError:
    """The error that the caller can act on: a TTL change too soon is no refusal, only early."""
    if isinstance(step, SettingCall):
        error = service_setting_of(step).refusal(session, table, step, error)
    if isinstance(step, CallTimeToLive) and isinstance(error, ServiceError) and _is_too_soon(error):
        again = datetime.now(UTC) + timedelta(hours=TTL_CHANGE_HOURS)
        return Postponed(
            f"TTL of {table} was changed within the hour, and the service takes one change an hour.",
            hint=f"run it again after {again:%Y-%m-%d %H:%M} UTC; what came before is done",
        )
    if isinstance(step, CallCreateReplica) and isinstance(error, ValidationRefused):
        regions = ", ".join(replica.region for replica in step.replicas)
        return ValidationRefused(
            error.message,
            hint=f"check that {regions} is a Region that the account has enabled (aws account list-regions); what came "
            "before is done",
            service_code=error.service_code,
            operation=error.operation,
            request_id=error.request_id,
        )
    if isinstance(step, (CallPutItem, CallDeleteItem)) and isinstance(error, ConditionFailed):
        return ConditionFailed(
            f"An item of {table} has changed since the plan was made.",
            hint="plan again",
            service_code=error.service_code,
            operation=error.operation,
            request_id=error.request_id,
        )
    return error


def _is_too_soon(error: ServiceError) -> bool:
    said = error.message.lower()
    return isinstance(error, (ValidationRefused, LimitExceeded)) and (
        "modified multiple times" in said or "fixed interval" in said or isinstance(error, LimitExceeded)
    )
