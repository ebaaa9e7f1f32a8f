"""replicas TABLE on the strict endpoint: states, lag, settings that differ, and the probe."""

import re
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from msgspec import UNSET

from cli.story import table
from dynasmith.plans.diff import diff
from dynasmith.project.verbs.replicas import probe_key
from dynasmith.tables.table import Key, KeyAttribute, Replica, Table
from item_stories.kit import ItemStory

PAGE = (Path(__file__).parents[2] / "docs/guide/replicas.md").read_text("utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^\$ dynasmith (.+)$", PAGE, re.MULTILINE)]
DEFINITION, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
GLOBAL: dict[str, Any] = {"stream": {"view_type": "NEW_AND_OLD_IMAGES"}, "point_in_time_recovery": {"enabled": True}}
IRELAND = {"region": "eu-west-1", "point_in_time_recovery": True}


def there(story: ItemStory, region: str = "eu-west-1") -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=story.endpoint,
        region_name=region,
        aws_access_key_id=story.account,
        aws_secret_access_key="secret",
    )


def test_the_page_on_global_tables(story: ItemStory) -> None:
    """Scenario 4 of a Terraform guide: write in one Region, read in the other."""
    story.define(*yaml.safe_load(DEFINITION)["tables"])
    assert len(COMMANDS) >= 4
    for words in COMMANDS:
        answer = story(*words)
        assert answer.code == 0, (words, answer.out + answer.err)
    items = there(story).scan(TableName="users")["Items"]
    assert [item["userId"] for item in items] == [{"S": "u-1"}]  # what the page put; nothing of the probe


def test_settings_that_differ_are_named_with_both_values(story: ItemStory) -> None:
    story.define(table("orders", replicas=[{"region": "eu-west-1"}], deletion_protection=True, **GLOBAL))
    assert story("apply", "--yes").code == 0
    answer = story("replicas", "orders", "--json")
    assert answer.code == 0, answer.err
    (one,) = answer.json
    assert {"region", "status", "reason", "lag_ms", "settings_differ"} <= one.keys()
    assert (one["region"], one["status"], one["lag_ms"]) == ("eu-west-1", "ACTIVE", None)
    assert {"point_in_time_recovery", "deletion_protection"} <= set(one["settings_differ"])
    assert one["differences"]["deletion_protection"] == {"table": True, "replica": False}
    assert "deletion_protection is False" in story("replicas", "orders").out


def tags_there(story: ItemStory) -> dict[str, str]:
    arn = there(story).describe_table(TableName="orders")["Table"]["TableArn"]
    return {each["Key"]: each["Value"] for each in there(story).list_tags_of_resource(ResourceArn=arn)["Tags"]}


def test_tags_of_a_replica_are_planned_applied_checked_imported_and_pruned(story: ItemStory) -> None:
    tags = {"env": "prod", "team": "shop"}
    own = {"region": "eu-west-1", "tags": {"team": "shop-eu"}, "propagate_tags": True}
    bare = {"region": "eu-west-2"}
    story.define(table("orders", replicas=[own, bare], tags=tags, **GLOBAL))
    assert story("apply", "--yes").code == 0
    assert tags_there(story) == {"env": "prod", "team": "shop-eu"}
    assert (story("check").code, story("plan", "--json").json["tables"][0]["changes"]) == (0, [])
    found = {each["code"]: each["path"] for each in story("validate", "--json").json if each["code"] in ("DS070",)}
    assert found == {"DS070": "replicas.eu-west-2.tags"}
    (differs, _) = story("replicas", "orders", "--json").json
    assert differs["differences"]["tags"] == {"table": tags, "replica": {"env": "prod", "team": "shop-eu"}}

    there(story).tag_resource(
        ResourceArn=there(story).describe_table(TableName="orders")["Table"]["TableArn"],
        Tags=[{"Key": "team", "Value": "else"}, {"Key": "by-hand", "Value": "1"}],
    )
    checked = story("check")
    assert (checked.code, "replicas.eu-west-1.tags" in checked.out + checked.err) == (3, True)
    planned = story("plan", "--prune", "--json").json["tables"][0]["changes"]
    assert {each["path"] for each in planned} == {"replicas.eu-west-1.tags"}
    assert story("apply", "--yes").code == 0
    assert tags_there(story) == {"env": "prod", "team": "shop-eu", "by-hand": "1"}
    assert "tag by-hand of the replica in eu-west-1 is not defined" in story("plan").out
    assert story("apply", "--prune", "--yes").code == 0
    assert tags_there(story) == {"env": "prod", "team": "shop-eu"}
    imported = yaml.safe_load(story("import", "orders").out)["tables"][0]["replicas"]
    assert imported[0]["tags"] == {"env": "prod", "team": "shop-eu"}


def test_tags_of_a_replica_that_may_not_be_read_are_left_and_named(story: ItemStory) -> None:
    story.define(table("orders", replicas=[{"region": "eu-west-1", "tags": {"env": "prod"}}], **GLOBAL))
    assert story("apply", "--yes").code == 0
    story.served.fault("ListTagsOfResource", kind="access-denied", times=1)
    answer = story("plan")
    assert (answer.code, "replicas.eu-west-1.tags" in answer.out) == (0, True), answer.out
    assert "Nothing to change." in answer.out


def test_the_probe_asks_measures_and_leaves_nothing(story: ItemStory) -> None:
    story.define(table("orders", replicas=[IRELAND], **GLOBAL))
    assert story("apply", "--yes").code == 0
    assert (story("replicas", "orders", "--probe").code, story.items("orders")) == (4, [])
    assert story("replicas", "orders", "--probe", "--dry-run").code == 0
    (one,) = story("replicas", "orders", "--probe", "--yes", "--json").json
    assert (one["probe_failure"], one["probe_ms"] >= 0) == ("", True)
    assert story.items("orders") == []
    story.served.fault("GetItem", kind="access-denied", times=100)
    answer = story("replicas", "orders", "--probe", "--yes", "--json")
    assert (answer.code, "GetItem" in answer.json[0]["probe_failure"]) == (3, True)
    assert story.items("orders") == []


def test_the_lag_is_the_newest_figure_of_what_was_written(story: ItemStory) -> None:
    story.define(table("orders", replicas=[IRELAND, {"region": "eu-west-2"}], **GLOBAL))
    assert story("apply", "--yes").code == 0
    assert [one["lag_ms"] for one in story("replicas", "orders", "--json").json] == [None, None]
    assert story("put", "orders", "pk=1").code == 0
    found = story("replicas", "orders", "--json").json
    assert [one["region"] for one in found] == ["eu-west-1", "eu-west-2"]
    assert all(one["lag_ms"] > 0 for one in found)
    assert re.search(r"eu-west-1.* ms", story("replicas", "orders").out)
    series = [
        (each["dimensions"]["ReceivingRegion"], each["statistic"], len(each["points"]))
        for each in story("metrics", "orders", "--json").json["series"]
        if each["metric"] == "ReplicationLatency"
    ]
    story.served.fault("GetMetricData", kind="500", times=100)
    (failed, _) = story("replicas", "orders", "--json").json
    assert (failed["lag_ms"], "the lag is not known" in failed["unread"]) == (None, True)
    story.served.calm()
    assert series == [(region, one, 1) for region in ("eu-west-1", "eu-west-2") for one in ("Average", "Maximum")]


def test_a_table_without_replicas(story: ItemStory) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    assert (story("replicas", "orders").code, story("replicas", "orders", "--json").json) == (0, [])
    answer = story("replicas", "orders", "--probe", "--yes")
    assert (answer.code, answer.error) == (2, "Table orders has no replica to probe.")
    assert story("replicas", "nothing").code == 1


def test_a_key_of_every_type_is_probed() -> None:
    key = Key(partition=(KeyAttribute(name="a", type="N"),), sort=(KeyAttribute(name="b", type="B"),))
    first, second = probe_key(key), probe_key(key)
    assert first.keys() == {"a", "b"}
    assert first != second
    assert len(first["a"]["N"]) <= 38


@pytest.mark.parametrize("default", [UNSET, "arn:aws:kms:eu-west-1:123456789012:key/k"])
def test_a_replica_with_the_default_key_is_never_made_again(default: Any) -> None:
    """A definition that names no key does not manage it, whatever key the service names (provider#29636)."""
    live = Replica(region="eu-west-1", key=default)
    key = Key(partition=(KeyAttribute(name="pk", type="S"),))
    desired = Table(name="orders", key=key, replicas=(Replica(region="eu-west-1"),))
    assert diff(desired, Table(name="orders", key=key, replicas=(live,))) == ()


def test_a_region_that_is_not_enabled_is_one_sentence(story: ItemStory) -> None:
    story.served.disable_region("ap-east-1")
    story.define(table("orders", replicas=[{"region": "ap-east-1"}], **GLOBAL))
    answer = story("apply", "--yes")
    assert (answer.code, "Region ap-east-1 is not enabled" in answer.err) == (1, True), answer.err
    assert "check that ap-east-1 is a Region that the account has enabled" in answer.err
    assert story.live() == ["orders"]
    answer = story("list", "--region", "ap-east-1")
    assert (answer.code, "credentials were not accepted" in answer.error) == (1, True), answer.err
    assert answer.hint
    story.served.calm()
    assert story("apply", "--yes").code == 0  # what was done stays done
    story.served.disable_region("ap-east-1")  # later than its replica was made
    shown = story("replicas", "orders", "--json").json[0]["unread"]
    assert shown.startswith("The AWS credentials were not accepted in ap-east-1: the account has not enabled that")
    answer = story("retire", "orders", "--no-export", "--confirm", "orders")
    assert (answer.code, "in ap-east-1" in answer.error, "enable-region" in answer.hint) == (1, True, True), answer.err
    assert story.live() == ["orders"]
