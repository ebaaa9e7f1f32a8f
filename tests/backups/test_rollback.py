"""backup restore --into: the items of a table become those of a backup or an export, in place."""

from backups.test_restore_killed import killed
from backups.test_restore_stories import shop, strict
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
    answer = shop(*words, "--confirm", "orders", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["deleted"], answer.json["equal"]) == (1, True)
    assert shop.digest("orders") == before
    back = shop("backup", "restore", answer.json["before"], "--into", "orders", "--confirm", "orders")
    assert back.code == 0, back.err
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


def test_a_run_after_a_kill_names_what_was_there_before_and_the_table_that_is_left(shop: ItemStory) -> None:
    wanted = shop.digest("orders")
    assert shop("backup", "create", "orders", "--name", "kept").code == 0
    changed(shop)
    words = ("backup", "restore", "kept", "--into", "orders", "--confirm", "orders")
    killed(shop, "RestoreTableFromBackup", "after", 1, words)
    again = shop(*words)
    assert again.code == 0, again.err
    assert shop.digest("orders") == wanted
    assert "An earlier run did not end; what orders held before it is in " in again.err
    (left,) = [name for name in shop.live() if name != "orders"]
    assert f"to delete it: dynasmith delete {left} --physical --confirm {left}" in again.err
    assert "An earlier run" in shop(*words).err
