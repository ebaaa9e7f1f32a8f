"""The IAM actions of each key of a definition: what it is read with, and what sets, changes and removes it.

tests/permissions applies every key as a role with exactly these actions, and with each of them taken away.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from dynasmith.aws.settings import SERVICE_SETTINGS
from dynasmith.aws.settings.base import DescribedSetting

LOOK: Final = "dynamodb:DescribeTable"
SCALING_READS: Final = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
)


class SettingActions(Struct, frozen=True, kw_only=True):
    """What one key of a definition takes, beside DescribeTable.

    ``reads``: to know what is there; without one of them the key is left unread and unchanged, and the caller is told.
    ``new``: with a new table, beside CreateTable. ``added``, ``changed``, ``removed``: of a table that is there.
    ``pruned``: what removes it where only ``apply --prune`` does. ``also``: what these may need besides, by a few
    words. ``spare``: used where it is allowed.
    """

    reads: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    also: Mapping[str, tuple[str, ...]] = {}
    spare: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """All that sets, changes and removes it without ``--prune``, each once."""
        more = (each for actions in self.also.values() for each in actions)
        return tuple(dict.fromkeys((*self.new, *self.added, *self.changed, *self.removed, *more)))


def _always(*actions: str, new: bool = True, reads: tuple[str, ...] = ()) -> SettingActions:
    return SettingActions(reads=reads, new=actions if new else (), added=actions, changed=actions, removed=actions)


_TABLE: Final = _always("dynamodb:UpdateTable", new=False)
_ACCESS: Final = ("iam:GetRolePolicy", "iam:PutRolePolicy")
_PLAN: Final = ("backup:CreateBackupPlan", "backup:CreateBackupSelection", "iam:PassRole")
_ROLE: Final = ("iam:GetRole", "iam:ListAttachedRolePolicies")
_KEY: Final = {"a table that a KMS key encrypts": ("kms:DescribeKey",)}
_ITEMS: Final = ("dynamodb:BatchGetItem",)
_NEW_REPLICA: Final = (
    "dynamodb:UpdateTable",
    *("dynamodb:CreateTable", "dynamodb:CreateTableReplica", "dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem"),
    *("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
)
OLD_REPLICA: Final = ("dynamodb:UpdateTable", "dynamodb:DeleteTable", "dynamodb:DeleteTableReplica")
"""What removing a replica takes: the first on the table in its own Region, the others in that of the replica."""

_OWN: Final[Mapping[str, SettingActions]] = {
    "autoscaling": SettingActions(
        reads=SCALING_READS,
        new=("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"),
        added=("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"),
        changed=("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"),
        removed=("application-autoscaling:DeregisterScalableTarget",),
    ),
    "billing_mode": _TABLE,
    "global_secondary_indexes": _TABLE,
    "items": SettingActions(
        reads=_ITEMS,
        new=("dynamodb:PutItem",),
        added=("dynamodb:PutItem",),
        changed=("dynamodb:UpdateItem",),
        pruned=("dynamodb:Scan", "dynamodb:DeleteItem"),
    ),
    "on_demand_throughput": _TABLE,
    "provisioned_throughput": _TABLE,
    "replicas": SettingActions(
        reads=("dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource"),
        new=_NEW_REPLICA,
        added=_NEW_REPLICA,
        changed=("dynamodb:UpdateTable",),
        pruned=OLD_REPLICA,
        also={
            "point_in_time_recovery of a replica": ("dynamodb:UpdateContinuousBackups",),
            "tags of a replica": ("dynamodb:TagResource", "dynamodb:UntagResource"),
        },
    ),
    "tags": SettingActions(
        reads=("dynamodb:ListTagsOfResource",),
        new=("dynamodb:TagResource",),
        added=("dynamodb:TagResource",),
        changed=("dynamodb:TagResource",),
        pruned=("dynamodb:UntagResource",),
    ),
    "warm_throughput": _TABLE,
    "access": SettingActions(
        new=_ACCESS,
        added=_ACCESS,
        changed=_ACCESS,
        pruned=("iam:GetRolePolicy", "iam:DeleteRolePolicy"),
        also={"a function": ("lambda:GetFunctionConfiguration",), "a role": ("iam:GetRole",), **_KEY},
    ),
    "alarms": SettingActions(
        new=("cloudwatch:PutMetricAlarm",),
        added=("cloudwatch:PutMetricAlarm",),
        changed=("cloudwatch:PutMetricAlarm",),
        pruned=("cloudwatch:DeleteAlarms",),
    ),
    "backup_plan": SettingActions(
        new=(*_PLAN, *_ROLE),
        added=(*_PLAN, *_ROLE),
        changed=("backup:UpdateBackupPlan",),
        removed=("backup:DeleteBackupSelection",),
        also={
            "no vault yet": ("backup:CreateBackupVault", "backup-storage:MountCapsule"),
            "no role dynasmith-backup yet": ("iam:CreateRole", "iam:AttachRolePolicy"),
            "a vault with a key of KMS": ("kms:DescribeKey",),
        },
    ),
    "kinesis_destination": SettingActions(
        new=("dynamodb:EnableKinesisStreamingDestination",),
        added=("dynamodb:EnableKinesisStreamingDestination",),
        changed=("dynamodb:UpdateKinesisStreamingDestination",),
        removed=("dynamodb:DisableKinesisStreamingDestination",),
    ),
    "resource_policy": SettingActions(
        new=("dynamodb:PutResourcePolicy",),
        added=("dynamodb:PutResourcePolicy",),
        changed=("dynamodb:PutResourcePolicy",),
        removed=("dynamodb:DeleteResourcePolicy",),
    ),
    "time_to_live": SettingActions(
        new=("dynamodb:UpdateTimeToLive",),
        added=("dynamodb:UpdateTimeToLive",),
        changed=("dynamodb:UpdateTimeToLive",),
        removed=("dynamodb:UpdateTimeToLive",),
        spare=("dynamodb:Scan",),
    ),
    "triggers": SettingActions(
        new=("lambda:CreateEventSourceMapping",),
        added=("lambda:CreateEventSourceMapping",),
        changed=("lambda:UpdateEventSourceMapping",),
        pruned=("lambda:DeleteEventSourceMapping",),
        also={"a trigger on an old stream": ("lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping")},
    ),
}
"""Where it is not just the actions of `aws.settings` for everything; these say no reads of their own but for keys that
are no setting of one value."""


def _all() -> dict[str, SettingActions]:
    found = dict(_OWN)
    for each in SERVICE_SETTINGS:
        name = each.setting.key.name
        reads = tuple(action for action in each.read_actions if action != LOOK)
        made = found.get(name) or _always(*each.write_actions, new=not isinstance(each, DescribedSetting))
        found[name] = SettingActions(
            reads=reads,
            new=made.new,
            added=made.added,
            changed=made.changed,
            removed=made.removed,
            pruned=made.pruned,
            also=made.also,
            spare=made.spare,
        )
    return dict(sorted(found.items()))


SETTING_ACTIONS: Final[Mapping[str, SettingActions]] = _all()
"""By the key in a definition."""
SETTING_READS: Final[Mapping[str, tuple[str, ...]]] = {
    name: each.reads for name, each in SETTING_ACTIONS.items() if each.reads and name not in ("items", "replicas")
}
"""What every look at a table reads, beside DescribeTable; of items and replicas only where there are some."""
