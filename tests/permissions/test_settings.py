"""Each key of a definition is set with a new table, added, changed and removed as a role with exactly the actions of
its row; with one of them taken away the command fails, or says what it left alone.

`make test` tries some of these, others in each run; `make properties` all.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from cli.story import Answer, gsi, table
from dynasmith.aws.control.setting_actions import LOOK, SCALING_READS, SETTING_ACTIONS
from dynasmith.aws.errors.action_resources import ResourceNames
from example_counts import TIMES
from permissions.conftest import DENY, POLICY
from permissions.kit import DAILY, SCALING, Account, RoleStory
from permissions.proof import Right, fails_without, runs_with, statements_of

pytestmark = pytest.mark.properties

UNITS = {"read": 5, "write": 5}
PROVISIONED: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned_throughput": UNITS}
STREAM = {"stream": {"view_type": "NEW_AND_OLD_IMAGES"}}
WIDER = {each: {"min": 5, "max": 60, "target": 70} for each in ("read", "write")}
PRUNE = ("--prune", "--allow-delete-items")


@dataclass(frozen=True)
class Stage:
    """A definition of the table ``probe`` that follows another one. ``before`` is None for a new table."""

    key: str
    what: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    also: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        row = SETTING_ACTIONS[self.key]
        own: tuple[str, ...] = getattr(row, self.what)
        create = ("dynamodb:CreateTable",) if self.before is None else ()
        also = (action for name in self.also for action in row.also[name])
        return tuple(dict.fromkeys((LOOK, *create, *own, *also)))


OFF: tuple[Any, ...] = ([], {}, {"enabled": False}, False)


def _stages(
    key: str, *values: Any, base: Mapping[str, Any] | None = None, also: tuple[str, ...] = (), made: str = ""
) -> list[Stage]:
    """New with the first value, the first added, changed to the second; removed by the last. ``also`` is of each,
    ``made`` of what is made alone."""
    base, making = base or {}, (*also, *([made] if made else []))
    first, second, last = ({**base, key: value} for value in (values[0], values[1], values[-1]))
    found = [Stage(key, "new", None, first, making), Stage(key, "added", base, first, making)]
    if values[1] not in OFF:
        found.append(Stage(key, "changed", first, second, also))
    if last[key] in OFF:
        found.append(Stage(key, "pruned" if SETTING_ACTIONS[key].pruned else "removed", first, last))
    return found


def ship(*allow: str) -> list[dict[str, Any]]:
    """Access of the function ``ship``."""
    return [{"function": "ship", "allow": [*allow]}]


def stages(keys: tuple[str, str], stream: str) -> list[Stage]:
    """Every key of a definition that takes an action."""
    off = {"enabled": False}
    return [
        *_stages(
            "access",
            *([{"function": "ship", "allow": each}] for each in (["read"], ["read", "write"])),
            [],
            also=("a function",),
        ),
        *_stages("alarms", *([{"kind": "write_throttled", "threshold": n, "minutes": 5}] for n in (1, 2)), []),
        *_stages("autoscaling", SCALING, WIDER, off, base=PROVISIONED),
        *_stages("backup_plan", DAILY, {"rules": [{**DAILY["rules"][0], "keep_days": 7}]}, off, made="no vault yet"),
        Stage("billing_mode", "changed", {}, PROVISIONED),
        *_stages("contributor_insights", {"enabled": True}, off),
        *_stages("deletion_protection", True, False),
        *_stages("encryption", *({"type": "CUSTOMER", "key": key} for key in keys), {"type": "AWS_OWNED"}),
        Stage("global_secondary_indexes", "added", {}, {"global_secondary_indexes": [gsi("by_day", "day")]}),
        *_stages("items", [{"pk": "a"}], [{"pk": "a", "n": 1}], []),
        *_stages("kinesis_destination", *({"stream_arn": stream, **each} for each in ({}, MICRO)), off, base=STREAM),
        *_stages("on_demand_throughput", {"max_read": 10}, {"max_read": 20}, off),
        *_stages("point_in_time_recovery", {"enabled": True}, {"enabled": True, "recovery_days": 7}, off),
        Stage("provisioned_throughput", "changed", PROVISIONED, {**PROVISIONED, "provisioned_throughput": MORE}),
        *_stages("replicas", *([{"region": "eu-west-1", **each}] for each in ({}, PROTECTED)), [], base=STREAM),
        *_stages("resource_policy", POLICY, {**POLICY, "Statement": [{**DENY, "Sid": "y"}]}, off),
        *_stages("stream", {"view_type": "NEW_IMAGE"}, {"view_type": "OLD_IMAGE"}, off),
        *_stages("table_class", "STANDARD_INFREQUENT_ACCESS", "STANDARD"),
        *_stages("tags", {"a": "b"}, {"a": "c"}, {}),
        *_stages("time_to_live", {"enabled": True, "attribute": "x"}, off),
        *_stages("triggers", *([{"function": "mail", **each}] for each in ({}, {"batch_size": 7})), [], base=STREAM),
        *_stages("warm_throughput", {"read": 13_000, "write": 5_000}, {"read": 14_000, "write": 6_000}),
    ]


MICRO, MORE, PROTECTED = {"precision": "MICROSECOND"}, {"read": 6, "write": 6}, {"deletion_protection": True}


def define(story: RoleStory, settings: Mapping[str, Any]) -> None:
    """The definition of the table, with an attribute for each key of an index."""
    story.define(table("probe", **settings), name="probe.json")


def applied(story: RoleStory, stage: Stage, given: Iterable[Right]) -> Answer:
    """The table as it was before, made by the owner; then the definition, applied by the role."""
    home = story.home
    define(story, {})
    story.owner("retire", "probe", "--no-export", "--confirm", "probe") if exists(home) else None
    if stage.before is not None:
        define(story, stage.before)
        story.owner("apply", "probe", "--yes", "--config", "probe.json")
    clear(home, stage)
    define(story, stage.after)
    home.allow(statements_of(given, ResourceNames(account=home.number)))
    home.served.permissions.clear()
    confirmed = ("--confirm", "probe", *PRUNE) if stage.what == "pruned" else ()
    return story.taken("apply", "probe", "--yes", "--config", "probe.json", *confirmed)


def clear(home: Account, stage: Stage) -> None:
    """Remove what another table of the name left: its vault, and the policy that an engine keeps."""
    vaults = home.client("backup")
    if stage.key == "backup_plan" and stage.what in ("new", "added"):
        for each in vaults.list_backup_vaults()["BackupVaultList"]:
            if each["BackupVaultName"] == "probe-backup-vault":
                vaults.delete_backup_vault(BackupVaultName="probe-backup-vault")
    if stage.key == "resource_policy" and stage.what == "added":
        client = home.client("dynamodb")
        arn = client.describe_table(TableName="probe")["Table"]["TableArn"]
        client.delete_resource_policy(ResourceArn=arn)


def exists(home: Account) -> bool:
    return "probe" in home.client("dynamodb").list_tables()["TableNames"]


KEYS = tuple(dict.fromkeys(each.key for each in stages(("", ""), "")))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_applied_with_exactly_the_actions_of_its_row(rich: None, story: RoleStory, key: str) -> None:
    home = story.home
    kinesis = home.client("kinesis").describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    every = [each for each in stages(home.keys, kinesis) if each.key == key]
    row = SETTING_ACTIONS[key]
    spare = (*row.spare, "dynamodb:ListTables", *SCALING_READS)
    for stage in every if TIMES > 1 else random.sample(every, 1):  # which one is no secret
        needed = {Right(action, ("probe",)): action not in row.reads for action in stage.needs}
        reads = [Right(action, ("probe",)) for action in row.reads if action not in stage.needs]
        runs_with(needed, spare, home, applied(story, stage, (*needed, *reads)))
        judged = [each for each in home.served.permissions if each.allowed]
        told = [] if (key, stage.what) in UNTOLD or stage.what == "new" else reads
        told = [each for each in told if any(each.is_of(one.action, one.resource) for one in judged)]
        others = [each for each in reads if each not in told]
        rights = {**needed, **dict.fromkeys(told, False)}
        run = partial(with_others, story, stage, others)
        fails_without(rights, home, run, may_fail=True)


UNTOLD = {("replicas", "added"), ("encryption", "added"), ("backup_plan", "added")}
"""What is not there yet is not left alone, so that nothing is said of it."""


def with_others(story: RoleStory, stage: Stage, others: Iterable[Right], given: Iterable[Right]) -> Answer:
    return applied(story, stage, (*given, *others))


def test_every_key_that_takes_an_action_is_tried() -> None:
    assert set(KEYS) == set(SETTING_ACTIONS)
