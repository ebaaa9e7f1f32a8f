"""The how-to pages on backups and restores: their commands run as they stand, in their order."""

import re
import shlex
from pathlib import Path

from backups.test_restore_stories import SETTINGS, gone, shop, strict, with_window
from cli.story import table
from item_stories.kit import ODD, ItemStory

__all__ = ["shop"]
GUIDE = Path(__file__).parents[2] / "docs" / "guide"
COMMAND = re.compile(r"^\$ dynasmith (.+)$", re.MULTILINE)


def commands(page: str) -> list[list[str]]:
    """The commands of the console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", (GUIDE / page).read_text("utf-8"), re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in COMMAND.findall(block)]


def test_the_page_on_backups(shop: ItemStory) -> None:
    shop.define(table("orders", **SETTINGS), table("customers"))
    assert shop("ensure").code == 0
    said = commands("backup.md")
    assert len(said) >= 8
    for words in said:
        answer = shop(*words)
        assert answer.code == 0, (words, answer.err)
    assert (shop.folder / "kept" / "orders" / "manifest.json").is_file()
    assert [each["table"] for each in shop("backup", "list", "orders", "--json").json] == ["orders", "orders"]


def test_the_page_on_restores(shop: ItemStory) -> None:
    before = shop.digest("orders")
    assert shop("backup", "create", "orders", "--name", "before-the-sale").code == 0
    assert shop("backup", "create", "orders", "--to", "kept/orders").code == 0
    strict(shop).put_item(TableName="orders", Item={"pk": {"S": "late"}})
    after = shop.digest("orders")
    with_window(shop)
    said = commands("restore.md")
    assert len(said) >= 6
    for words in said:
        if words[-1] == "system":
            gone(shop)
        if "--into" in words and "orders" not in shop.live():
            assert shop("ensure").code == 0
        answer = shop(*words)
        assert answer.code == 0, (words, answer.err)
    assert len(shop.items("orders-restored")) == len(ODD)
    assert shop.digest("orders-restored") == shop.digest("orders-from-files") == before
    assert shop.digest("orders-latest") == shop.digest("orders-undeleted") == after
