"""Requests whose expressions the service takes or refuses: grammar, operands, names and values, overlapping paths."""

from typing import Any

from strict.request_case import ACCEPTED, CONDITION, GUIDE, VALIDATION, RequestCase

_OPERATORS = GUIDE + "Expressions.OperatorsAndFunctions.html"
_UPDATES = GUIDE + "Expressions.UpdateExpressions.html"
_PROJECTIONS = GUIDE + "Expressions.ProjectionExpressions.html"
_NAMES = GUIDE + "Expressions.ExpressionAttributeNames.html"
_VALUES = GUIDE + "Expressions.ExpressionAttributeValues.html"
_KEY = {"a": {"S": "one"}}


def _update(name: str, expression: str, code: str, values: Any = None, names: Any = None) -> RequestCase:
    body: dict[str, Any] = {"TableName": "$items", "Key": _KEY, "UpdateExpression": expression}
    return RequestCase(f"update {name}", "UpdateItem", _with(body, values, names), code, _UPDATES)


def _filter(name: str, expression: str, code: str, values: Any = None, names: Any = None) -> RequestCase:
    body = {"TableName": "$items", "FilterExpression": expression}
    return RequestCase(f"filter {name}", "Scan", _with(body, values, names), code, _OPERATORS)


def _condition(name: str, expression: str, code: str, values: Any = None, names: Any = None) -> RequestCase:
    body = {"TableName": "$items", "Item": {"a": {"S": "absent"}}, "ConditionExpression": expression}
    return RequestCase(f"condition {name}", "PutItem", _with(body, values, names), code, _OPERATORS)


def _project(name: str, expression: str, code: str, names: Any = None) -> RequestCase:
    body = {"TableName": "$items", "Key": _KEY, "ProjectionExpression": expression}
    return RequestCase(f"projection {name}", "GetItem", _with(body, None, names), code, _PROJECTIONS)


def _with(body: dict[str, Any], values: Any, names: Any) -> dict[str, Any]:
    found = dict(body)
    if values is not None:
        found["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    if names is not None:
        found["ExpressionAttributeNames"] = names
    return found


def _s(text: str = "x") -> dict[str, str]:
    return {"S": text}


def _n(text: str = "1") -> dict[str, str]:
    return {"N": text}


_SET = {"SS": ["red"]}
_LIST = {"L": [{"N": "1"}]}

EXPRESSION_CASES: tuple[RequestCase, ...] = (
    _update("sets a number that stands in the text", "SET n = 5", VALIDATION),
    _update("sets a text in quotes", "SET s = 'x'", VALIDATION),
    _update("has two SET clauses", "SET s = :v SET t = :v", VALIDATION, {"v": _s()}),
    _update("has two REMOVE clauses, one in small letters", "REMOVE s remove t", VALIDATION),
    _update("has a path twice", "SET s = :v, s = :w", VALIDATION, {"v": _s(), "w": _s()}),
    _update("sets an attribute and a part of it", "SET m = :m, m.x = :v", VALIDATION, {"m": {"M": {}}, "v": _s()}),
    _update("removes what it sets", "SET s = :v REMOVE s", VALIDATION, {"v": _s()}),
    _update("takes an attribute for a list and for a map", "SET x[0] = :v, x.y = :v", VALIDATION, {"v": _s()}),
    _update("hides an overlap behind a name", "SET s = :v REMOVE #s", VALIDATION, {"v": _s()}, {"#s": "s"}),
    _update("has more than one operator", "SET n = n + :v - :v", VALIDATION, {"v": _n()}),
    _update("has a function that there is not", "SET s = upper(s)", VALIDATION),
    _update("has a function of conditions", "SET n = size(s)", VALIDATION),
    _update("gives if_not_exists no path", "SET s = if_not_exists(:v, :v)", VALIDATION, {"v": _s()}),
    _update("gives list_append one list", "SET l = list_append(:v)", VALIDATION, {"v": _LIST}),
    _update("gives list_append a string", "SET l = list_append(l, :v)", VALIDATION, {"v": _s()}),
    _update("adds a string with +", "SET n = n + :v", VALIDATION, {"v": _s()}),
    _update("adds a string with ADD", "ADD s :v", VALIDATION, {"v": _s()}),
    _update("adds a list with ADD", "ADD l :v", VALIDATION, {"v": _LIST}),
    _update("deletes a number", "DELETE n :v", VALIDATION, {"v": _n()}),
    _update("adds a path with ADD", "ADD n s", VALIDATION),
    _update("gives REMOVE a value", "REMOVE s = :v", VALIDATION, {"v": _s()}),
    _update("is empty", "", VALIDATION),
    _update("ends with a comma", "REMOVE s,", VALIDATION),
    _update("has a reserved word", "SET status = :v", VALIDATION, {"v": _s()}),
    _update("changes the key", "SET a = :v", VALIDATION, {"v": _s()}),
    _update("changes the key behind a name", "REMOVE #k", VALIDATION, None, {"#k": "a"}),
    _update("reaches into the key", "SET a.x = :v", VALIDATION, {"v": _s()}),
    _update("uses a value that is not given", "SET s = :w", VALIDATION, {"v": _s()}),
    _update("uses a name that is not given", "SET #s = :v", VALIDATION, {"v": _s()}),
    _update("is given a value that it does not use", "SET s = :v", VALIDATION, {"v": _s(), "w": _s()}),
    _update("is given a name that it does not use", "REMOVE t", VALIDATION, None, {"#t": "t"}),
    _update(
        "has every clause in any case",
        "set t = :v remove u add k :n delete tags :s",
        ACCEPTED,
        {"v": _s(), "n": _n(), "s": _SET},
    ),
    _update("has parentheses", "SET n = (n - :v)", ACCEPTED, {"v": _n()}),
    _update("counts from nothing", "SET k2 = if_not_exists(k2, :z) + :v", ACCEPTED, {"z": _n("0"), "v": _n()}),
    _update(
        "appends to a list that may be absent",
        "SET l2 = list_append(if_not_exists(l2, :e), :v)",
        ACCEPTED,
        {"e": {"L": []}, "v": _LIST},
    ),
    _condition("misspells a function", "attribute_not_exist(a)", VALIDATION),
    _condition("has a function of updates", "if_not_exists(a, :v)", VALIDATION, {"v": _s()}),
    _condition("compares with a number that stands in the text", "n = 5", VALIDATION),
    _condition("has ==", "n == :v", VALIDATION, {"v": _n()}),
    _condition("has !=", "n != :v", VALIDATION, {"v": _n()}),
    _condition("is only a path", "n", VALIDATION),
    _condition("is only a size", "size(s)", VALIDATION),
    _condition("compares what is true", "attribute_exists(s) = :v", VALIDATION, {"v": {"BOOL": True}}),
    _condition("ends after AND", "attribute_exists(s) AND", VALIDATION),
    _condition("lacks a parenthesis", "(attribute_exists(s)", VALIDATION),
    _condition("has parentheses in parentheses", "((attribute_exists(s)))", VALIDATION),
    _condition("compares a path with itself", "s = s", VALIDATION),
    _condition("orders by a list", "s < :v", VALIDATION, {"v": _LIST}),
    _condition("orders by a set", "s >= :v", VALIDATION, {"v": _SET}),
    _condition("has bounds the wrong way round", "n BETWEEN :v AND :w", VALIDATION, {"v": _n("2"), "w": _n("1")}),
    _condition("has bounds of two types", "n BETWEEN :v AND :w", VALIDATION, {"v": _n("2"), "w": _s()}),
    _condition("asks for the size of a number", "size(:v) > :v", VALIDATION, {"v": _n()}),
    _condition("asks for a type that there is not", "attribute_type(s, :v)", VALIDATION, {"v": _s("TEXT")}),
    _condition("asks for a type by a number", "attribute_type(s, :v)", VALIDATION, {"v": _n()}),
    _condition("begins with a number", "begins_with(s, :v)", VALIDATION, {"v": _n()}),
    _condition("gives begins_with one operand", "begins_with(s)", VALIDATION),
    _condition("gives contains three operands", "contains(s, :v, :v)", VALIDATION, {"v": _s()}),
    _condition("asks whether a value exists", "attribute_exists(:v)", VALIDATION, {"v": _s()}),
    _condition("has an empty IN", "s IN ()", VALIDATION),
    _condition("has an IN of 101 values", f"s IN ({', '.join([':v'] * 101)})", VALIDATION, {"v": _s()}),
    _condition("is longer than 4 KB", " OR ".join(["s = :v"] * 500), VALIDATION, {"v": _s()}),
    _condition("does not hold", "attribute_exists(s)", CONDITION),
    _condition("holds of an item that is absent", "attribute_not_exists(a) OR s <> :v", ACCEPTED, {"v": _s()}),
    _filter("has size in parentheses", "(size(s)) = :v", ACCEPTED, {"v": _n("4")}),
    _filter(
        "has every operator",
        "NOT n IN (:v, :w) AND (n BETWEEN :v AND :w OR n <> :v)",
        ACCEPTED,
        {"v": _n("1"), "w": _n("2")},
    ),
    _filter(
        "reads the depth",
        "l[0] < :v AND m.#in = :s AND contains(tags, :s)",
        ACCEPTED,
        {"v": _n("2"), "s": _s()},
        {"#in": "in"},
    ),
    _filter("begins with what an attribute holds", "begins_with(s, t)", ACCEPTED),
    _filter("has AND AND", "attribute_exists(s) AND AND attribute_exists(n)", VALIDATION),
    _filter("is empty", "", VALIDATION),
    _filter("has a reserved word", "size = :v", VALIDATION, {"v": _n()}),
    _project("calls a function", "f(s)", VALIDATION),
    _project("lacks a path between commas", "s,,n", VALIDATION),
    _project("has a value", ":s", VALIDATION),
    _project("has a name for an element of a list", "l[n]", VALIDATION),
    _project("has a path twice", "s, s", VALIDATION),
    _project("has a path and what it is in", "m, m.x", VALIDATION),
    _project("has a reserved word in the depth", "m.name", VALIDATION),
    _project("reads elements and members", "l[1], m.#in, s", ACCEPTED, {"#in": "in"}),
    RequestCase(
        "a name that is no placeholder",
        "GetItem",
        {"TableName": "$items", "Key": _KEY, "ProjectionExpression": "s", "ExpressionAttributeNames": {"s": "s"}},
        VALIDATION,
        _NAMES,
    ),
    RequestCase(
        "no names where their member is there",
        "GetItem",
        {"TableName": "$items", "Key": _KEY, "ProjectionExpression": "s", "ExpressionAttributeNames": {}},
        VALIDATION,
        _NAMES,
    ),
    RequestCase(
        "names without an expression",
        "GetItem",
        {"TableName": "$items", "Key": _KEY, "ExpressionAttributeNames": {"#s": "s"}},
        VALIDATION,
        _NAMES,
    ),
    RequestCase(
        "values without an expression",
        "PutItem",
        {"TableName": "$items", "Item": {"a": _s("v")}, "ExpressionAttributeValues": {":v": _s()}},
        VALIDATION,
        _VALUES,
    ),
    RequestCase(
        "a value that is none",
        "Scan",
        {"TableName": "$items", "FilterExpression": "n = :v", "ExpressionAttributeValues": {":v": {}}},
        VALIDATION,
        _VALUES,
    ),
    RequestCase(
        "a value with two types",
        "Scan",
        {
            "TableName": "$items",
            "FilterExpression": "n = :v",
            "ExpressionAttributeValues": {":v": {"S": "x", "N": "1"}},
        },
        VALIDATION,
        _VALUES,
    ),
)
