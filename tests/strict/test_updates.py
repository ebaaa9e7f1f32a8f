"""Updates that the item as it is cannot take: refused before the engine, after the condition."""

from typing import Any

import pytest

from dynasmith.strict import StrictServer
from dynasmith.strict.expressions.apply import UpdateError, updated
from dynasmith.strict.expressions.expression import read_expression
from strict_tables import defined, index, ready, refused

ITEM: dict[str, Any] = {
    "pk": {"S": "1"},
    "n": {"N": "5"},
    "s": {"S": "x"},
    "l": {"L": [{"N": "0"}, {"N": "1"}]},
    "t": {"SS": ["a", "b"]},
}
VALUES: dict[str, dict[str, Any]] = {
    ":n": {"N": "2"},
    ":s": {"S": "y"},
    ":l": {"L": [{"S": "z"}]},
    ":t": {"SS": ["b", "c"]},
}


def after(text: str) -> dict[str, Any]:
    return updated(ITEM, read_expression("UpdateExpression", text).actions, {}, VALUES)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("SET n = n - :n", {"n": {"N": "3"}}),
        ("SET m = n, n = :n", {"m": {"N": "5"}, "n": {"N": "2"}}),
        ("SET c = if_not_exists(c, :n) + :n", {"c": {"N": "4"}}),
        ("SET l = list_append(:l, l)", {"l": {"L": [{"S": "z"}, {"N": "0"}, {"N": "1"}]}}),
        ("SET l[9] = :s, l[0] = :n", {"l": {"L": [{"N": "2"}, {"N": "1"}, {"S": "y"}]}}),
        ("REMOVE l[0], l[7]", {"l": {"L": [{"N": "1"}]}}),
        ("REMOVE l[0] SET l[1] = :s", {"l": {"L": [{"S": "y"}]}}),
        ("ADD n :n, c :n, t :t", {"n": {"N": "7"}, "c": {"N": "2"}, "t": {"SS": ["a", "b", "c"]}}),
        ("DELETE t :t, u :t", {"t": {"SS": ["a"]}}),
    ],
)
def test_what_an_update_makes_of_an_item(text: str, changes: dict[str, Any]) -> None:
    assert after(text) == {**ITEM, **changes}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("SET m.x = :s", "document path provided in the update expression is invalid"),
        ("SET s.x = :s", "document path provided in the update expression is invalid"),
        ("SET n[0] = :s", "document path provided in the update expression is invalid"),
        ("REMOVE m.x", "document path provided in the update expression is invalid"),
        ("SET n = s + :n", "incorrect data type"),
        ("SET l = list_append(s, :l)", "incorrect data type"),
        ("ADD s :n", "incorrect data type"),
        ("DELETE n :t", "incorrect data type"),
        ("SET c = m", "refers to an attribute that does not exist in the item"),
        ("SET c = m + :n", "refers to an attribute that does not exist in the item"),
    ],
)
def test_what_an_item_cannot_take(text: str, part: str) -> None:
    with pytest.raises(UpdateError, match=part):
        after(text)


def test_the_endpoint_refuses_them_after_the_condition(server: StrictServer, client: Any) -> None:
    ready(server, client, AttributeDefinitions=defined("pk", k="S"), GlobalSecondaryIndexes=[index("by_k", "k")])
    client.put_item(TableName="tab", Item=ITEM)
    update = {"TableName": "tab", "Key": {"pk": {"S": "1"}}}
    value = {":v": {"S": "1"}}
    code, message = refused(
        client.update_item, **update, UpdateExpression="SET m.x = :v", ExpressionAttributeValues=value
    )
    assert (code, "invalid for update" in message) == ("ValidationException", True)
    code, message = refused(client.update_item, **update, UpdateExpression="SET k = n")
    assert (code, "Type mismatch for Index Key k" in message) == ("ValidationException", True)
    code, _ = refused(
        client.update_item,
        **update,
        UpdateExpression="SET m.x = :v",
        ConditionExpression="attribute_exists(m)",
        ExpressionAttributeValues=value,
    )
    assert code == "ConditionalCheckFailedException"
    client.update_item(**update, UpdateExpression="SET l[0] = s, k = s")
    stored = client.get_item(TableName="tab", Key={"pk": {"S": "1"}})["Item"]
    assert stored == {**ITEM, "k": {"S": "x"}, "l": {"L": [{"S": "x"}, {"N": "1"}]}}
    for condition in ("absent = gone", "(size(s)) = :n"):
        code, _ = refused(
            client.transact_write_items,
            TransactItems=[
                {
                    "ConditionCheck": {
                        **update,
                        "ConditionExpression": condition,
                        **({"ExpressionAttributeValues": {":n": {"N": "9"}}} if ":n" in condition else {}),
                    }
                }
            ],
        )
        assert code == "TransactionCanceledException"
    client.update_item(**update, UpdateExpression="SET l[1] = s", ConditionExpression="absent <> gone")
    server.rules.off("update-applies")
    client.update_item(**update, UpdateExpression="SET k = s")
