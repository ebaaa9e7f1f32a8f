"""Which backup is meant: by its ARN, or by its name."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from dynasmith.aws.control.backups import AwsBackups
from dynasmith.aws.control.recovery_points import recovery_point, vaulted_backups
from dynasmith.errors import AccessDenied, BackupNotFound, NotOffered, UsageError
from dynasmith.ports.backups import BACKUP_KINDS, BackupKind, TableBackup
from dynasmith.project.world import World

_ARN: Final = re.compile(r"arn:[a-z0-9-]+:(dynamodb|backup):([a-z0-9-]+):\d*:(.+)\Z")


def backups_of(world: World) -> AwsBackups:
    """The calls about backups in the environment."""
    return AwsBackups(world.session)


def region_of(arn: str) -> str:
    """The Region of a backup's ARN. Raises UsageError for what is not the ARN of a backup."""
    found = _ARN.match(arn)
    if found is None or not ("/backup/" in found[3] or found[3].startswith("recovery-point:")):
        raise UsageError(
            f"{arn} is not the ARN of a backup.",
            hint="the ARN of a backup is arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/backup/ID",
        )
    return found[2]


def named(world: World, backup: str, *, across_regions: bool = False) -> TableBackup:
    """The backup of that ARN or name, as it is now. One call for an ARN, one a hundred backups, and one
    a vault, for a name.

    Raises BackupNotFound; UsageError where two have the name, and for the ARN of another Region, unless it may be
    there.
    """
    if not backup.startswith("arn:"):
        return _of_arn(world, _only(backup, [each for each in all_backups(world) if each.name == backup]).arn)
    region = region_of(backup)
    if across_regions:
        return _of_arn(world, backup, region)
    if region != world.session.region:
        raise UsageError(
            f"The backup {backup} is in Region {region}, and this is {world.session.region}.",
            hint=f"run it there: --region {region}",
        )
    return _of_arn(world, backup)


def _of_arn(world: World, arn: str, region: str = "") -> TableBackup:
    if ":recovery-point:" in arn:
        return recovery_point(world.session, arn, region).backup
    return AwsBackups(world.session, region).describe(arn)


def all_backups(
    world: World,
    table: str = "",
    kinds: Sequence[BackupKind] = BACKUP_KINDS,
    since: datetime | None = None,
    told: Callable[[str], object] = lambda _: None,
) -> list[TableBackup]:
    """The backups of a table, also of one that is gone, or of all tables; with those that AWS Backup made, also the
    recovery points that DynamoDB does not list, and when each expires.

    Where other kinds are wanted too, what AWS Backup has is left out for a caller who may not list it, which is
    ``told``, and where the engine has no AWS Backup.
    """
    found = {each.arn: each for each in backups_of(world).list(table, kinds, since)}
    if "aws" not in kinds:
        return list(found.values())
    try:
        vaulted = list(vaulted_backups(world.session))
    except (AccessDenied, NotOffered) as error:
        if len(kinds) == 1:
            raise
        vaulted = []
        if isinstance(error, AccessDenied):
            told(f"Backups of AWS Backup are left out: {world.masks(error.message.rstrip('.'))}.")
    for point in vaulted:
        if (table and point.table != table) or (since is not None and point.created_at < since):
            continue
        listed = found.get(point.arn)
        found[point.arn] = point if listed is None else replace(listed, expires_at=point.expires_at)
    return list(found.values())


def _only(name: str, found: list[TableBackup]) -> TableBackup:
    if not found:
        raise BackupNotFound(name, hint="dynasmith backup list shows the backups of this Region")
    if len(found) > 1:
        listed = ", ".join(each.arn for each in sorted(found, key=lambda each: each.created_at))
        raise UsageError(f"{len(found)} backups have the name {name}: {listed}.", hint="give the ARN of one of them")
    return found[0]
