"""backup create, list, show, delete and prune, on the embedded engine behind the strict endpoint."""

import json
import stat
from typing import Any

import pytest

from cli.story import table
from dynasmith.project.verbs.backups.creation import backup_name
from item_stories.kit import ItemStory

HOUR = 3_600.0


@pytest.fixture
def shop(story: ItemStory) -> ItemStory:
    """Two tables with items, one of them with settings that the service does not keep."""
    story.define(table("orders", tags={"team": "shop"}, time_to_live={"attribute": "ends"}), table("customers"))
    assert story("ensure").code == 0
    story.put("orders", *({"pk": {"S": f"order-{number}"}} for number in range(10)))
    return story


def made(story: ItemStory, *words: str) -> list[dict[str, Any]]:
    answer = story("backup", "create", *words, "--json")
    assert answer.code == 0, answer.err
    found: list[dict[str, Any]] = answer.json
    return found


def test_several_tables_share_the_time_and_keep_their_definitions(shop: ItemStory) -> None:
    orders, customers = made(shop, "orders", "customers")
    assert (orders["table"], orders["state"], orders["type"]) == ("orders", "AVAILABLE", "user")
    assert orders["name"].removeprefix("orders-") == customers["name"].removeprefix("customers-")
    kept = shop.folder / orders["settings_file"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    record = json.loads(kept.read_text("utf-8"))
    assert record["arn"] == orders["arn"]
    assert record["definition"]["tags"] == {"team": "shop"}
    assert record["definition"]["time_to_live"] == {"attribute": "ends"}
    assert [each["arn"] for each in shop("backup", "list", "orders", "--json").json] == [orders["arn"]]
    assert {each["table"] for each in shop("backup", "list", "--json").json} == {"orders", "customers"}
    shown = shop("backup", "show", orders["name"], "--json").json
    assert (shown["arn"], shown["size_bytes"]) == (orders["arn"], orders["size_bytes"])


def test_a_name_of_a_long_table_fits() -> None:
    from datetime import UTC, datetime

    name = backup_name("t" * 255, datetime(2026, 11, 20, 10, 15, tzinfo=UTC))
    assert (len(name), name[-16:]) == (255, "-20261120-101500")


def test_a_backup_that_is_not_waited_for(shop: ItemStory) -> None:
    (begun,) = made(shop, "orders", "--no-wait")
    assert begun["state"] in ("CREATING", "AVAILABLE")
    assert shop("backup", "create", "orders", "--no-wait", "--wait-timeout", "1m").code == 2


def test_bad_input_makes_no_backup(shop: ItemStory) -> None:
    for words, code, sentence in (
        (("orders", "nowhere"), 1, "Table nowhere does not exist."),
        (("orders", "customers", "--name", "both"), 2, "A name is for the backup of one table, and there are 2."),
        (("orders", "--name", "a b"), 2, "'a b' is not a valid name of a backup."),
        (("orders", "--name", "ab"), 2, "'ab' is not a valid name of a backup."),
    ):
        answer = shop("backup", "create", *words)
        assert (answer.code, answer.error) == (code, sentence)
        assert answer.hint
    assert shop("backup", "create", "orders", "--dry-run").code == 0
    assert shop("backup", "list", "--json").json == []


def test_two_of_a_name_are_told_with_both_arns(shop: ItemStory) -> None:
    first, second = (made(shop, "orders", "--name", "kept")[0]["arn"] for _ in range(2))
    for verb in (("show", "kept"), ("delete", "kept", "--yes")):
        answer = shop("backup", *verb)
        assert answer.code == 2
        assert first in answer.error
        assert second in answer.error
    assert shop("backup", "delete", first, "--yes").code == 0
    assert shop("backup", "show", "kept", "--json").json["arn"] == second


def test_what_is_not_there_and_what_is_elsewhere(shop: ItemStory) -> None:
    (backup,) = made(shop, "orders", "--name", "kept")
    assert shop("backup", "show", "lost").error == "There is no backup lost."
    assert shop("backup", "show", "lost").code == 1
    elsewhere = backup["arn"].replace("us-east-1", "eu-west-1")
    answer = shop("backup", "show", elsewhere)
    assert (answer.code, answer.hint) == (2, "run it there: --region eu-west-1")
    gone = backup["arn"][:-4] + "0000"
    assert shop("backup", "show", gone).error == f"There is no backup {gone}."
    assert shop("backup", "show", "arn:aws:dynamodb:us-east-1:123456789012:table/orders").code == 2


def test_a_deletion_asks_and_takes_the_definition_along(shop: ItemStory) -> None:
    (backup,) = made(shop, "orders", "--name", "kept")
    kept = shop.folder / backup["settings_file"]
    assert shop("backup", "delete", "kept").code == 4
    assert shop("backup", "delete", "kept", "--dry-run").code == 0
    assert kept.exists()
    assert shop("backup", "delete", "kept", "--yes").code == 0
    assert not kept.exists()
    assert shop("backup", "show", "kept").code == 1


def test_a_prune_keeps_the_newest_ones_and_never_the_last_goes(shop: ItemStory) -> None:
    names = [made(shop, "orders", "--name", f"day-{number}")[0]["name"] for number in range(4)]
    others = made(shop, "customers", "--name", "other")
    assert shop("backup", "prune", "orders").code == 2
    assert shop("backup", "prune", "orders", "--keep", "2").code == 4
    rehearsed = shop("backup", "prune", "orders", "--keep", "2", "--dry-run", "--json").json
    assert [each["name"] for each in rehearsed["deleted"]] == names[:2]
    done = shop("backup", "prune", "orders", "--keep", "2", "--yes", "--json").json
    assert [each["name"] for each in done["deleted"]] == names[:2]
    assert [each["name"] for each in done["kept"]] == names[2:]
    assert shop("backup", "prune", "orders", "--older-than", "1d", "--yes", "--json").json["deleted"] == []
    assert [each["name"] for each in shop("backup", "list", "--json").json] == [*names[2:], others[0]["name"]]
    assert shop("backup", "prune", "nowhere", "--keep", "1", "--yes").code == 1


def test_a_protected_environment_asks_for_its_name(shop: ItemStory) -> None:
    shop.write(
        "dynasmith.toml",
        f'definitions = ["tables_config.json"]\n[environments.kept]\nendpoint = "{shop.endpoint}"\n'
        'region = "us-east-1"\nprotected = true\n',
    )
    for number in range(2):
        assert shop("backup", "create", "orders", "--name", f"day-{number}", "--env", "kept").code == 0
    for verb in (("prune", "orders", "--keep", "1"), ("delete", "day-1")):
        assert shop("backup", *verb, "--env", "kept", "--yes").code == 4
        assert shop("backup", *verb, "--env", "kept", "--confirm", "kept").code == 4
        assert shop("backup", *verb, "--env", "kept", "--yes", "--confirm", "kept").code == 0
    assert shop("backup", "list", "--env", "kept", "--json").json == []


def test_a_backup_as_files_is_compared_and_comes_back(shop: ItemStory) -> None:
    (backup,) = made(shop, "orders", "--to", "kept")
    assert (backup["arn"], backup["table"], backup["state"]) == (None, "orders", "AVAILABLE")
    assert backup["size_bytes"] > 0
    assert json.loads((shop.folder / backup["settings_file"]).read_text("utf-8"))["definition"]["tags"] == {
        "team": "shop"
    }
    again = shop("backup", "create", "orders", "--to", "kept")
    assert (again.code, again.hint) == (2, "name another place")
    assert shop("backup", "create", "orders", "--to", "more", "--name", "x").code == 2
    in_s3 = shop("backup", "create", "orders", "--to", "s3://bucket/x")
    assert (in_s3.code, (shop.folder / "s3:").exists()) == (2, False)
    assert "cannot be files in S3" in in_s3.err
    both = made(shop, "orders", "customers", "--to", "both")
    assert [each["name"].rpartition("/")[2] for each in both] == ["orders", "customers"]
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes", "--json")
    assert (answer.code, answer.json["verified"]) == (0, "exact")
    assert shop.digest("orders-2") == shop.digest("orders")
    assert shop("backup", "list", "--json").json == []


def test_an_engine_without_backups_is_said_plainly(shop: ItemStory) -> None:
    for operation, words in (("CreateBackup", ("create", "orders")), ("ListBackups", ("list",))):
        shop.served.fault(operation, times=None, kind="UnknownOperationException")
        answer = shop("backup", *words)
        assert answer.code == 1
        assert f"does not offer dynamodb {operation}" in answer.error
        assert answer.hint.startswith("an export works on every engine")


def test_a_missing_permission_names_all_that_the_verb_needs(shop: ItemStory) -> None:
    shop.served.fault("CreateBackup", times=None, kind="access-denied")
    answer = shop("backup", "create", "orders")
    assert answer.code == 1
    for action in ("dynamodb:CreateBackup", "dynamodb:DescribeBackup"):
        assert action in answer.error
        assert action in answer.hint
    shop.served.calm()
    assert made(shop, "orders", "--name", "kept")
    shop.served.fault("RestoreTableFromBackup", times=None, kind="access-denied")
    answer = shop("backup", "restore", "kept", "--target", "orders-2", "--yes")
    assert answer.code == 1
    for action in ("dynamodb:RestoreTableFromBackup", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem"):
        assert action in answer.hint


def test_a_lost_reply_makes_no_second_backup(shop: ItemStory) -> None:
    shop.served.fault("CreateBackup", nth=1, kind="reset-after")
    made(shop, "orders", "--name", "kept")
    listed = [each["name"] for each in shop("backup", "list", "--json").json]
    assert listed in (["kept"], ["kept", "kept"])


def test_backups_since_a_moment(shop: ItemStory) -> None:
    made(shop, "orders")
    assert shop("backup", "list", "--since", "1h", "--json").json != []
    assert shop("backup", "list", "--since", "2999-01-01T00:00:00Z", "--json").json == []


def test_what_is_empty_is_refused_also_in_a_dry_run(story: ItemStory) -> None:
    story.make("orders")
    for words, sentence in (
        (("",), "'' is not the name of a table."),
        (("orders", "--name", ""), "--name is empty."),
        (("orders", "--to", ""), "--to is empty."),
    ):
        for more in ((), ("--dry-run",)):
            answer = story("backup", "create", *words, *more)
            assert (answer.code, answer.error) == (2, sentence), answer.err
            assert answer.hint
