"""Behaviours of tables and indexes: create, describe, change, delete."""

from contract.behaviours import behaviour
from contract.subject import Subject, index, refused, until


@behaviour("CreateTable keeps keys, indexes and projections as they were asked for")
def create_describe(it: Subject) -> None:
    by_day = {
        "IndexName": "by_day",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "day", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
    }
    name = it.create(
        sort=True,
        types={"day": "N", "town": "S"},
        GlobalSecondaryIndexes=[index("by_town", "town", Projection={"ProjectionType": "KEYS_ONLY"})],
        LocalSecondaryIndexes=[by_day],
    )
    table = it.describe(name)
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert types == {"pk": "S", "sk": "S", "day": "N", "town": "S"}
    assert table["GlobalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert table["LocalSecondaryIndexes"][0]["Projection"] == by_day["Projection"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert f"table/{name}" in table["TableArn"]


@behaviour("a new table is CREATING before it is ACTIVE")
def create_is_creating(it: Subject) -> None:
    name = it.name_of_table()
    made = it.db.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    it.until_active(name)


@behaviour("CreateTable of a name that exists: ResourceInUseException")
def create_twice(it: Subject) -> None:
    name = it.create()
    refused(
        it.db.create_table,
        "ResourceInUseException",
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


@behaviour("an attribute definition that no key uses: ValidationException")
def unused_attribute_definition(it: Subject) -> None:
    refused(it.create, "ValidationException", types={"unused": "S"})


@behaviour("a provisioned table with a GSI that has no capacity: ValidationException")
def provisioned_needs_index_capacity(it: Subject) -> None:
    refused(
        it.create,
        "ValidationException",
        types={"town": "S"},
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        GlobalSecondaryIndexes=[index("by_town", "town")],
    )


@behaviour("calls on a table that is not there: ResourceNotFoundException")
def missing_table(it: Subject) -> None:
    for call in (it.db.describe_table, it.db.delete_table, it.db.scan):
        refused(call, "ResourceNotFoundException", TableName="contract-that-never-was")


@behaviour("DeleteTable: the table is gone after a while")
def delete_table(it: Subject) -> None:
    name = it.create()
    it.db.delete_table(TableName=name)

    def gone() -> bool:
        return name not in {
            each for page in it.db.get_paginator("list_tables").paginate() for each in page["TableNames"]
        }

    until(gone)
    until(lambda: "ResourceNotFoundException" in _describe_code(it, name))


def _describe_code(it: Subject, name: str) -> str:
    try:
        it.db.describe_table(TableName=name)
    except it.db.exceptions.ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@behaviour("ListTables gives every name once, page after page")
def list_pages(it: Subject) -> None:
    names = [it.create() for _ in range(5)]
    pages = list(it.db.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}))
    listed = [name for page in pages for name in page["TableNames"]]
    assert max(len(page["TableNames"]) for page in pages) <= 2
    assert len(listed) == len(set(listed))
    assert set(names) <= set(listed)


@behaviour("on-demand to provisioned, with the capacity of table and GSI in one call, and back")
def billing_mode(it: Subject) -> None:
    name = it.create(types={"town": "S"}, GlobalSecondaryIndexes=[index("by_town", "town")])
    capacity = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
    it.db.update_table(
        TableName=name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=capacity,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by_town", "ProvisionedThroughput": capacity}}],
    )
    table = it.until_active(name)
    assert table.get("BillingModeSummary", {"BillingMode": "PROVISIONED"})["BillingMode"] == "PROVISIONED"
    for described in (table, table["GlobalSecondaryIndexes"][0]):
        assert {unit: described["ProvisionedThroughput"][unit] for unit in capacity} == capacity
    it.db.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    assert it.until_active(name)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


@behaviour("provisioned capacity of table and GSI changes in one call")
def capacity_change(it: Subject) -> None:
    one = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    two = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
    name = it.create(
        types={"town": "S"},
        BillingMode="PROVISIONED",
        ProvisionedThroughput=one,
        GlobalSecondaryIndexes=[index("by_town", "town", ProvisionedThroughput=one)],
    )
    it.db.update_table(
        TableName=name,
        ProvisionedThroughput=two,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by_town", "ProvisionedThroughput": two}}],
    )
    table = it.until_active(name)
    for described in (table, table["GlobalSecondaryIndexes"][0]):
        assert {unit: described["ProvisionedThroughput"][unit] for unit in two} == two


def _add_index(it: Subject, name: str, *indexes: str) -> None:
    keys = [{"AttributeName": each, "AttributeType": "S"} for each in ("pk", *indexes)]
    creates = [{"Create": index(f"by_{each}", each)} for each in indexes]
    it.db.update_table(TableName=name, AttributeDefinitions=keys, GlobalSecondaryIndexUpdates=creates)


@behaviour("a GSI that is added holds the items that were there before")
def index_add(it: Subject) -> None:
    name = it.create()
    it.put(name, 30, town={"S": "Bern"})
    _add_index(it, name, "town")
    it.until_active(name)
    found = it.db.query(
        TableName=name,
        IndexName="by_town",
        KeyConditionExpression="town = :t",
        ExpressionAttributeValues={":t": {"S": "Bern"}},
    )
    assert found["Count"] == 30


@behaviour("a GSI that is added is CREATING before it is ACTIVE")
def index_is_creating(it: Subject) -> None:
    name = it.create()
    _add_index(it, name, "town")
    statuses = [each["IndexStatus"] for each in it.describe(name)["GlobalSecondaryIndexes"]]
    it.until_active(name)
    assert statuses == ["CREATING"]


@behaviour("two GSI creates in one UpdateTable: LimitExceededException")
def two_index_creates(it: Subject) -> None:
    name = it.create()
    request = {
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "town", "state")],
        "GlobalSecondaryIndexUpdates": [
            {"Create": index("by_town", "town")},
            {"Create": index("by_state", "state")},
        ],
    }
    refused(it.db.update_table, "LimitExceededException", **request)


@behaviour("a GSI that is deleted is gone, with the attribute definition that only it used")
def index_delete(it: Subject) -> None:
    name = it.create(types={"town": "S"}, GlobalSecondaryIndexes=[index("by_town", "town")])
    it.db.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_town"}}])
    until(lambda: not it.describe(name).get("GlobalSecondaryIndexes"))
    until(lambda: it.describe(name)["TableStatus"] == "ACTIVE")
    assert [each["AttributeName"] for each in it.describe(name)["AttributeDefinitions"]] == ["pk"]


@behaviour("a GSI key of several attributes (two partition keys, two sort keys) is kept")
def index_many_keys(it: Subject) -> None:
    kinds = {"a": "HASH", "b": "HASH", "c": "RANGE", "d": "RANGE"}
    schema = [{"AttributeName": each, "KeyType": kind} for each, kind in kinds.items()]
    many = {"IndexName": "many", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    name = it.create(types=dict.fromkeys("abcd", "S"), GlobalSecondaryIndexes=[many])
    assert it.describe(name)["GlobalSecondaryIndexes"][0]["KeySchema"] == schema
