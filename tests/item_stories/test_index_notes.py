"""copy --transform: an index of the target that still has an attribute which an operation renames is named."""

from collections.abc import Sequence

import pytest

from dynasmith.engine.transfer.index_notes import index_notes
from dynasmith.operations import Add, Operation, Remove, Rename, Split, Template
from dynasmith.tables.table import Index, Key, KeyAttribute, LocalIndex, Projection, ProjectionKind, Table
from item_stories.kit import ItemStory

PK, CITY, NAME = (KeyAttribute(name=each, type="S") for each in ("pk", "city", "name"))
INCLUDES = Projection(kind=ProjectionKind.INCLUDE, attributes=("mail", "name"))
TABLE = Table(
    name="users",
    key=Key(partition=(PK,)),
    indexes=(
        Index(name="by_city", key=Key(partition=(CITY,)), projection=INCLUDES),
        Index(name="by_name", key=Key(partition=(NAME,))),
    ),
    local_indexes=(LocalIndex(name="local", key=Key(partition=(PK,), sort=(CITY,))),),
)
INCLUDED = "index by_city still includes name; it is renamed to full_name, so change the projection of the index"
KEYED = "index by_name still has name in its key; items in which it is renamed to full_name are not in the index"
LOCAL = "index local still has city in its key; items in which it is renamed to town are not in the index"
OF_CITY = LOCAL.replace("local", "by_city")


@pytest.mark.parametrize(
    ("operations", "notes"),
    [
        ([Rename("name", "full_name")], [INCLUDED, KEYED]),
        ([Rename("name", "x"), Rename("x", "full_name")], [INCLUDED, KEYED]),
        ([Rename("city", "town"), Remove("other")], [OF_CITY, LOCAL]),
        ([Rename("name", "full_name", keep_old=True)], []),
        ([Rename("name", "full_name"), Template("name", "{full_name}")], []),
        ([Rename("name", "full_name"), Split("full_name", ["name", "last"], on=" ")], []),
        ([Rename("name", "x"), Rename("city", "name"), Rename("x", "city")], []),
        ([Rename("pk", "id"), Rename("age", "years"), Add("name", "x")], []),
        ([], []),
    ],
)
def test_an_attribute_that_is_renamed_is_named_with_its_index(
    operations: Sequence[Operation], notes: list[str]
) -> None:
    assert index_notes(TABLE, operations) == notes


def test_a_copy_and_its_dry_run_say_it(story: ItemStory) -> None:
    attributes = ({"AttributeName": each, "AttributeType": "S"} for each in ("pk", "name"))
    index = {
        "IndexName": "by_name",
        "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    story.direct.create_table(
        TableName="users",
        AttributeDefinitions=list(attributes),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )
    story.put("users", {"pk": {"S": "a"}, "name": {"S": "Ann"}})
    story.write("ops.yaml", "version: 1\noperations:\n  - {rename: name, to: full_name}\n")
    words = ("copy", "users", "fresh", "--transform", "ops.yaml", "--create-target")
    dry = story(*words, "--dry-run")
    assert (dry.code, KEYED in dry.out) == (0, True), dry
    answer = story(*words, "--yes")
    assert (answer.code, KEYED.capitalize() in answer.err) == (0, True), answer
    again = story("copy", "users", "fresh", "--transform", "ops.yaml", "--dry-run", "--json").json
    assert KEYED in again["notes"]
