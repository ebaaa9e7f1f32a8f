"""The actions that a call of any service takes: what the Service Authorization Reference says of those that are judged.

A service that is not here cannot be judged, and is not allowed.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from dynasmith.strict.iam.document import PolicyNotUnderstood
from dynasmith.strict.iam.dynamodb_calls import NeededAction, PartitionKey, needed_actions
from dynasmith.strict.services.aws_backup.call import backup_model
from dynasmith.strict.services.mappings.engine_calls import lambda_model
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireRequest
from dynasmith.strict.wire.rest_json import BadRestRequest
from dynasmith.strict.wire.rpc import read_rpc

_PASSED = {"CreateBackupSelection", "StartBackupJob", "StartRestoreJob"}
_S3 = {
    "GET": ("s3:ListBucket", "s3:GetObject"),
    "HEAD": ("s3:ListBucket", "s3:GetObject"),
    "PUT": ("s3:CreateBucket", "s3:PutObject"),
    "POST": ("s3:DeleteObject", "s3:PutObject"),
    "DELETE": ("s3:DeleteBucket", "s3:DeleteObject"),
}


def needed(world: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    """What a call takes; with each action the service that a role is passed to, where it passes one ("" elsewhere).
    PolicyNotUnderstood for a service that is not judged."""
    service = request.scope[2]
    find = _SERVICES.get(service)
    if find is None:
        raise PolicyNotUnderstood(f"calls to {service} are not judged")
    return find(world, request, account)


def body_of(request: WireRequest) -> dict[str, Any]:
    """The JSON of a request; {} for none."""
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def query_of(request: WireRequest) -> dict[str, str]:
    """The parameters of a call in the query protocol."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def query_action(request: WireRequest) -> str:
    """The operation of a call in the query protocol, as IAM and STS have it; "" for another protocol."""
    form = request.headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
    return query_of(request).get("Action", "") if form else ""


def _plain(action: str, resource: str = "*") -> list[tuple[NeededAction, str]]:
    return [(NeededAction(action, resource), "")]


def _dynamodb(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    target = request.headers.get(b"x-amz-target", b"")
    body, operation = body_of(request), target.rpartition(b".")[2].decode("latin-1")
    found = needed_actions(operation, body, account.key[1], account.number, partition_keys(account))
    return [(one, "") for one in found]


def partition_keys(account: Account) -> PartitionKey:
    """The partition keys of an account's tables and indexes, as far as the endpoint has seen them."""

    def of(table: str, index: str | None) -> str | None:
        known = account.tables.get(table)
        if known is None or index is None:
            return None if known is None else known.partition_key
        found = known.gsis.get(index) or known.lsis.get(index)
        return None if found is None else found.key_schema[0][0]

    return of


def _backup(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    try:
        read = backup_model().read(request)
    except BadRestRequest:
        return []
    body, prefix = read.body, f"arn:aws:backup:{account.key[1]}:{account.number}:"
    if "RecoveryPointArn" in body:
        resource = str(body["RecoveryPointArn"])
    elif "BackupVaultName" in body and not read.operation.startswith("ListBackupVaults"):
        resource = f"{prefix}backup-vault:{body['BackupVaultName']}"
    elif "BackupPlanId" in body:
        resource = f"{prefix}backup-plan:{body['BackupPlanId']}"
    else:
        resource = str(body.get("ResourceArn") or "*") if "Tag" in read.operation else "*"
    found = _plain(f"backup:{read.operation}", resource)
    if read.operation == "CreateBackupVault":  # Service Authorization Reference, AWS Backup storage
        found += _plain("backup-storage:MountCapsule")
    role = (body.get("BackupSelection") or body).get("IamRoleArn")
    if read.operation in _PASSED and role:
        found.append((NeededAction("iam:PassRole", str(role)), "backup.amazonaws.com"))
    return found


def _iam(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    said = query_of(request)
    if "RoleName" in said:
        resource = f"arn:aws:iam::{account.number}:role{said.get('Path', '/')}{said['RoleName']}"
    else:
        resource = said.get("PolicySourceArn") or said.get("PolicyArn") or "*"
    return _plain(f"iam:{said.get('Action')}", resource)


def _sts(_: StrictWorld, request: WireRequest, __: Account) -> list[tuple[NeededAction, str]]:
    said = query_of(request)
    # GetCallerIdentity takes no permission (STS API reference).
    return [] if said.get("Action") == "GetCallerIdentity" else _plain(f"sts:{said.get('Action')}", said["RoleArn"])


def _targeted(prefix: str, *members: str) -> Callable[..., list[tuple[NeededAction, str]]]:
    """A service whose operation stands in a header, on the resource that one of these members of the request names."""

    def find(_: StrictWorld, request: WireRequest, __: Account) -> list[tuple[NeededAction, str]]:
        operation = request.headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
        body = body_of(request)
        return _plain(f"{prefix}:{operation}", str(next((body[each] for each in members if body.get(each)), "*")))

    return find


def _cloudwatch(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    try:
        call = read_rpc(request)
    except ValueError:
        return []
    named = [call.body["AlarmName"]] if "AlarmName" in call.body else call.body.get("AlarmNames") or ()
    prefix = f"arn:aws:cloudwatch:{account.key[1]}:{account.number}:alarm:"
    resources = [f"{prefix}{name}" for name in named] if call.operation != "DescribeAlarms" else []
    return [(NeededAction(f"cloudwatch:{call.operation}", one), "") for one in resources or ["*"]]


def _s3(_: StrictWorld, request: WireRequest, __: Account) -> list[tuple[NeededAction, str]]:
    path = unquote(request.target.decode("latin-1").split("?", 1)[0]).strip("/")
    bucket, _slash, key = path.partition("/")
    if not bucket:
        return _plain("s3:ListAllMyBuckets")
    of_bucket, of_object = _S3[request.method.decode("latin-1")]
    return _plain(of_object if key else of_bucket, f"arn:aws:s3:::{path}")


def _lambda(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    try:
        operation, path = lambda_model().operation(request)
    except BadRestRequest:
        return []
    said: Mapping[str, Any] = {**body_of(request), **path}
    if "EventSourceMapping" in operation:
        # Those of one mapping are on its ARN; creating and listing are on no resource.
        mapping = f"arn:aws:lambda:{account.key[1]}:{account.number}:event-source-mapping:{said.get('UUID')}"
        return _plain(f"lambda:{operation}", mapping if "UUID" in said else "*")
    name = str(said.get("FunctionName") or "")
    prefix = f"arn:aws:lambda:{account.key[1]}:{account.number}:function:"
    resource = "*" if not name else name if name.startswith("arn:") else prefix + name
    # The one operation whose action has another name.
    return _plain("lambda:InvokeFunction" if operation == "Invoke" else f"lambda:{operation}", resource)


def _logs(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    operation = request.headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
    group = body_of(request).get("logGroupName")
    prefix = f"arn:aws:logs:{account.key[1]}:{account.number}:log-group:"
    return _plain(f"logs:{operation}", f"{prefix}{group}:*" if group else "*")


def _ssm(_: StrictWorld, request: WireRequest, account: Account) -> list[tuple[NeededAction, str]]:
    operation = request.headers.get(b"x-amz-target", b"").rpartition(b".")[2].decode("latin-1")
    name = str(body_of(request).get("Name") or "")
    prefix = f"arn:aws:ssm:{account.key[1]}:{account.number}:parameter/"
    return _plain(f"ssm:{operation}", prefix + name.removeprefix("/") if name else "*")


_SERVICES: Mapping[str, Callable[..., list[tuple[NeededAction, str]]]] = {
    "dynamodb": _dynamodb,
    "backup": _backup,
    "iam": _iam,
    "sts": _sts,
    "application-autoscaling": _targeted("application-autoscaling"),
    "kms": _targeted("kms", "KeyId"),
    "cloudtrail": _targeted("cloudtrail", "TrailName", "Name"),
    "monitoring": _cloudwatch,
    "s3": _s3,
    "lambda": _lambda,
    "logs": _logs,
    "sqs": _targeted("sqs"),
    "ssm": _ssm,
}
