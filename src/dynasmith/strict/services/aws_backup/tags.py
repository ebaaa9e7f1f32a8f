"""Tags of vaults, plans and recovery points."""

from dynasmith.strict.services.aws_backup.call import Answer, BackupCall, BackupHandler
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.aws_backup import BackupPlanState, BackupVault, RecoveryPoint


def _tags(call: BackupCall) -> dict[str, str]:
    """The tags of what an ARN names; those of something that is not there are nobody's."""
    arn = str(call.body["ResourceArn"])
    held = call.held
    tagged: list[BackupVault | BackupPlanState | RecoveryPoint] = [
        *held.vaults.values(),
        *held.plans.values(),
        *held.points.values(),
    ]
    for one in tagged:
        if one.arn == arn:
            return one.tags
    return {}


async def list_tags(_: StrictWorld, call: BackupCall) -> Answer:
    """ListTags."""
    return {"Tags": dict(_tags(call))}


async def tag(_: StrictWorld, call: BackupCall) -> Answer:
    """TagResource."""
    _tags(call).update(call.body.get("Tags") or {})
    return {}


async def untag(_: StrictWorld, call: BackupCall) -> Answer:
    """UntagResource."""
    for name in call.body.get("TagKeyList") or ():
        _tags(call).pop(name, None)
    return {}


TAGS: dict[str, BackupHandler] = {"ListTags": list_tags, "TagResource": tag, "UntagResource": untag}
