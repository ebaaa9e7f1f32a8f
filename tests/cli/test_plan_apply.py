"""``plan``, ``apply``, ``check``: what was shown is what is done, and afterwards nothing is left to do."""

import json
from typing import Any

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer

FULL: dict[str, Any] = {
    "global_secondary_indexes": [
        gsi("by_a", "a"),
        gsi("by_b", "b", projection={"type": "KEYS_ONLY"}),
        gsi("by_c", "c", projection={"type": "INCLUDE", "attributes": ["total"]}),
    ],
    "time_to_live": {"attribute": "expires_at"},
    "stream": {"view_type": "NEW_AND_OLD_IMAGES"},
    "point_in_time_recovery": {"enabled": True, "recovery_days": 7},
    "tags": {"team": "shop", "cost": "42"},
    "deletion_protection": True,
}


def test_three_indexes_and_everything_around_on_a_live_table_with_items(
    strict_story: Story, strict: StrictServer
) -> None:
    story = strict_story
    story.define(table())
    assert story("ensure").code == 0
    for number in range(60):
        story.client.put_item(TableName="orders", Item={"pk": {"S": str(number)}, "a": {"S": "x"}, "b": {"S": "y"}})
    before = len(strict.journal)
    story.define(table(**FULL))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err
    made = list(strict.journal)[before:]
    assert [call.error for call in made if call.changes_tables and call.error] == []
    created = [
        update["Create"]["IndexName"]
        for call in made
        if call.operation == "UpdateTable"
        for update in call.request.get("GlobalSecondaryIndexUpdates", ())
    ]
    assert sorted(created) == ["by_a", "by_b", "by_c"]
    assert story("plan", "--json").json["empty"]
    assert story("check").code == 0
    found = story("query", "orders", "a=x", "--index", "by_a", "--limit", "60", "--json")
    assert len(found.json["items"]) == 60
    described = story.client.describe_table(TableName="orders")["Table"]
    assert described["DeletionProtectionEnabled"]
    assert described["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_same_with_autoscaling_of_table_and_index(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    capacity: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned_throughput": {"read": 5, "write": 5}}
    scaling: dict[str, Any] = {
        "read": {"min": 5, "max": 50, "target": 70},
        "write": {"min": 5, "max": 20, "target": 60},
    }
    story.define(table(**capacity))
    assert story("ensure").code == 0
    story.client.put_item(TableName="orders", Item={"pk": {"S": "1"}, "a": {"S": "x"}})
    index = gsi("by_a", "a", provisioned_throughput={"read": 5, "write": 5}, autoscaling=scaling)
    story.define(table(**capacity, autoscaling=scaling, global_secondary_indexes=[index]))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err
    registered = [c.request["ResourceId"] for c in strict.journal if c.operation == "RegisterScalableTarget"]
    policies = [c.request["ResourceId"] for c in strict.journal if c.operation == "PutScalingPolicy"]
    wanted = ["table/orders"] * 2 + ["table/orders/index/by_a"] * 2
    assert (sorted(registered), sorted(policies)) == (wanted, wanted)
    assert story("check").code == 0
    # What autoscaling sets is never a difference.
    units = {"ReadCapacityUnits": 17, "WriteCapacityUnits": 9}
    story.client.update_table(TableName="orders", ProvisionedThroughput=units)
    strict.clock.advance(60)
    assert story("check").code == 0
    story.define(table(**capacity, autoscaling={"read": {"min": 5, "max": 99, "target": 70}}))
    changes = story("plan", "--json").json["tables"][0]["changes"]
    assert [change["path"] for change in changes] == ["autoscaling.read"]


def test_an_unchanged_table_costs_only_reads(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table(**FULL, items=[{"pk": "1"}]))
    assert strict_story("apply", "--yes").code == 0
    before = len(strict.journal)
    for verb in (("plan",), ("check",), ("apply", "--yes"), ("ensure",)):
        assert strict_story(*verb).code == 0
    made = list(strict.journal)[before:]
    assert made
    assert [call.operation for call in made if call.changes_tables or call.writes_items] == []


def test_a_dry_run_changes_nothing(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("orders", **FULL, items=[{"pk": "1"}]))
    answer = strict_story("apply", "--dry-run")
    assert (answer.code, "Dry run: nothing was changed." in answer.err) == (0, True)
    assert strict_story("create", "orders", "--dry-run").code == 0
    assert strict.journal.changes == []
    assert strict.journal.writes == []
    strict_story.define(table("orders"))
    assert strict_story("ensure").code == 0
    changes, writes = len(strict.journal.changes), len(strict.journal.writes)
    assert strict_story("put", "orders", "pk=1", "--dry-run").code == 0
    assert strict_story("delete", "orders", "--dry-run").code == 0
    assert (len(strict.journal.changes), len(strict.journal.writes)) == (changes, writes)


def test_a_kept_plan_is_done_as_it_was_shown(story: Story) -> None:
    story.define(table("orders", tags={"a": "b"}), table("users"))
    assert story("plan", "--out", "next.plan").code == 0
    document = json.loads((story.folder / "next.plan").read_text(encoding="utf-8"))
    assert {"format", "tool", "created_at", "account", "region", "endpoint", "fingerprint", "tables"} <= set(document)
    assert document["format"] == 2
    # What the files say by now does not matter: the plan is what is done.
    story.define(table("other"))
    assert story("apply", "--plan", "next.plan", "--yes").code == 0
    assert sorted(story.live()) == ["orders", "users"]


def test_a_stale_plan_is_refused(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("plan", "--out", "next.plan").code == 0
    assert story("ensure", "orders").code == 0
    answer = story("apply", "--plan", "next.plan", "--yes")
    assert (answer.code, answer.error) == (1, "Table orders has changed since the plan was made.")
    assert story.live() == ["orders"]


def test_a_plan_of_a_table_that_was_made_anew_is_refused(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", tags={"team": "a"}))
    assert story("plan", "--out", "next.plan").code == 0
    story.client.delete_table(TableName="orders")
    story.client.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    answer = story("apply", "--plan", "next.plan", "--yes")
    assert (answer.code, answer.error) == (1, "Table orders was deleted and recreated since the plan was made.")


def test_a_plan_of_another_region_or_endpoint_is_refused(story: Story, moto_endpoint: str) -> None:
    story.define(table("orders"))
    assert story("plan", "--out", "next.plan").code == 0
    other = story("apply", "--plan", "next.plan", "--yes", "--region", "eu-west-1")
    assert other.code == 1
    assert "Region us-east-1" in other.error
    elsewhere = story("apply", "--plan", "next.plan", "--yes", "--endpoint", moto_endpoint)
    assert elsewhere.code == 1
    assert "endpoint" in elsewhere.error or "account" in elsewhere.error
    assert story.live() == []


def test_check_says_0_or_3(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("check").code == 3
    assert story("apply", "--yes").code == 0
    assert story("check").code == 0
    story.define(table("orders", tags={"a": "b"}), table("users"))
    assert story("check").code == 3
    assert story("check", "users").code == 0
    assert story("check", "--json").json["empty"] is False


def test_only_limits_what_is_changed(story: Story) -> None:
    story.define(table())
    assert story("ensure").code == 0
    story.define(table(tags={"a": "b"}, deletion_protection=True))
    assert story("apply", "--yes", "--only", "tags").code == 0
    changes = story("plan", "--json").json["tables"][0]["changes"]
    assert [change["path"] for change in changes] == ["deletion_protection"]


def test_a_setting_that_is_taken_out_is_let_go_and_off_is_said(story: Story) -> None:
    story.define(table(tags={"a": "b"}, stream={"view_type": "KEYS_ONLY"}))
    assert story("apply", "--yes").code == 0
    story.define(table())
    assert story("check", "--prune").code == 0
    story.define(table(stream={"enabled": False}, tags={}))
    assert [change["path"] for change in story("plan", "--json").json["tables"][0]["changes"]] == ["stream"]
    assert story("apply", "--yes", "--prune").code == 0
    described = story.client.describe_table(TableName="orders")["Table"]
    assert not described.get("StreamSpecification", {}).get("StreamEnabled")


def test_another_ttl_attribute_waits_its_hour(strict_story: Story, strict: StrictServer) -> None:
    """One change an hour: what the service does not take yet is postponed, said, and done by the same command later."""
    story = strict_story
    story.define(table(time_to_live={"attribute": "ends"}))
    assert story("apply", "--yes").code == 0
    strict.clock.advance(hours=2)
    story.define(table(time_to_live={"attribute": "gone"}))
    answers = []
    for _ in range(3):
        answers.append(story("apply", "--yes"))
        strict.clock.advance(hours=2)
    assert [answer.code for answer in answers] == [0, 0, 0], [answer.err for answer in answers]
    assert "run it again after" in answers[0].err
    ttl = story.client.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "gone")
    assert story("check").code == 0


def test_outputs_are_written_and_read(story: Story) -> None:
    story.define(table(global_secondary_indexes=[gsi("by_a", "a")]))
    assert story("apply", "--yes", "--outputs", "outputs.json").code == 0
    written = json.loads((story.folder / "outputs.json").read_text(encoding="utf-8"))
    assert written == story("outputs", "--json").json
    assert written[0]["indexes"] == {"by_a": f"{written[0]['arn']}/index/by_a"}


def test_outputs_of_what_is_there_when_one_table_failed(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("orders"), table("users"))
    assert strict_story("apply", "--dry-run", "--outputs", "outputs.json").code == 0
    assert not (strict_story.folder / "outputs.json").exists()
    strict.fault("CreateTable", kind="access-denied", times=None, table="users")
    answer = strict_story("apply", "--yes", "--outputs", "outputs.json")
    assert (answer.code, answer.error) == (1, "1 table failed (users); 1 done.")
    written = json.loads((strict_story.folder / "outputs.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in written] == ["orders"]
    strict.calm()
    lost = strict_story("apply", "--yes", "--outputs", "absent/outputs.json")
    assert lost.code == 1
    assert "is done, and the outputs cannot be written" in lost.error
    assert sorted(strict_story.live()) == ["orders", "users"]


def test_a_plan_that_was_edited_is_refused(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("ensure").code == 0
    story.define(table("orders", tags={"team": "shop"}))
    assert story("plan", "--out", "kept.json").code == 0
    kept = story.folder / "kept.json"
    kept.write_text(kept.read_text().replace('"table": "orders"', '"table": "users"'))
    answer = story("apply", "--plan", "kept.json", "--yes")
    assert (answer.code, answer.error) == (2, "kept.json was changed after it was written: its checksum differs.")
    arn = story.client.describe_table(TableName="users")["Table"]["TableArn"]
    assert story.client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
