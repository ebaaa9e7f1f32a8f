"""The page on replacements, run: there, back, there again, to the end."""

from pathlib import Path

from cli.story import client_of
from item_stories.kit import ItemStory
from page_commands.page import PageRun
from replacement.kit import by_id, definition, user


def test_the_page(story: ItemStory) -> None:
    page = PageRun("docs/guide/replace.md", story)
    story.make("orders", key="id")
    story.put("orders", *(user(number) for number in range(5)))
    story.define(definition(key="mail") | {"name": "orders"})
    Path("table.txt").write_text("orders\n")
    pointer = {"ssm:/shop/orders": "file:table.txt"}
    dry, begin, cutover, finish, again, follow, back, write = page.left
    page.left = [dry, begin, cutover, follow, back, again, write, finish]
    page.run()
    page.run()
    page.run(replaced=pointer)
    client = client_of(story.endpoint, story.account)
    client.delete_item(TableName="orders-v2", Key={"mail": {"S": "mail-3"}})
    client.put_item(TableName="orders-v2", Item=user(3, "moved"))
    client.close()
    page.run()
    assert by_id(story.items("orders"))["3"]["mail"] == {"S": "moved"}
    page.run()
    assert Path("table.txt").read_text() == "orders\n"
    page.run(replaced=pointer)
    page.run()
    page.run()
    assert Path("table.txt").read_text() == "orders-v2\n"
    assert by_id(story.items("orders-v2")) == by_id(story.items("orders"))
    assert [table["changes"] for table in story("plan", "--json").json["tables"]] == [[]]
