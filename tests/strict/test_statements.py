"""PartiQL: statements are seen, judged, throttled and charged as the calls that they stand for."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from dynasmith.strict.partiql.calls import read
from strict_tables import defined, index, ready, refused

KB = "x" * 900


def _still(server: StrictServer) -> None:
    moved = server.clock.monotonic
    server.clock.flow = moved  # type: ignore[method-assign]  # the one seam between real and virtual time


def _set(number: int, size: str = KB) -> dict[str, Any]:
    return {
        "Statement": 'UPDATE "tab" SET "v"=? WHERE "pk"=?',
        "Parameters": [{"S": size}, {"S": str(number)}],
    }


def _insert(number: int, size: str = KB) -> dict[str, Any]:
    return {
        "Statement": "INSERT INTO \"tab\" VALUE {'pk':?,'v':?}",
        "Parameters": [{"S": str(number)}, {"S": size}],
    }


def _codes(answer: Any) -> list[str]:
    return [one.get("Error", {}).get("Code", "") for one in answer["Responses"]]


@pytest.mark.parametrize(
    ("statement", "parameters", "key", "changed"),
    [
        ('UPDATE "tab" SET "x"=? REMOVE "z" WHERE "pk"=? AND "gone" IS MISSING', "ab", {"pk": {"S": "b"}}, {"x", "z"}),
        (
            "update tab set x = x + ?, a.b[0] = 1 where n BETWEEN 1 AND 3 and 'k' = pk",
            "a",
            {"pk": {"S": "k"}},
            {"x", "a"},
        ),
        (
            "UPDATE tab SET x = list_append(x, ?) WHERE begins_with(y, 'pk=1') AND pk = 'it''s'",
            "a",
            {"pk": {"S": "it's"}},
            {"x"},
        ),
        ("UPDATE tab SET x = 1 WHERE pk = ? OR x = 2", "a", None, {"x"}),
        ("UPDATE tab SET x = 1 WHERE (pk = ? OR x = 2) AND pk = ?", "ab", {"pk": {"S": "b"}}, {"x"}),
        (
            "INSERT INTO tab VALUE {'pk': ?, 'm': {'a': [1, true, null]}, 's': <<'1', '2'>>}",
            "a",
            {"pk": {"S": "a"}},
            set(),
        ),
        ("DELETE FROM tab WHERE pk = ?", "a", {"pk": {"S": "a"}}, set()),
        ("SELECT x FROM tab.by_a WHERE pk = ?", "a", {"pk": {"S": "a"}}, set()),
        ("EXISTS(SELECT * FROM tab WHERE pk = ? AND n = 1)", "a", {"pk": {"S": "a"}}, set()),
    ],
)
def test_a_statement_tells_its_key_and_what_it_changes(
    statement: str, parameters: str, key: Any, changed: set[str]
) -> None:
    found = read({"Statement": statement, "Parameters": [{"S": each} for each in parameters]})
    assert found.shape.table == "tab"
    assert found.key(["pk"]) == key
    assert {*found.assigned, *found.shape.removed, *found.shape.touched} == changed


def test_what_a_literal_inserts_is_read_as_a_wire_item() -> None:
    found = read({"Statement": "INSERT INTO tab VALUE {'pk': 'a', 'm': {'l': [1, true, null]}, 's': <<'1', '2'>>}"})
    assert found.item == {
        "pk": {"S": "a"},
        "m": {"M": {"l": {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]}}},
        "s": {"SS": ["1", "2"]},
    }


def test_statements_over_a_limit_fail_one_by_one(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    server.throttle(table="tab", write_units=10)
    answer = client.batch_execute_statement(Statements=[_insert(number) for number in range(25)])
    assert _codes(answer) == [""] * 10 + ["ThrottlingError"] * 15
    again = client.batch_execute_statement(Statements=[_insert(number) for number in range(10, 12)])
    assert _codes(again) == ["ThrottlingError"] * 2
    server.clock.advance(1)
    assert _codes(client.batch_execute_statement(Statements=[_insert(number) for number in range(10, 12)])) == ["", ""]
    assert client.scan(TableName="tab", Select="COUNT")["Count"] == 12
    assert [(call.table, call.items, call.units) for call in server.journal.of("BatchExecuteStatement")] == [
        ("tab", 10, 10.0),
        ("tab", 0, 0.0),
        ("tab", 2, 2.0),
    ]


def test_provisioned_tables_have_the_other_code_and_a_single_statement_its_exception(
    server: StrictServer, client: Any
) -> None:
    _still(server)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    ready(server, client, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    server.throttle(table="tab", write_units=1)
    answer = client.batch_execute_statement(Statements=[_insert(1), _insert(2)])
    assert _codes(answer) == ["", "ProvisionedThroughputExceeded"]
    with pytest.raises(ClientError) as met:
        client.execute_statement(**_insert(3))
    error: Any = met.value.response
    assert error["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert error["ThrottlingReasons"][0]["reason"] == "TableWriteProvisionedThroughputExceeded"
    transaction = {"TransactStatements": [_insert(3), _insert(4)]}
    assert refused(client.execute_transaction, **transaction)[0] == "TransactionCanceledException"
    assert client.scan(TableName="tab", Select="COUNT")["Count"] == 1


def test_a_statement_costs_the_larger_of_before_and_after_and_its_indexes(server: StrictServer, client: Any) -> None:
    indexes = [index("by_a"), index("keys_of_a", projection="KEYS_ONLY")]
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=indexes)

    def units(statement: str, *parameters: str) -> tuple[float, dict[str, float]]:
        said = client.batch_execute_statement(
            Statements=[{"Statement": statement, "Parameters": [{"S": each} for each in parameters]}],
            ReturnConsumedCapacity="INDEXES",
        )["ConsumedCapacity"][0]
        of = said.get("GlobalSecondaryIndexes", {})
        return said["Table"]["CapacityUnits"], {name: one["CapacityUnits"] for name, one in of.items()}

    # pk, v: 3 units; no index has it yet
    assert units("INSERT INTO tab VALUE {'pk':'1','v':?}", "y" * 3000) == (3, {})
    # it gets smaller: still charged on what was there
    assert units("UPDATE tab SET v=? WHERE pk='1'", "y") == (3, {})
    # it enters both indexes
    assert units("UPDATE tab SET a=? SET v=? WHERE pk='1'", "x", "y" * 1500) == (2, {"by_a": 2, "keys_of_a": 1})
    # an attribute that only one of them keeps
    assert units("UPDATE tab SET w=? WHERE pk='1'", "z") == (2, {"by_a": 2})
    # another key of the index: out and in
    assert units("UPDATE tab SET a=? WHERE pk='1'", "q") == (2, {"by_a": 4, "keys_of_a": 2})
    # a condition that does not hold, a key that is there already: the item that stands
    assert units("UPDATE tab SET a=? WHERE pk='1' AND w='no'", "q") == (2, {})
    assert units("INSERT INTO tab VALUE {'pk':?}", "1") == (2, {})
    assert units("UPDATE tab SET a=? WHERE pk='nobody'", "q") == (1, {})
    assert units("SELECT * FROM tab WHERE pk=?", "1") == (0.5, {})
    assert units("DELETE FROM tab WHERE pk=?", "1") == (2, {"by_a": 2, "keys_of_a": 1})
    assert [call.units for call in server.journal.of("BatchExecuteStatement")] == [3, 3, 5, 4, 8, 2, 2, 1, 0.5, 5]


def test_an_index_without_room_throttles_the_statement(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}})
    server.throttle(table="tab", index="by_a", write_units=1)
    move = [{"Statement": f"UPDATE tab SET a='x' WHERE pk='{pk}'"} for pk in "12"]
    assert _codes(client.batch_execute_statement(Statements=move)) == ["", "ThrottlingError"]
    aside = [{"Statement": "UPDATE tab SET a='x' WHERE pk='9'"}]
    assert _codes(client.batch_execute_statement(Statements=aside)) == ["ThrottlingError"]


def test_a_failed_statement_costs_only_what_stood_there(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    server.throttle(table="tab", write_units=10)
    large = {
        "Statement": 'UPDATE "tab" SET "v"=? WHERE "pk"=? AND "w"=?',
        "Parameters": [{"S": "y" * 20_000}, {"S": "1"}, {"S": ""}],
    }
    assert _codes(client.batch_execute_statement(Statements=[large])) == ["ConditionalCheckFailed"]
    left = client.batch_execute_statement(Statements=[_insert(number) for number in range(10, 35)])
    assert _codes(left).count("") == 9


def test_faults_of_a_table_meet_its_statements(server: StrictServer, client: Any) -> None:
    ready(server, client)
    ready(server, client, "other")
    server.fault("BatchExecuteStatement", kind="500", table="tab", times=None)
    server.fault("ExecuteStatement", kind="500", table="other", times=None)
    elsewhere = {"Statement": "INSERT INTO other VALUE {'pk':'1'}"}
    assert _codes(client.batch_execute_statement(Statements=[elsewhere])) == [""]
    assert refused(client.batch_execute_statement, Statements=[_insert(1)])[0] == "InternalServerError"
    client.execute_statement(**_insert(1))
    server.calm()
    server.fault("BatchExecuteStatement", kind="unprocessed", table="tab")
    answer = client.batch_execute_statement(Statements=[_insert(number) for number in range(2, 6)])
    assert _codes(answer) == ["", "", "ThrottlingError", "ThrottlingError"]


def test_a_batch_is_all_reads_or_all_writes_and_at_most_25(server: StrictServer, client: Any) -> None:
    ready(server, client)
    select = {"Statement": "SELECT * FROM tab WHERE pk='1'"}
    code, message = refused(client.batch_execute_statement, Statements=[_insert(1), select])
    assert code == "ValidationException"
    assert "either read statements or write statements" in message
    many = [_insert(number) for number in range(26)]
    assert refused(client.batch_execute_statement, Statements=many)[0] == "ValidationException"
    long = {"Statement": "SELECT * FROM tab WHERE pk='" + "x" * 8192 + "'"}
    assert "8192" in refused(client.batch_execute_statement, Statements=[long])[1]
    assert server.journal.writes == []


def test_each_statement_is_held_to_the_rules_of_what_it_does(server: StrictServer, client: Any) -> None:
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    statements: list[dict[str, Any]] = [
        {"Statement": "UPDATE tab SET v='x' WHERE v='y'"},  # no key
        {"Statement": "UPDATE tab SET pk='x' WHERE pk='y'"},  # changes the key
        {"Statement": "UPDATE tab SET a=1 WHERE pk='1'"},  # a number in an index's key
        {"Statement": "INSERT INTO tab VALUE {'pk': 1}"},  # a number in the key
        {"Statement": "INSERT INTO tab VALUE {'pk': '2', 'v': ?}", "Parameters": [{"N": "1" * 39}]},
        {"Statement": "INSERT INTO nowhere VALUE {'pk': '2'}"},
        {"Statement": "INSERT INTO tab VALUE {'pk': '3'}"},
        {"Statement": "UPDATE tab SET v='x' WHERE pk='3'"},  # a second one on this item
        {"Statement": "INSERT INTO tab VALUE {'pk': '4', 'v': ?}", "Parameters": [{"S": "x" * 409_700}]},
    ]
    answer = client.batch_execute_statement(Statements=statements)
    invalid = "ValidationError"
    assert _codes(answer) == [invalid] * 5 + ["ResourceNotFound", "", "DuplicateItem", invalid]
    assert client.scan(TableName="tab")["Items"] == [{"pk": {"S": "3"}}]
    for statement, code in zip(statements, ["ValidationException"] * 5 + ["ResourceNotFoundException"], strict=False):
        assert refused(client.execute_statement, **statement)[0] == code
    select = {"Statement": "SELECT * FROM tab"}
    assert _codes(client.batch_execute_statement(Statements=[select])) == [invalid]
    assert len(client.execute_statement(**select)["Items"]) == 1


def test_an_empty_list_of_parameters_is_refused(server: StrictServer, client_of: Callable[..., Any]) -> None:
    client = client_of(server.endpoint, parameter_validation=False)
    ready(server, client)
    empty: dict[str, Any] = {"Statement": "SELECT * FROM tab WHERE pk='1'", "Parameters": []}
    assert _codes(client.batch_execute_statement(Statements=[empty])) == ["ValidationError"]
    assert refused(client.execute_statement, **empty)[0] == "ValidationException"


def test_an_update_that_grows_over_400_kb_is_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": "x" * 300_000}})
    grow = {"Statement": "UPDATE tab SET w=? WHERE pk='1'", "Parameters": [{"S": "x" * 120_000}]}
    assert _codes(client.batch_execute_statement(Statements=[grow])) == ["ValidationError"]


def test_the_item_in_the_way_comes_along_where_it_was_asked_for(server: StrictServer, client: Any) -> None:
    ready(server, client)
    client.execute_statement(**_insert(1, "old"))
    wanted = {**_set(1, "new"), "Statement": 'UPDATE "tab" SET "v"=? WHERE "pk"=? AND "w" = 1'}
    shown = {**wanted, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    (answer,) = client.batch_execute_statement(Statements=[shown])["Responses"]
    assert answer["Error"]["Item"] == {"pk": {"S": "1"}, "v": {"S": "old"}}
    (answer,) = client.batch_execute_statement(Statements=[wanted])["Responses"]
    assert "Item" not in answer["Error"]


def test_selects_of_many_items_are_charged_for_what_came_back(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    for number in range(20):
        client.put_item(TableName="tab", Item={"pk": {"S": str(number)}, "v": {"S": KB}})
    server.throttle(table="tab", read_units=2)
    said = client.execute_statement(Statement="SELECT * FROM tab", ReturnConsumedCapacity="TOTAL")
    assert said["ConsumedCapacity"]["CapacityUnits"] == 2.5
    assert refused(client.execute_statement, Statement="SELECT * FROM tab")[0] == "ThrottlingException"
    server.clock.advance(1)
    assert len(client.execute_statement(Statement="SELECT * FROM tab")["Items"]) == 20


def test_a_transaction_of_statements_costs_twice(server: StrictServer, client: Any) -> None:
    ready(server, client)
    said = client.execute_transaction(TransactStatements=[_insert(1), _insert(2)], ReturnConsumedCapacity="TOTAL")
    assert said["ConsumedCapacity"] == [{"TableName": "tab", "CapacityUnits": 4.0}]
    assert server.journal[-1].items == 2
