"""Pages whose commands need something to be there first: each function makes it, and runs the commands of its page."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cli.story import table
from item_stories.kit import ItemStory, person
from page_commands.page import ROOT, PageRun
from stream_functions import until

MOVES: Final = """
def split_name(item, ctx):
    item["first"], _, item["last"] = str(item.pop("name", "")).partition(" ")
    return item
"""
SPLIT: Final = """
def split_name(item, ctx):
    item["first"], _, item["last"] = str(item["name"]).partition(" ")
    return item
"""
Story = Callable[[ItemStory, PageRun], None]


def as_it_stands(story: ItemStory, page: PageRun) -> None:
    """The commands one after the other, on nothing but the files of the page."""
    for _ in page:
        page.run()


def users(story: ItemStory) -> None:
    """Tables users and users_v2, and the functions that pages name."""
    story.define(*(table(name) for name in ("users", "users_v2", "users_copy")))
    story.people("users", 12)
    story.make("users_v2")
    story.write("moves.py", MOVES)


def copy(story: ItemStory, page: PageRun) -> None:
    users(story)
    page.run()
    page.run(replaced={"us-east-1": "eu-west-1"}, code=1)  # the table is not there yet
    page.run("--mode", "overwrite")
    assert story.items("users_v2")[0].keys() >= {"first", "last"}
    assert "12 items" in page.run().out


def verify(story: ItemStory, page: PageRun) -> None:
    users(story)
    for words in (("copy", "users", "users_v2"), ("export", "users", "backup/")):
        assert story(*words, "--yes").code == 0
    page.run()
    page.run()
    assert (
        story("copy", "users", "users_v2", "--transform", "moves:split_name", "--mode", "overwrite", "--yes").code == 0
    )
    page.run()
    page.run()


def dry_run(story: ItemStory, page: PageRun) -> None:
    users(story)
    story.write("people.jsonl", '{"pk": "user-1", "name": "Ann Lee"}\n')
    page.run()
    story.write("moves.py", SPLIT)  # a backfill may be repeated, and does not take its own source away
    page.run()
    page.run()
    assert story.items("users_v2") == []


def backfill(story: ItemStory, page: PageRun) -> None:
    story.define(table("users"))
    story.make("users")
    story.put("users", *({**person(number), "age": {"S": "7"}} for number in range(30)))
    (shape,) = re.findall(
        r"`shapes/users.yaml`:\n\n```yaml\n(.*?)```", (ROOT / page.page).read_text("utf-8"), re.DOTALL
    )
    story.write("shapes/users.yaml", shape)
    before = story.digest("users")
    page.run()
    page.run()
    assert story.items("users")[0]["country"] == {"S": "CH"}
    page.run()
    assert story.digest("users") == before
    page.run()
    page.run()
    page.run()
    page.run()
    assert story.digest("users") == before
    page.run()


def jobs(story: ItemStory, page: PageRun) -> None:
    users(story)

    def stopped() -> None:
        """A copy that a fault stopped, as a kill does."""
        story.served.fault("BatchWriteItem", kind="access-denied", times=1)
        assert story("copy", "users", "users_v2", "--mode", "overwrite", "--yes").code == 1

    stopped()
    page.run()
    page.run()
    page.run()
    assert story.digest("users_v2") == story.digest("users")
    story.put("users", *map(person, range(12, 1000)))  # more than the pace of the page lets through meanwhile
    process = story.spawn("copy", "users", "users_v2", "--mode", "overwrite", "--max-write-units", "1", "--yes")
    try:
        until(lambda: [each for each in story("jobs", "list", "--json").json if each["state"] == "running"], "it runs")
        for _ in page:
            page.run()
    finally:
        process.kill()
        process.communicate()


def populate_export(story: ItemStory, page: PageRun) -> None:
    story.define(table("users", items=[{"pk": "listed"}]), table("users_copy"), table("users_new"))
    story.people("users", 5)
    story.make("users_copy")
    for name, text in (
        ("seed.json", '[{"pk": "s1"}]'),
        ("people.csv", "pk,name\nc1,Ann\n"),
        ("users.json", '{"_id": "m1"}\n'),
    ):
        story.write(name, text)
    import zstandard

    (story.folder / "more.jsonl.zst").write_bytes(zstandard.compress(b'{"pk": "z1"}\n'))
    shop(story)
    keys = {'{"id": "u1", "name": "Ada"}': '{"pk": "u1"}', '{"id": {"S": "u2"}}': '{"pk": {"S": "u2"}}'}
    keys |= {"id=user-{id}": "pk=user-{id}", "id={_id}": "pk={_id}"}
    for _ in page:
        page.run(replaced=keys)
    assert {"u1", "u2", "z1", "c1", "s1", "m1", "listed"} <= {item["pk"]["S"] for item in story.items("users")}
    assert story.digest("users_new") == story.digest("users_copy")


def shop(story: ItemStory) -> None:
    """shop.db, an SQLite database with a table users."""
    with sqlite3.connect(story.folder / "shop.db") as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        database.execute("INSERT INTO users VALUES (1, 'Ann')")
    database.close()


def databases(story: ItemStory, page: PageRun) -> None:
    story.define(table("users"))
    story.make("users")
    shop(story)
    page.run(replaced={"id=user-{id}": "pk=user-{id}"})
    assert [item["pk"]["S"] for item in story.items("users")] == ["user-1"]
    while page.left:
        page.skip()


def plan_apply(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"))
    page.run()
    page.run()
    story.define(table("orders", tags={"team": "shop"}))
    page.run()
    page.run()
    assert story("check").code == 0


def validate(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    (story.folder / "reports").mkdir()
    for _ in page:
        page.run()


def migrations(story: ItemStory, page: PageRun) -> None:
    story.make("users")
    story.put("users", {"pk": {"S": "a"}, "full_name": {"S": "Ann Lee"}})
    assert page.run().out.strip().endswith("migrations/0.0.1_split_the_name.py")
    migration = re.findall(r"```python\n(.*?)```", (ROOT / page.page).read_text("utf-8"), re.DOTALL)[0]
    story.write("migrations/0.0.1_split_the_name.py", migration)
    page.run()
    page.run()
    assert page.run().out.split()[0] == "0.0.1"
    assert "Nothing is outstanding." in page.run().err
    page.run()


def production(story: ItemStory) -> None:
    """A project whose environment prod is the engine of the story."""
    text = f'[environments.prod]\nendpoint = "{story.endpoint}"\nregion = "us-east-1"\n'
    story.write("dynasmith.toml", f'definitions = ["tables_config.json"]\n{text}')


def infrastructure(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"))
    production(story)
    assert story("ensure", "--env", "prod").code == 0
    for _ in page:
        page.run()
    assert {path.name for path in (story.folder / "infrastructure").iterdir()} >= {"imports.tf", "template.yaml"}


STATE: Final = {
    "format_version": "1.0",
    "terraform_version": "1.9.0",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_dynamodb_table.orders",
                    "mode": "managed",
                    "type": "aws_dynamodb_table",
                    "name": "orders",
                    "values": {
                        "name": "orders",
                        "billing_mode": "PAY_PER_REQUEST",
                        "hash_key": "pk",
                        "attribute": [{"name": "pk", "type": "S"}],
                    },
                }
            ]
        }
    },
}
TEMPLATE: Final = """
Parameters:
  Stage: {Type: String}
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {}}
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "orders-${Stage}"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      SSESpecification: {SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn}
"""


def other_forms(story: ItemStory, page: PageRun) -> None:
    story.write("state.json", json.dumps(STATE))
    story.write("template.yaml", TEMPLATE)
    page.run()
    page.run()
    story.write("template.yaml", TEMPLATE.partition("      SSESpecification")[0])
    story.define(table("orders-prod", billing_mode="PAY_PER_REQUEST"))
    assert story("ensure").code == 0
    page.run()


def items(story: ItemStory, page: PageRun) -> None:
    story.make("orders", key="customer_id", sort="order_id")
    for _ in page:
        page.run()
    assert story.items("orders") == []


def cheat_sheet(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"), table("orders_v2"))
    story.write("items.jsonl", '{"pk": "a"}\n{"pk": "b"}\n')
    story.write("shape.yaml", "version: 1\noperations:\n  - {add: country, value: CH}\n")
    for _ in page:
        page.run()
    assert "orders" not in story.live()
    assert story.digest("orders-again") == story.digest("orders_v2")


def ci(story: ItemStory, page: PageRun) -> None:
    shutil.copytree(ROOT / "examples" / "ci", story.folder, dirs_exist_ok=True)
    as_it_stands(story, page)


def upgrade(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    as_it_stands(story, page)


def lambda_page(story: ItemStory, page: PageRun) -> None:
    story.define(table("orders"))
    production(story)
    for command in page:
        if command.words[1:3] == ("lambda", "policy"):
            page.run()
            assert "Statement" in (story.folder / command.out).read_text("utf-8")
        else:
            page.skip()


def models_import(story: ItemStory, page: PageRun) -> None:
    shutil.copy(ROOT / "tests/bridges/pynamo_shop.py", _package(story) / "models.py")
    story.write(
        "app/orders.py",
        "from pydantic import BaseModel\n\nclass Order(BaseModel):\n    customer: str\n    number: int\n",
    )
    production(story)
    story.define(table("orders"), table("users"))
    assert story("ensure", "--env", "prod").code == 0
    keys = {"pk": {"type": "String", "value": "user#${name}"}, "sk": {"type": "String", "value": "user#"}}
    schema = {
        "version": "0.0.1",
        "indexes": {"primary": {"hash": "pk", "sort": "sk"}},
        "models": {"User": {**keys, "name": {"type": "String"}}},
    }
    story.write("schema.json", json.dumps(schema))
    story.write("migrate.json", '{"name": "orders"}')
    for command in page:
        target = story.folder / "shop" / "models.py"
        target.unlink(missing_ok=True)  # each way writes it, and none overwrites
        if command.words[1] == "init":
            shutil.rmtree(target.parent)
        page.run(replaced={"onetable:schema.js": "onetable:schema.json"})  # a module of JavaScript needs node


def _package(story: ItemStory) -> Path:
    return story.write("app/__init__.py", "").parent


def models_projects(story: ItemStory, page: PageRun) -> None:
    story.write("app/__init__.py", "")
    story.write("app/models.py", MODELS)
    story.write("app/moves.py", SPLIT_USER)
    story.people("users_v1", 3)
    story.make("users_v2")
    page.run()
    assert sorted(item["first"]["S"] for item in story.items("users_v2")) == ["Ann0", "Ann1", "Ann2"]


SPLIT_USER: Final = """
from app.models import UserV1, UserV2


def split(old: UserV1) -> UserV2:
    first, _, last = old.name.partition(" ")
    return UserV2(pk=old.pk, first=first, last=last)
"""
MODELS: Final = """
from dynasmith import Model
from dynasmith.models import Partition


class UserV1(Model, table="users_v1"):
    pk: Partition[str]
    name: str
    n: int


class UserV2(Model, table="users_v2"):
    pk: Partition[str]
    first: str
    last: str
"""

STORIES: Final[Mapping[str, Story]] = {
    "docs/reference/permissions.md": as_it_stands,
    "docs/cheat-sheet.md": cheat_sheet,
    "docs/guide/backfill.md": backfill,
    "docs/guide/coming-from/infrastructure.md": other_forms,
    "docs/guide/copy.md": copy,
    "docs/guide/databases.md": databases,
    "docs/guide/dry-run.md": dry_run,
    "docs/guide/infrastructure.md": infrastructure,
    "docs/guide/items.md": items,
    "docs/guide/jobs.md": jobs,
    "docs/guide/lambda.md": lambda_page,
    "docs/guide/migrations.md": migrations,
    "docs/guide/models-import.md": models_import,
    "docs/guide/models-projects.md": models_projects,
    "docs/guide/plan-apply.md": plan_apply,
    "docs/guide/populate-export.md": populate_export,
    "docs/guide/validate.md": validate,
    "docs/guide/verify.md": verify,
    "docs/upgrade.md": upgrade,
    "examples/ci/README.md": ci,
}
"""A page, and what runs its commands. ``as_it_stands`` is enough for a page that needs nothing but its own files."""
