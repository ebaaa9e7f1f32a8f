"""A dry run of migrations: what their code reads, what it would write, what the steps cost, and where it ends."""

from __future__ import annotations

import json
from typing import Any

from cli.story import table
from item_stories.kit import WRITES, ItemStory
from migrations.test_stories import migrate

MODELS = """
from dynasmith.models import Attr, Model, Partition, attr


class User(Model, table="users"):
    pk: Partition[str]
    name: Attr[str]
    n: Attr[int]
    seen: Attr[bool] = attr(default=False)
"""


def alone(story: ItemStory, code: str) -> None:
    for name in ("0.0.2_split_name", "0.1.3_index"):
        (story.folder / "migrations" / f"{name}.py").unlink()
    story.write("migrations/0.0.1_country.py", code)


def rehearsed(story: ItemStory, *words: str) -> dict[str, Any]:
    answer = migrate(story, *words, "--dry-run", "--json")
    assert answer.code == 0, answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def test_model_classes_read_and_write_and_nothing_is_written(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/shop.py", MODELS)
    alone(
        story,
        """
        from shop import User

        def up(m):
            db = m.db()
            user = db.get(User, "user-00007")
            user.seen = True
            db.save(user)
            db.create(User(pk="new", name="New One", n=1))
            db.delete(db.get(User, "user-00008"))
            m.log("seen", name=user.name, version=user.n, there=db.get(User, "user-00008") is not None)
        """,
    )
    story.served.journal.clear()
    found = rehearsed(story, "up")
    assert found["migrations"][0]["stopped"] == ""
    assert found["migrations"][0]["log"] == ["seen name='Ann7 Lee' version=7 there=True"]
    assert [call.operation for call in story.served.journal if call.operation in WRITES] == []
    [called] = found["called"]
    assert "UpdateItem on users (once)" in called
    assert "PutItem on users (once)" in called
    assert "DeleteItem on users (once)" in called
    assert migrate(story, "up", "--yes").code == 0
    assert story.direct.get_item(TableName="users", Key={"pk": {"S": "user-00007"}})["Item"]["seen"] == {"BOOL": True}


def test_a_client_counts_what_it_writes_and_refuses_what_cannot_be_known(migrated: ItemStory) -> None:
    story = migrated
    alone(
        story,
        """
        def up(m):
            client = m.client()
            assert client.put_item(TableName="users", Item={"pk": {"S": "new"}})
            old = client.delete_item(TableName="users", Key={"pk": {"S": "user-00001"}}, ReturnValues="ALL_OLD")
            m.log("old", n=old["Attributes"]["n"]["N"])
            request = {"PutRequest": {"Item": {"pk": {"S": "a"}}}}
            assert client.batch_write_item(RequestItems={"users": [request] * 2})["UnprocessedItems"] == {}
            put = {"Put": {"TableName": "users", "Item": {"pk": {"S": "b"}}}}
            client.transact_write_items(TransactItems=[put])
            client.update_item(TableName="users", Key={"pk": {"S": "a"}}, UpdateExpression="ADD n :one",
                               ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="UPDATED_NEW")
        """,
    )
    found = rehearsed(story, "up")
    [migration] = found["migrations"]
    assert migration["log"] == ["old n='1'"]
    assert "what UpdateItem would return is not known" in migration["stopped"]
    counted, refused = found["called"]
    assert "BatchWriteItem on users (once)" in counted
    assert refused.startswith("its code called dynamodb UpdateItem on users (once): refused")


def test_ten_migrations_that_all_write_write_nothing(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("orders"))
    ways = [
        "m.client().put_item(TableName='users', Item={'pk': {'S': 'new'}})",
        "m.client().delete_item(TableName='users', Key={'pk': {'S': 'user-00001'}})",
        "m.once('a', lambda: m.client().put_item(TableName='users', Item={'pk': {'S': 'new'}}))",
        "m.read('a', lambda: m.client().put_item(TableName='users', Item={'pk': {'S': 'new'}}) and 1)",
        "import boto3; boto3.client('dynamodb').put_item(TableName='users', Item={'pk': {'S': 'new'}})",
        "m.table('users').delete_all()",
        "m.drop_table('users')",
        "m.table('users').add('a', 1)",
        "m.create_table('orders'); m.table('users').copy_to('orders')",
        "m.table('users').set(deletion_protection=True)",
    ]
    for number, way in enumerate(ways):
        story.write(f"migrations/0.0.{number + 1}_w.py", f"def up(m):\n    {way}\n")
    for name in ("0.0.1_country", "0.0.2_split_name", "0.1.3_index"):
        (story.folder / "migrations" / f"{name}.py").unlink()
    story.served.journal.clear()
    found = rehearsed(story, "all")
    assert [call.operation for call in story.served.journal if call.operation in WRITES | {"CreateBackup"}] == []
    assert len(found["migrations"]) == 10
    assert found["destroys"] == ["users"]
    assert "PutItem on users (3 times)" in found["called"][0]


def test_units_time_and_money_of_each_step_and_of_the_path(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/people.jsonl", '{"pk": "x"}\n' * 3)
    alone(
        story,
        """
        def up(m):
            m.table("users").backfill(change, max_write_units=4)
            m.table("users").delete_where("n >= 30")
            m.table("users").populate("people.jsonl")
            m.table("users").add_index("by_n", partition_key="n", types={"n": "N"})
            m.once("a", lambda: 1)

        def change(item):
            return item
        """,
    )
    found = rehearsed(story, "up")
    backfill, delete, populate, index, once = found["migrations"][0]["steps"]
    assert (backfill["items"], backfill["write_units"], backfill["seconds"]) == (40, 40.0, 10.0)
    assert backfill["words"] == "change items of users by change"
    assert (delete["items"], delete["write_units"]) == (10, 10.0)
    assert delete["hazard"] == "about 10 items of table users are deleted"
    assert (populate["items"], index["items"], once["items"]) == (3, 40, None)
    assert found["write_units"] == 40 + 10 + 3 + 40
    assert found["seconds"] >= 10
    assert 0 < found["cost_dollars"] < 0.01
    answer = migrate(story, "up", "--dry-run")
    assert "At most" in answer.out
    assert "on demand." in answer.out


def test_it_says_which_step_makes_what_a_migration_reads(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("orders"))
    story.write("migrations/0.0.1_country.py", "def up(m):\n    m.log('x')\n    m.create_table('orders')\n")
    reads = "def up(m):\n    m.read('n', lambda: m.client().scan(TableName='orders')['Count'])\n"
    story.write("migrations/0.0.2_split_name.py", reads)
    answer = migrate(story, "all", "--dry-run")
    assert answer.code == 0, answer.err
    said = "cannot be rehearsed beyond 0.0.2 step 1: it reads orders, which step 1 of 0.0.1 makes"
    assert said in answer.out
    assert "by_country" in answer.out  # the migration behind it is rehearsed all the same


def test_a_reverse_that_nobody_wrote_is_shown_step_by_step(migrated: ItemStory) -> None:
    story = migrated
    code = """
        def up(m):
            m.table("users").add("country", "CH")
            m.table("users").add_index("by_country", partition_key="country", types={"country": "S"})
            m.table("users").set(deletion_protection=True)
        """
    alone(story, code)
    assert migrate(story, "up", "--yes").code == 0
    steps = rehearsed(story, "down")["migrations"][0]["steps"]
    assert [step["words"] for step in steps] == [
        "change deletion_protection of users back",
        "remove index by_country of users",
        "put back the 40 items of users that step 1 of its up changed",
    ]
    assert steps[2]["items"] == 40
    assert migrate(story, "down", "--yes").code == 0


def test_redact_hides_values_and_keeps_versions(migrated: ItemStory) -> None:
    answer = migrate(migrated, "up", "--dry-run", "--redact")
    assert answer.code == 0, answer.err
    assert "CH" not in answer.out
    assert "0.0.1" in answer.out
    assert "1. add of users (about 40 items" in answer.out
    assert "0.0.1" in migrate(migrated, "list", "--redact").out
