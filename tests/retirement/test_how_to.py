"""The how-to page on retirement: its commands run as they stand, in their order."""

from backups.test_how_to import commands
from cli.story import table
from item_stories.kit import ItemStory


def test_the_page_on_retirement(story: ItemStory) -> None:
    story.define(table("orders", point_in_time_recovery={"enabled": True}))
    assert story("ensure").code == 0
    story.put("orders", {"pk": {"S": "a"}})
    dry, done = commands("retire.md")
    shown = story(*dry)
    assert (shown.code, story.live(), "delete the table and all its items" in shown.err) == (0, ["orders"], True)
    assert "a system backup stays" in shown.err
    answer = story(*done)
    assert (answer.code, story.live()) == (0, []), answer.err
    assert sorted(each["type"] for each in story("backup", "list", "orders", "--json").json) == ["system", "user"]
    assert story("backup", "restore", "--table", "orders", "--at", "latest", "--target", "orders", "--yes").code == 0
    assert story.live() == ["orders"]
