"""backup restore: a new table that is whole, on the embedded engine behind the strict endpoint."""

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.story import client_of, gsi, table
from item_stories.kit import ODD, ItemStory
from stream_functions import clients, deployed

SETTINGS: dict[str, Any] = {
    "tags": {"team": "shop"},
    "time_to_live": {"attribute": "ends"},
    "stream": {"view_type": "NEW_AND_OLD_IMAGES"},
    "point_in_time_recovery": {"enabled": True},
    "deletion_protection": True,
    "global_secondary_indexes": [gsi("by_owner", "owner")],
}


@pytest.fixture
def shop(story: ItemStory) -> ItemStory:
    """A table with items and every setting that the service leaves out of a restore."""
    story.define(table("orders", **SETTINGS))
    assert story("ensure").code == 0
    story.put("orders", *ODD)
    return story


def settings_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {each["setting"]: each["as_before"] for each in answer["settings"]}


def strict(story: ItemStory) -> Any:
    """A client of the strict endpoint."""
    return client_of(story.endpoint, story.account)


def gone(story: ItemStory) -> None:
    """The table is deleted, as a person would do it."""
    strict(story).update_table(TableName="orders", DeletionProtectionEnabled=False)
    assert story("delete", "orders", "--confirm", "orders").code == 0


def with_window(story: ItemStory) -> None:
    """Wait until what the table holds now can be restored."""
    client, wanted = strict(story), datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    for _ in range(600):
        told = client.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
        latest = told["PointInTimeRecoveryDescription"].get("LatestRestorableDateTime")
        if latest is not None and latest >= wanted:
            return
        time.sleep(0.1)
    raise AssertionError("the window did not move on")


def test_a_backup_comes_back_whole(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    before = shop.digest("orders")
    for item in ODD[:4]:
        shop.direct.delete_item(TableName="orders", Key={"pk": item["pk"]})
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert shop.digest("orders-2") == before
    report = answer.json
    assert (report["items_expected"], report["items_found"], report["verified"]) == (7, 7, "counted")
    assert set(SETTINGS) <= set(settings_of(report))
    assert all(settings_of(report).values())


def test_a_person_sees_one_table_of_what_is_as_before(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--without-indexes")
    assert answer.code == 0, answer.err
    assert "SETTING" in answer.out
    assert "asked for: --without-indexes" in answer.out
    assert "7 items found, 7 expected; verified: counted." in answer.err
    described = shop.direct.describe_table(TableName="orders-2")["Table"]
    assert "GlobalSecondaryIndexes" not in described


def test_no_settings_applies_none_and_says_so(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json", "--no-settings")
    assert answer.code == 0, answer.err
    same = settings_of(answer.json)
    assert [name for name in SETTINGS if not same[name]] == [
        name for name in SETTINGS if name != "global_secondary_indexes"
    ]
    assert {each["why"] for each in answer.json["settings"] if not each["as_before"]} == {"asked for: --no-settings"}


def test_a_restore_never_writes_to_a_table_that_is_there(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    before = shop.digest("orders")
    answer = shop("backup", "restore", "kept", "--target", "orders", "--yes")
    assert (answer.code, answer.hint) == (2, "name another --target")
    assert answer.error == "Table orders exists already; a restore always makes a new table."
    assert shop.digest("orders") == before


def test_nothing_is_done_without_consent_or_in_a_dry_run(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", "kept", "--target", "orders-2")
    assert answer.code == 4
    rehearsed = shop("backup", "restore", "kept", "--target", "orders-2", "--dry-run", "--json")
    assert rehearsed.code == 0
    assert rehearsed.json["items_expected"] == 7
    assert set(SETTINGS) <= set(rehearsed.json["settings"])
    assert rehearsed.json["settings_from"] == "the definition kept with the backup"
    assert shop.live() == ["orders"]
    assert shop("jobs", "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("lost", "--target", "orders-2"), "There is no backup lost."),
        (("kept",), "backup restore needs --target, the name of the new table."),
        (("--target", "orders-2"), "A restore is of a backup, of a file, or of a table at a time."),
        (("kept", "--table", "orders", "--at", "latest", "--target", "orders-2"), "A restore is of a backup, of a "),
        (("--table", "orders", "--target", "orders-2"), "--table and --at belong together."),
        (
            ("--table", "orders", "--at", "2026-11-20T10:15:00", "--target", "x"),
            "--at: '2026-11-20T10:15:00' has no offset",
        ),
        (("--table", "orders", "--at", "noon", "--target", "orders-2"), "--at: 'noon' is not a time."),
        (
            ("--table", "orders", "--at", "2001-01-01T00:00:00Z", "--target", "orders-2"),
            "Table orders can be restored ",
        ),
        (("--table", "nowhere", "--at", "latest", "--target", "orders-2"), "Table nowhere does not exist."),
        (("lost.json", "--target", "orders-2"), ""),
        (("kept", "--target", "x"), "'x' cannot be the name of a table: it has 1 character."),
        (("kept", "--target", "a b"), "'a b' cannot be the name of a table: it contains ' '."),
        (("kept", "--target", "orders-2", "--prove", "lost"), "There is no file "),
        (("kept", "--target", "orders-2", "--encryption", "bogus"), "'bogus' is not aws-owned, aws-managed, or a key"),
        (("kept", "--target", "orders-2", "--encryption", "bogus", "--dry-run"), "'bogus' is not aws-owned, "),
        (("s3://bucket/export", "--target", "orders-2"), "s3://bucket/export is a place in S3, and a restore is of "),
        (("s3://bucket/export", "--into", "orders", "--confirm", "orders"), "s3://bucket/export is a place in S3, "),
        (("kept", "--target", "orders-2", "--resume"), "--resume takes everything but --target from the restore"),
        (("--target", "orders-2", "--resume"), "No restore of orders-2 is there to go on with."),
    ],
)
def test_bad_input_is_one_sentence_and_makes_nothing(shop: ItemStory, words: tuple[str, ...], sentence: str) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", *words, "--yes")
    assert answer.code in (1, 2)
    assert answer.error.startswith(sentence)
    assert answer.hint
    assert shop.live() == ["orders"]
    assert shop("jobs", "list", "--json").json == []


def test_a_table_at_a_time(shop: ItemStory) -> None:
    before = shop.digest("orders")
    with_window(shop)
    strict(shop).delete_item(TableName="orders", Key={"pk": ODD[0]["pk"]})
    answer = shop("backup", "restore", "--table", "orders", "--at", "latest", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    report = answer.json
    assert report["at"].endswith("Z")
    assert (report["verified"], report["equal"]) == ("cannot be known", None)
    assert "--prove" in report["why"]
    assert all(settings_of(report).values())
    assert shop.digest("orders-2") == before


def test_a_window_is_printed(shop: ItemStory) -> None:
    answer = shop("backup", "restore", "--table", "orders", "--at", "2099-01-01T00:00:00Z", "--target", "x-2", "--yes")
    assert answer.code == 2
    assert "2099-01-01T00:00:00Z" in answer.error
    strict(shop).update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    off = shop("backup", "restore", "--table", "orders", "--at", "latest", "--target", "orders-2", "--yes")
    assert off.error == "Point-in-time recovery of table orders is off: it cannot be restored to a time."
    assert off.code == 2


def test_an_export_comes_back_with_its_table(shop: ItemStory) -> None:
    before = shop.digest("orders")
    assert shop("export", "orders", "kept").code == 0
    gone(shop)
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert shop.digest("orders-2") == before
    report = answer.json
    assert (report["verified"], report["equal"], report["items_found"]) == ("exact", True, 7)
    assert all(settings_of(report).values())
    assert set(SETTINGS) <= set(settings_of(report))


def test_prove_finds_a_difference(shop: ItemStory) -> None:
    assert shop("export", "orders", "kept").code == 0
    shop.put("orders", {"pk": {"S": "late"}})
    assert shop("backup", "create", "orders", "--name", "later").code == 0
    answer = shop("backup", "restore", "later", "--target", "orders-2", "--yes", "--json", "--prove", "kept")
    assert answer.code == 3, answer.err
    assert (answer.json["verified"], answer.json["equal"]) == ("exact", False)
    assert "1 keys differ" in answer.json["why"]


def test_what_was_not_kept_and_is_not_defined_is_said(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    for file in (shop.folder / ".dynasmith" / "backups").iterdir():
        file.unlink()
    (shop.folder / "tables_config.json").unlink()
    gone(shop)
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 3, answer.err
    assert answer.json["settings"][0]["setting"] == "*"


def test_the_definition_of_the_project_serves_where_none_was_kept(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    for file in (shop.folder / ".dynasmith" / "backups").iterdir():
        file.unlink()
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert set(SETTINGS) == set(settings_of(answer.json))


def test_a_deleted_table_comes_back_from_its_own_backup(shop: ItemStory) -> None:
    before = shop.digest("orders")
    gone(shop)
    (own,) = shop("backup", "list", "orders", "--type", "system", "--json").json
    assert own["expires_at"] > own["created_at"]
    answer = shop("backup", "restore", "--table", "orders", "--at", "latest", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["source"] == own["arn"]
    assert set(SETTINGS) <= set(settings_of(answer.json))
    assert shop.digest("orders-2") == before
    earlier = shop("backup", "restore", "--table", "orders", "--at", "2026-01-01T00:00:00Z", "--target", "x-3", "--yes")
    assert earlier.code == 2
    assert own["arn"] in earlier.hint


def test_what_was_kept_earlier_serves_the_backup_of_a_deleted_table(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    gone(shop)
    (shop.folder / "tables_config.json").unlink()
    (own,) = shop("backup", "list", "orders", "--type", "system", "--json").json
    answer = shop("backup", "restore", own["arn"], "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert set(SETTINGS) <= set(settings_of(answer.json))


def test_another_key_and_another_billing_mode_are_asked_for(shop: ItemStory) -> None:
    capacity = {"read": 5, "write": 5}
    shop.define(table("orders", **SETTINGS), table("paid", billing_mode="PROVISIONED", provisioned_throughput=capacity))
    assert shop("ensure").code == 0
    assert shop("backup", "create", "paid", "--name", "kept").code == 0
    words = ("backup", "restore", "kept", "--yes", "--json", "--billing", "on-demand", "--encryption", "aws-managed")
    answer = shop(*words, "--target", "paid-2")
    assert answer.code == 0, answer.err
    rows = {each["setting"]: each for each in answer.json["settings"]}
    assert (rows["billing_mode"]["after"], rows["billing_mode"]["why"]) == ("PAY_PER_REQUEST", "asked for: --billing")
    assert rows["encryption"]["why"] == "asked for: --encryption"
    assert rows["encryption"]["after"] == {"type": "AWS_MANAGED"}
    assert shop("backup", "create", "orders", "--name", "other").code == 0
    refused = shop("backup", "restore", "other", "--yes", "--billing", "provisioned", "--target", "orders-2")
    assert refused.code == 2


def test_a_policy_is_of_the_new_table(shop: ItemStory) -> None:
    arn = shop.direct.describe_table(TableName="orders")["Table"]["TableArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{shop.account}:root"},
        "Action": "dynamodb:GetItem",
        "Resource": [arn, f"{arn}/index/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    strict(shop).put_resource_policy(ResourceArn=arn, Policy=policy)
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 0, answer.err
    kept = shop.direct.get_resource_policy(ResourceArn=f"{arn}-2")["Policy"]
    assert json.loads(kept)["Statement"][0]["Resource"] == [f"{arn}-2", f"{arn}-2/index/*"]


def test_a_setting_that_is_refused_is_named_and_the_others_are_there(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    shop.served.fault("TagResource", times=None, kind="access-denied")
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert answer.code == 3, answer.err
    wrong = {each["setting"]: each["why"] for each in answer.json["settings"] if not each["as_before"]}
    assert set(wrong) == {"tags"}
    assert "dynamodb:TagResource" in wrong["tags"]


def test_triggers_come_back_on_the_stream_of_the_new_table(shop: ItemStory, tmp_path: Path) -> None:
    with contextmanager(deployed)(clients(shop.served.endpoint, shop.account), tmp_path) as functions:
        functions.deploy("notify")
        shop.define(table("orders", triggers=[{"function": "notify", "batch_size": 7}], **SETTINGS))
        assert shop("apply", "--yes").code == 0
        assert shop("backup", "create", "orders", "--name", "kept").code == 0
        answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
        assert answer.code == 0, answer.json
        (row,) = (each for each in shop("lambda", "list", "orders-2", "--json").json if "last_result" in each)
        assert (row["function"], row["on_current_stream"]) == ("notify", True)
        strict(shop).put_item(TableName="orders-2", Item={"pk": {"S": "late"}})
        functions.got("notify", "late")


def test_a_dry_run_says_units_money_and_time(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    assert shop("export", "orders", "files").code == 0
    of_service = shop("backup", "restore", "kept", "--target", "orders-2", "--dry-run", "--json").json["estimate"]
    size = shop("backup", "show", "kept", "--json").json["size_bytes"]
    assert (of_service["size_bytes"], of_service["write_units"], of_service["seconds"]) == (size, 0.0, None)
    assert of_service["cost_dollars"] is not None
    words = shop("backup", "restore", "kept", "--target", "orders-2", "--dry-run")
    assert "the service does not say how long a restore takes" in words.err
    of_files = shop("backup", "restore", "files", "--target", "orders-2", "--dry-run", "--json").json["estimate"]
    assert (of_files["items"], of_files["write_units"] >= 7, of_files["read_units"] > 0) == (7, True, True)
    assert of_files["cost_dollars"] > 0
    assert shop.live() == ["orders"]
