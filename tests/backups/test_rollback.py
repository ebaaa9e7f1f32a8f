"""backup restore --into: the items of a table become those of a backup or an export, in place."""

from hashlib import sha256

import pytest

from aws_backup_calls import as_role
from backups.test_restore_killed import killed
from backups.test_restore_stories import shop, strict
from dynasmith.aws.control.actions import ROLLBACKS
from dynasmith.files.ledger.folder import FolderLedger
from item_stories.kit import ODD, ItemStory

__all__ = ["shop"]


def changed(story: ItemStory) -> None:
    """One item is deleted, one is changed, one is new."""
    client = strict(story)
    client.delete_item(TableName="orders", Key={"pk": ODD[0]["pk"]})
    client.put_item(TableName="orders", Item={**ODD[1], "n": {"N": "7"}})
    client.put_item(TableName="orders", Item={"pk": {"S": "late"}})


def test_an_export_is_rolled_back_to_and_what_was_there_can_be_had_back(shop: ItemStory) -> None:
    before = shop.digest("orders")
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    after = shop.digest("orders")
    words = ("backup", "restore", "kept", "--into", "orders")
    rehearsed = shop(*words, "--dry-run", "--json")
    assert rehearsed.code == 0, rehearsed.err
    assert sorted(each["kind"] for each in rehearsed.json["differences"]) == ["differs", "extra", "missing"]
    assert any("triggers and streams" in note for note in rehearsed.json["notes"])
    assert shop(*words, "--yes").code == 4
    assert shop.digest("orders") == after
    estimate = rehearsed.json["estimate"]
    assert (estimate["items"], estimate["write_units"] > 0, estimate["read_units"] > 0) == (7, True, True)
    assert estimate["cost_dollars"] > 0
    answer = shop(*words, "--confirm", "orders", "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert (told["written"], told["already"], told["deleted"], told["equal"]) == (2, 5, 1, True)
    assert shop.digest("orders") == before
    undone = shop("jobs", "undo", told["job"], "--yes", "--json")
    assert (undone.code, undone.json["written"]) == (0, 3), undone.err
    assert shop.digest("orders") == after


def test_an_undo_leaves_what_others_wrote_since(shop: ItemStory) -> None:
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    job = shop("backup", "restore", "kept", "--into", "orders", "--confirm", "orders", "--json").json["job"]
    client = strict(shop)
    client.put_item(TableName="orders", Item={"pk": ODD[0]["pk"], "theirs": {"S": "later"}})
    client.put_item(TableName="orders", Item={**ODD[1], "n": {"N": "9"}})
    assert shop("jobs", "undo", job, "--dry-run").code == 0
    undone = shop("jobs", "undo", job, "--yes", "--json")
    assert (undone.code, undone.json["written"], undone.json["dead"]) == (3, 1, 2), undone.err
    items = {item["pk"]["S"]: item for item in shop.items("orders")}
    assert items[ODD[0]["pk"]["S"]]["theirs"] == {"S": "later"}
    assert items[ODD[1]["pk"]["S"]]["n"] == {"N": "9"}
    assert "late" in items


@pytest.mark.parametrize("again", ["the same command", "jobs resume"])
def test_a_rollback_that_was_stopped_halfway_is_one_job_that_goes_on(shop: ItemStory, again: str) -> None:
    wanted = shop.digest("orders")
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    after = shop.digest("orders")
    words = ("backup", "restore", "kept", "--into", "orders", "--confirm", "orders", "--json")
    shop.served.fault("DeleteItem", times=None, kind="access-denied")
    stopped = shop(*words)
    assert stopped.code == 1, stopped.err
    shop.served.calm()
    (job,) = [each["id"] for each in shop("jobs", "list", "--json").json if each["verb"] == "restore-into"]
    answer = shop(*(words if again == "the same command" else ("jobs", "resume", job, "--json")))
    assert answer.code == 0, answer.err
    assert answer.json["job" if again == "the same command" else "id"] == job
    assert shop.digest("orders") == wanted
    assert shop("jobs", "undo", job, "--yes").code == 0
    assert shop.digest("orders") == after


def test_a_backup_is_rolled_back_to(shop: ItemStory) -> None:
    before = shop.digest("orders")
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    changed(shop)
    answer = shop("backup", "restore", "kept", "--into", "orders", "--confirm", "orders", "--json")
    assert answer.code == 0, answer.err
    assert shop.digest("orders") == before
    assert shop.live() == ["orders"]


def test_bad_input_changes_nothing(shop: ItemStory) -> None:
    assert shop("export", "orders", "kept").code == 0
    shop.make("others", key="id")
    assert shop("backup", "create", "others", "--name", "theirs").code == 0
    before = shop.digest("orders")
    for words, code in (
        (("kept", "--into", "nowhere"), 1),
        (("kept", "--into", "others"), 2),
        (("lost", "--into", "orders"), 1),
        (("lost", "--into", "orders", "--dry-run"), 1),
        (("theirs", "--into", "orders"), 2),
        (("theirs", "--into", "orders", "--dry-run"), 2),
        (("kept", "--into", ""), 2),
        (("kept", "--into", "orders", "--target", "more"), 2),
        (("--into", "orders"), 2),
    ):
        answer = shop("backup", "restore", *words, "--confirm", "orders", "--confirm", "others")
        assert answer.code == code, (words, answer.err)
        assert answer.error
    assert shop.digest("orders") == before


def test_a_backup_of_another_key_deletes_nothing_also_where_no_definition_was_kept(shop: ItemStory) -> None:
    before = shop.digest("orders")
    shop.make("others", key="id")
    strict(shop).create_backup(TableName="others", BackupName="theirs")
    answer = shop("backup", "restore", "theirs", "--into", "orders", "--confirm", "orders")
    assert (answer.code, answer.error) == (2, "The items of theirs have another key than table orders.")
    assert shop.digest("orders") == before


@pytest.mark.parametrize(
    ("operation", "when", "number"), [("RestoreTableFromBackup", "after", 1), ("DeleteTable", "before", 1)]
)
def test_a_run_after_a_kill_goes_on_with_what_it_began(shop: ItemStory, operation: str, when: str, number: int) -> None:
    wanted = shop.digest("orders")
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    changed(shop)
    words = ("backup", "restore", "kept", "--into", "orders", "--confirm", "orders")
    killed(shop, operation, when, number, words)
    again = shop(*words)
    assert again.code == 0, again.err
    assert shop.digest("orders") == wanted
    assert shop.live() == ["orders"]
    assert sum(call.operation == "RestoreTableFromBackup" for call in shop.served.journal) == 1
    assert list((shop.folder / ".dynasmith" / "rollbacks").iterdir()) == []


def test_a_table_of_somebody_in_the_place_of_the_meantime_is_left(shop: ItemStory) -> None:
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    arn = shop("backup", "show", "kept", "--json").json["arn"]
    name = f"orders-rollback-{sha256(arn.encode()).hexdigest()[:8]}"
    shop.make(name)
    answer = shop("backup", "restore", "kept", "--into", "orders", "--confirm", "orders")
    assert (answer.code, answer.error) == (2, f"Table {name} exists, and no restore made it.")
    assert sorted(shop.live()) == sorted(["orders", name])


def test_it_needs_the_actions_of_the_page_and_names_all_that_are_missing(
    shop: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = shop.digest("orders")
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    allow = as_role(shop, monkeypatch)
    words = ("backup", "restore", "kept", "--into", "orders", "--confirm", "orders")
    allow("dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive")
    refused = shop(*words)
    assert refused.code == 1, refused.err
    assert all(action in refused.error for action in ROLLBACKS), refused.error
    allow(*ROLLBACKS)
    answer = shop(*words)
    assert answer.code == 0, answer.err
    assert shop.digest("orders") == wanted


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem", "BatchExecuteStatement"])
def test_a_lost_reply_is_no_second_change_and_is_undone(shop: ItemStory, operation: str) -> None:
    wanted = shop.digest("orders")
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    after = shop.digest("orders")
    shop.served.fault(operation, kind="reset-after")
    answer = shop("backup", "restore", "kept", "--into", "orders", "--confirm", "orders", "--json")
    assert (answer.code, answer.json["equal"]) == (0, True), answer.err
    assert shop.digest("orders") == wanted
    assert shop("jobs", "undo", answer.json["job"], "--yes").code == 0
    assert shop.digest("orders") == after


def test_two_at_once_are_one(shop: ItemStory) -> None:
    assert shop("export", "orders", "kept").code == 0
    changed(shop)
    words = ("backup", "restore", "kept", "--into", "orders", "--confirm", "orders")
    shop.served.fault("DeleteItem", times=None, kind="access-denied")
    assert shop(*words).code == 1
    shop.served.calm()
    (job,) = [each["id"] for each in shop("jobs", "list", "--json").json if each["verb"] == "restore-into"]
    held = FolderLedger(shop.folder / ".dynasmith" / "jobs").claim(job)
    try:
        assert shop(*words).code == 5
    finally:
        held.release()
    assert shop(*words).code == 0
