"""Behaviours of items: pages, batches, conditions, transactions, PartiQL, numbers, sizes."""

from typing import Any

from contract.behaviours import behaviour
from contract.subject import Subject, index, refused


def _number(it: Subject, table: str, text: str) -> str:
    it.db.put_item(TableName=table, Item={"pk": {"S": "n"}, "n": {"N": text}})
    return str(it.db.get_item(TableName=table, Key={"pk": {"S": "n"}})["Item"]["n"]["N"])


@behaviour("every type comes back as it was written: sets, binary, empty strings, nested maps, null")
def every_type(it: Subject) -> None:
    item: dict[str, Any] = {
        "pk": {"S": "a"},
        "empty": {"S": ""},
        "blob": {"B": b"\x00\xff"},
        "no": {"BOOL": False},
        "nothing": {"NULL": True},
        "names": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2.5"]},
        "blobs": {"BS": [b"\x01", b"\x02"]},
        "deep": {"M": {"list": {"L": [{"N": "1"}, {"M": {}}, {"L": []}]}}},
    }
    name = it.create()
    it.db.put_item(TableName=name, Item=item)
    got = it.db.get_item(TableName=name, Key={"pk": {"S": "a"}}, ConsistentRead=True)["Item"]
    for each in ("names", "numbers", "blobs"):
        kind = next(iter(item[each]))
        assert sorted(got.pop(each)[kind]) == sorted(item.pop(each)[kind])
    assert got == item


@behaviour("a number of 38 digits is kept digit by digit")
def number_of_38_digits(it: Subject) -> None:
    text = "1.2345678901234567890123456789012345678"
    assert _number(it, it.create(), text) == text


@behaviour("a number of 39 digits: ValidationException")
def number_of_39_digits(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "n": {"N": "1" * 39}}
    refused(it.db.put_item, "ValidationException", TableName=name, Item=item)


@behaviour("numbers come back canonical: 1.50 as 1.5, 1E+2 as 100, -0 as 0")
def number_canonical(it: Subject) -> None:
    name = it.create()
    assert [_number(it, name, text) for text in ("1.50", "1E+2", "-0", "007")] == ["1.5", "100", "0", "7"]


@behaviour("a page of a scan ends at 1 MB, with the key to go on from")
def scan_page_of_1_mb(it: Subject) -> None:
    name = it.create()
    for number in range(6):
        it.db.put_item(TableName=name, Item={"pk": {"S": f"k{number}"}, "filler": {"S": "x" * 300_000}})
    first = it.db.scan(TableName=name)
    assert "LastEvaluatedKey" in first
    assert 3 <= first["Count"] <= 4
    pages = list(it.db.get_paginator("scan").paginate(TableName=name))
    assert sum(page["Count"] for page in pages) == 6


@behaviour("a scan with Limit goes through every item once")
def scan_limit(it: Subject) -> None:
    name = it.create()
    it.put(name, 23)
    pages = list(it.db.get_paginator("scan").paginate(TableName=name, Limit=5))
    keys = [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert max(page["Count"] for page in pages) <= 5
    assert sorted(keys) == [f"k{number:04}" for number in range(23)]


@behaviour("Limit counts what was looked at, not what a filter leaves")
def scan_filter_after_limit(it: Subject) -> None:
    name = it.create()
    it.put(name, 10)
    page = it.db.scan(
        TableName=name,
        Limit=4,
        FilterExpression="pk = :none",
        ExpressionAttributeValues={":none": {"S": "none"}},
    )
    assert (page["Count"], page["ScannedCount"]) == (0, 4)
    assert "LastEvaluatedKey" in page


@behaviour("the segments of a parallel scan are disjoint and together whole")
def scan_segments(it: Subject) -> None:
    name = it.create()
    it.put(name, 100)
    keys: list[str] = []
    for segment in range(4):
        pages = it.db.get_paginator("scan").paginate(TableName=name, Segment=segment, TotalSegments=4, Limit=7)
        keys += [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert sorted(keys) == [f"k{number:04}" for number in range(100)]


@behaviour("a query on a GSI finds the items, in the order of its sort key")
def query_index(it: Subject) -> None:
    by_town = index("by_town", "town")
    by_town["KeySchema"].append({"AttributeName": "day", "KeyType": "RANGE"})
    name = it.create(types={"town": "S", "day": "N"}, GlobalSecondaryIndexes=[by_town])
    for number, day in enumerate((3, 1, 10, 2)):
        item = {"pk": {"S": f"k{number}"}, "town": {"S": "Bern"}, "day": {"N": str(day)}}
        it.db.put_item(TableName=name, Item=item)
    it.db.put_item(TableName=name, Item={"pk": {"S": "elsewhere"}})
    found = it.db.query(
        TableName=name,
        IndexName="by_town",
        KeyConditionExpression="town = :t",
        ExpressionAttributeValues={":t": {"S": "Bern"}},
    )
    assert [int(item["day"]["N"]) for item in found["Items"]] == [1, 2, 3, 10]


@behaviour("a wrong type in an index key: ValidationException")
def index_key_type(it: Subject) -> None:
    name = it.create(types={"town": "S"}, GlobalSecondaryIndexes=[index("by_town", "town")])
    item = {"pk": {"S": "a"}, "town": {"N": "1"}}
    refused(it.db.put_item, "ValidationException", TableName=name, Item=item)


@behaviour("BatchWriteItem of 25 writes all and leaves nothing unprocessed")
def batch_of_25(it: Subject) -> None:
    name = it.create()
    requests = [{"PutRequest": {"Item": {"pk": {"S": f"k{number}"}}}} for number in range(25)]
    assert it.db.batch_write_item(RequestItems={name: requests})["UnprocessedItems"] == {}
    assert it.db.scan(TableName=name, Select="COUNT")["Count"] == 25


@behaviour("BatchWriteItem of 26: ValidationException")
def batch_of_26(it: Subject) -> None:
    name = it.create()
    requests = [{"PutRequest": {"Item": {"pk": {"S": f"k{number}"}}}} for number in range(26)]
    refused(it.db.batch_write_item, "ValidationException", RequestItems={name: requests})


@behaviour("BatchWriteItem with one key twice: ValidationException")
def batch_with_duplicates(it: Subject) -> None:
    name = it.create()
    requests = [{"PutRequest": {"Item": {"pk": {"S": "a"}, "n": {"N": str(number)}}}} for number in range(2)]
    refused(it.db.batch_write_item, "ValidationException", RequestItems={name: requests})


@behaviour("a condition that does not hold: ConditionalCheckFailedException")
def condition_fails(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "n": {"N": "1"}}
    absent = "attribute_not_exists(pk)"
    it.db.put_item(TableName=name, Item=item, ConditionExpression=absent)
    refused(it.db.put_item, "ConditionalCheckFailedException", TableName=name, Item=item, ConditionExpression=absent)


@behaviour("ALL_OLD on a failed condition gives the item that was in the way")
def condition_gives_old(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "n": {"N": "1"}}
    it.db.put_item(TableName=name, Item=item)
    answer = refused(
        it.db.put_item,
        "ConditionalCheckFailedException",
        TableName=name,
        Item={"pk": {"S": "a"}},
        ConditionExpression="attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert answer.get("Item") == item


@behaviour("a transaction with one failed condition writes nothing and says which one")
def transaction(it: Subject) -> None:
    name = it.create()
    there = {"Put": {"TableName": name, "Item": {"pk": {"S": "a"}}}}
    it.db.transact_write_items(TransactItems=[there])
    absent = {"Put": {**there["Put"], "ConditionExpression": "attribute_not_exists(pk)"}}
    new = {"Put": {"TableName": name, "Item": {"pk": {"S": "b"}}}}
    answer = refused(it.db.transact_write_items, "TransactionCanceledException", TransactItems=[new, absent])
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in it.db.get_item(TableName=name, Key={"pk": {"S": "b"}})


@behaviour("a transaction that is sent again with its token is done once")
def transaction_token(it: Subject) -> None:
    name = it.create()
    add = {
        "TableName": name,
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        it.db.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="the-same-token-twice")
    assert it.db.get_item(TableName=name, Key={"pk": {"S": "a"}})["Item"]["n"] == {"N": "1"}


@behaviour("PartiQL: insert, update with a condition, select; an update never inserts")
def partiql(it: Subject) -> None:
    name = it.create()
    it.db.execute_statement(
        Statement=f"INSERT INTO \"{name}\" VALUE {{'pk': ?, 'n': ?}}",
        Parameters=[{"S": "a"}, {"N": "1"}],
    )
    update = f'UPDATE "{name}" SET n = ? WHERE pk = ? AND n = ?'
    it.db.execute_statement(Statement=update, Parameters=[{"N": "2"}, {"S": "a"}, {"N": "1"}])
    found = it.db.execute_statement(Statement=f'SELECT * FROM "{name}" WHERE pk = ?', Parameters=[{"S": "a"}])
    assert found["Items"] == [{"pk": {"S": "a"}, "n": {"N": "2"}}]
    missing: list[dict[str, str]] = [{"N": "2"}, {"S": "missing"}, {"N": "1"}]
    refused(it.db.execute_statement, "ConditionalCheckFailedException", Statement=update, Parameters=missing)


@behaviour("PartiQL: an UPDATE is done only where its condition holds")
def partiql_condition(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "n": {"N": "1"}}
    it.db.put_item(TableName=name, Item=item)
    update = {"Statement": f"UPDATE \"{name}\" SET n=? WHERE pk='a' AND n=?", "Parameters": [{"N": "2"}, {"N": "7"}]}
    refused(it.db.execute_statement, "ConditionalCheckFailedException", **update)
    assert it.db.get_item(TableName=name, Key={"pk": {"S": "a"}})["Item"] == item


@behaviour("PartiQL: REMOVE takes an attribute away, beside a SET")
def partiql_remove(it: Subject) -> None:
    name = it.create()
    it.db.put_item(TableName=name, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    update = {"Statement": f"UPDATE \"{name}\" SET m=? REMOVE n WHERE pk='a'", "Parameters": [{"N": "2"}]}
    it.db.execute_statement(**update)
    found = it.db.get_item(TableName=name, Key={"pk": {"S": "a"}})["Item"]
    assert found == {"pk": {"S": "a"}, "m": {"N": "2"}}


@behaviour("PartiQL: an INSERT of a key that is there: DuplicateItemException, and the item stays")
def partiql_duplicate(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "n": {"N": "1"}}
    it.db.put_item(TableName=name, Item=item)
    refused(
        it.db.execute_statement,
        "DuplicateItemException",
        Statement=f"INSERT INTO \"{name}\" VALUE {{'pk': 'a', 'n': 2}}",
    )
    assert it.db.get_item(TableName=name, Key={"pk": {"S": "a"}})["Item"] == item


@behaviour("a PartiQL batch answers statement by statement, with the error of each that failed")
def partiql_batch(it: Subject) -> None:
    name = it.create()
    it.db.put_item(TableName=name, Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    update = f'UPDATE "{name}" SET n = ? WHERE pk = ? AND n = ?'
    answer = it.db.batch_execute_statement(
        Statements=[
            {"Statement": update, "Parameters": [{"N": "2"}, {"S": "a"}, {"N": "1"}]},
            {"Statement": update, "Parameters": [{"N": "2"}, {"S": "b"}, {"N": "1"}]},
        ]
    )
    codes = [each.get("Error", {}).get("Code", "") for each in answer["Responses"]]
    assert codes == ["", "ConditionalCheckFailed"]


@behaviour("an item over 400 KB: ValidationException, by put and by update")
def item_of_400_kb(it: Subject) -> None:
    name = it.create()
    large = {"S": "x" * 409_700}
    refused(it.db.put_item, "ValidationException", TableName=name, Item={"pk": {"S": "a"}, "large": large})
    refused(
        it.db.update_item,
        "ValidationException",
        TableName=name,
        Key={"pk": {"S": "a"}},
        UpdateExpression="SET large = :large",
        ExpressionAttributeValues={":large": large},
    )


@behaviour("an empty string in a key, an empty set: ValidationException")
def empty_key_and_set(it: Subject) -> None:
    name = it.create()
    refused(it.db.put_item, "ValidationException", TableName=name, Item={"pk": {"S": ""}})
    refused(it.db.put_item, "ValidationException", TableName=name, Item={"pk": {"S": "a"}, "set": {"SS": []}})


@behaviour("a reserved word in an expression, a value that no expression uses: ValidationException")
def expressions(it: Subject) -> None:
    name = it.create()
    which = {"TableName": name, "Key": {"pk": {"S": "a"}}}
    one = {":one": {"N": "1"}}
    refused(
        it.db.update_item,
        "ValidationException",
        **which,
        UpdateExpression="SET status = :one",
        ExpressionAttributeValues=one,
    )
    refused(
        it.db.update_item,
        "ValidationException",
        **which,
        UpdateExpression="SET n = :one",
        ExpressionAttributeValues={**one, ":unused": {"N": "1"}},
    )


@behaviour("consumed capacity: a write of 3 KB is 3 units, a consistent read of it 1")
def consumed_capacity(it: Subject) -> None:
    name = it.create()
    item = {"pk": {"S": "a"}, "filler": {"S": "x" * 2_900}}
    written = it.db.put_item(TableName=name, Item=item, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    key = {"pk": {"S": "a"}}
    read = it.db.get_item(TableName=name, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert (written["CapacityUnits"], read["ConsumedCapacity"]["CapacityUnits"]) == (3.0, 1.0)


@behaviour("consumed capacity of a scan: half a unit for each 4 KB that was looked at")
def consumed_capacity_of_scan(it: Subject) -> None:
    name = it.create()
    it.put(name, 25, filler={"S": "x" * 8_000})
    used = it.db.scan(TableName=name, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"]
    assert 24 <= used <= 27


@behaviour("a reply has a request id of its own, and the CRC32 of its bytes")
def reply_headers(it: Subject) -> None:
    name = it.create()
    replies = [it.db.get_item(TableName=name, Key={"pk": {"S": "a"}})["ResponseMetadata"] for _ in range(2)]
    assert len({reply["RequestId"] for reply in replies} - {""}) == 2
    assert all(reply["HTTPHeaders"]["x-amz-crc32"].isdigit() for reply in replies)


@behaviour("every call on items says what it consumed, where the request asks for it")
def consumed_capacity_is_said(it: Subject) -> None:
    name = it.create()
    more: dict[str, Any] = {"TableName": name, "ReturnConsumedCapacity": "INDEXES"}
    key = {"pk": {"S": "a"}}
    puts = [{"PutRequest": {"Item": key}}]
    replies: list[Any] = [
        it.db.put_item(Item=key, **more),
        it.db.update_item(Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"N": "1"}}, **more),
        it.db.get_item(Key={"pk": {"S": "none"}}, **more),
        it.db.scan(**more),
        it.db.scan(Segment=1, TotalSegments=3, **more),
        it.db.delete_item(Key=key, **more),
        it.db.batch_write_item(RequestItems={name: puts}, ReturnConsumedCapacity="INDEXES"),
    ]
    assert all(reply.get("ConsumedCapacity") for reply in replies)


@behaviour("BatchGetItem says what it consumed, where the request asks for it")
def consumed_capacity_of_batch_get(it: Subject) -> None:
    name = it.create()
    keys = {name: {"Keys": [{"pk": {"S": "a"}}]}}
    assert it.db.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="INDEXES").get("ConsumedCapacity")


@behaviour("BatchExecuteStatement says what it consumed, where the request asks for it")
def consumed_capacity_of_statements(it: Subject) -> None:
    name = it.create()
    select: Any = [{"Statement": f"SELECT * FROM \"{name}\" WHERE pk = 'a'"}]
    assert it.db.batch_execute_statement(Statements=select, ReturnConsumedCapacity="INDEXES").get("ConsumedCapacity")
