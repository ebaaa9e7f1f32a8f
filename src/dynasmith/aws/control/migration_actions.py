"""The IAM actions of the verbs of migrations, on the table of the history and on those of the steps."""

from collections.abc import Mapping
from typing import Final

from dynasmith.aws.control.setting_actions import LOOK, SETTING_READS
from dynasmith.aws.control.verb_actions import VerbActions

_ALL_READS: Final = tuple(dict.fromkeys(action for each in SETTING_READS.values() for action in each))
_READ: Final = ("dynamodb:Query", "dynamodb:GetItem")
_RUN: Final = (*_READ, LOOK, "dynamodb:PutItem", "dynamodb:UpdateItem")
_FIRST: Final = {"the first run, which makes the history": ("dynamodb:CreateTable", "dynamodb:UpdateContinuousBackups")}
_UP: Final = VerbActions(history=_RUN, steps=True, also=_FIRST)
_DOWN: Final = VerbActions(history=(*_RUN, "dynamodb:DeleteItem"), steps=True)
_LOOKS: Final = VerbActions(history=_READ)

MIGRATION_VERBS: Final[Mapping[str, VerbActions]] = {
    "migrate status": _LOOKS,
    "migrate list": _LOOKS,
    "migrate outstanding": _LOOKS,
    "migrate show": _LOOKS,
    "migrate verify": VerbActions(history=_READ, unread=(LOOK,), reads="defined"),
    "migrate preflight": VerbActions(
        history=_READ,
        needs=(LOOK,),
        unread=(
            *("dynamodb:DescribeContinuousBackups", "cloudwatch:DescribeAlarms"),
            *("cloudwatch:ListMetrics", "cloudwatch:GetMetricData"),
        ),
        spare=("dynamodb:DescribeTimeToLive",),
    ),
    "migrate generate --from-plan": VerbActions(
        history=_READ, needs=(LOOK,), reads="defined", spare=("dynamodb:ListTables",)
    ),
    "migrate up": _UP,
    "migrate all": _UP,
    "migrate to": _UP,
    "migrate run": _UP,
    "migrate reset": _UP,
    "migrate repeat": _DOWN,
    "migrate down": _DOWN,
    "migrate rollback": _DOWN,
    "migrate mark": VerbActions(history=_RUN, also=_FIRST),
    "migrate unlock": VerbActions(history=(*_READ, "dynamodb:PutItem", "dynamodb:UpdateItem")),
}

_REWRITE: Final = VerbActions(
    needs=(LOOK, "dynamodb:Scan", "dynamodb:UpdateItem"),
    spare=("dynamodb:DescribeTimeToLive", "dynamodb:PartiQLUpdate", "dynamodb:GetItem"),
)
_INDEX: Final = VerbActions(needs=(LOOK, "dynamodb:UpdateTable"))
_BACKUP: Final = ("dynamodb:CreateBackup", "dynamodb:DescribeBackup")
_CLEAR: Final = VerbActions(
    needs=(LOOK, "dynamodb:Scan", "dynamodb:DeleteItem"),
    unread=_BACKUP,
    spare=(*_ALL_READS, "dynamodb:GetItem", "dynamodb:PutItem"),
)

STEPS: Final[Mapping[str, VerbActions]] = {
    "add": _REWRITE,
    "backfill": _REWRITE,
    "remove": _REWRITE,
    "rename": _REWRITE,
    "add_index": _INDEX,
    "drop_index": _INDEX,
    "copy_to": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:PutItem"),
        spare=("dynamodb:DescribeTimeToLive", "dynamodb:PartiQLInsert", "dynamodb:BatchGetItem"),
        also={'mode="overwrite"': ("dynamodb:BatchWriteItem",)},
    ),
    "populate": VerbActions(
        needs=(LOOK, "dynamodb:PutItem"),
        spare=("dynamodb:DescribeTimeToLive", "dynamodb:PartiQLInsert", "dynamodb:BatchGetItem"),
        also={'mode="overwrite"': ("dynamodb:BatchWriteItem",)},
    ),
    "create_table": VerbActions(
        needs=(LOOK, "dynamodb:CreateTable"), spare=("dynamodb:ListTables",), reads="defined", changes=True
    ),
    "delete_all": _CLEAR,
    "delete_where": _CLEAR,
    "drop_table": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:DeleteTable"),
        spare=_ALL_READS,
        also={"a table with items, which is backed up": _BACKUP},
    ),
    "set": VerbActions(
        needs=(LOOK,),
        changes=True,
        spare=("dynamodb:DescribeContributorInsights", "application-autoscaling:DescribeScalableTargets"),
    ),
}
"""By the step, on the tables that it names."""
