"""AWS Backup's endpoint: reads a request by the service's model, judges it, does it, and answers by the model."""

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, plain_name
from dynasmith.strict.services.aws_backup.call import BackupCall, BackupHandler, backup_model, own_call
from dynasmith.strict.services.aws_backup.due import run_due
from dynasmith.strict.services.aws_backup.jobs import JOBS
from dynasmith.strict.services.aws_backup.plans import PLANS
from dynasmith.strict.services.aws_backup.points import POINTS
from dynasmith.strict.services.aws_backup.role_check import untrusted
from dynasmith.strict.services.aws_backup.tags import TAGS
from dynasmith.strict.services.aws_backup.vaults import VAULTS
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.wire.messages import WireReply, WireRequest
from dynasmith.strict.wire.rest_json import BadRestRequest, rest_error

HANDLERS: dict[str, BackupHandler] = {**VAULTS, **PLANS, **JOBS, **POINTS, **TAGS}
PREFIX = "backup:"


async def answer_backup(world: StrictWorld, request: WireRequest) -> WireReply:
    """The reply of AWS Backup to a request."""
    try:
        read = backup_model().read(request)
    except BadRestRequest as error:
        return rest_error("InvalidParameterValueException", str(error))
    handler = HANDLERS.get(read.operation)
    if handler is None:
        return rest_error(
            "UnknownOperationException", f"The strict endpoint does not offer AWS Backup's {read.operation}"
        )
    account = world.account_of(request)
    await run_due(world, account)
    async with world.control:
        call = BackupCall(read.operation, read.body, account, world.clock.time())
        account.settle(call.now)
        refusal = await _refusal(world, call)
        if refusal is not None:
            return rest_error(refusal.code, refusal.message, refusal.status)
        return backup_model().reply(call.operation, await handler(world, call))


def backup_operation(request: WireRequest) -> str:
    """The name of a request's operation; method and path where it is none."""
    try:
        return backup_model().operation(request)[0]
    except BadRestRequest:
        return f"{request.method.decode('latin-1')} {request.target.decode('latin-1')}"


async def _refusal(world: StrictWorld, call: BackupCall) -> Refusal | None:
    table = None
    if call.operation == "StartBackupJob":
        name = plain_name(call.body.get("ResourceArn"))
        table = await world.table(own_call(world, call.account, "DescribeTable", {}), name)
    refusal = world.rules.judge(JudgedRequest(PREFIX + call.operation, call.body, table, call.account, call.now))
    if refusal is not None or not world.rules.holds("aws-backup-role"):
        return refusal
    role = {
        "CreateBackupSelection": (call.body.get("BackupSelection") or {}).get("IamRoleArn"),
        "StartBackupJob": call.body.get("IamRoleArn"),
        "StartRestoreJob": call.body.get("IamRoleArn"),
    }.get(call.operation)
    why = await untrusted(world, call.account, str(role)) if role else ""
    return Refusal("InvalidParameterValueException", why) if why else None
