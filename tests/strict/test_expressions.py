"""The grammar of expressions: what is read, and what is refused by its text alone."""

import pytest

from dynasmith.strict.expressions.expression import read_expression

CONDITION, UPDATE, PROJECTION = "ConditionExpression", "UpdateExpression", "ProjectionExpression"


def test_what_an_expression_uses() -> None:
    found = read_expression(UPDATE, "SET #a.b[0] = if_not_exists(#a, :x) + :y REMOVE c ADD d :z DELETE e :w")
    assert found.aliases == ("#a",)
    assert found.values == (":x", ":y", ":z", ":w")
    assert [action.path.parts for action in found.actions] == [("#a", "b", 0), ("c",), ("d",), ("e",)]
    assert (found.error, found.reserved) == (None, None)
    assert read_expression(PROJECTION, "a, b.status").reserved == "status"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (CONDITION, "(size(e)) = :n"),
        (CONDITION, "a = :a AND (b = :b OR NOT c < :c)"),
        (CONDITION, "a between :a and :b AND b in (:a, c, size(d))"),
        (CONDITION, "NOT NOT (attribute_exists(a.b[0].#c)) or begins_with(a, :a)"),
        (CONDITION, "(a).b = (:a)"),
        (CONDITION, "contains(a, size(b))"),
        (UPDATE, "set a=:a,b = (b - :b)remove c[1] add d :d delete e :e"),
        (UPDATE, "SET a = list_append(if_not_exists(a, :e), :v)"),
        (PROJECTION, "a,b.c , #d[0][1].e"),
        (PROJECTION, "a" + ".b" * 31),
    ],
)
def test_what_the_grammar_has(kind: str, text: str) -> None:
    assert read_expression(kind, text).error is None


@pytest.mark.parametrize(
    ("kind", "text", "part"),
    [
        (CONDITION, "", "can not be empty"),
        (CONDITION, "a", 'Syntax error; token: "<EOF>", near: "a"'),
        (CONDITION, "a = :b c", 'Syntax error; token: "c", near: ":b c"'),
        (CONDITION, "a = 5", 'token: "5"'),
        (CONDITION, "a == :b", "Syntax error"),
        (CONDITION, "a = :b AND", "Syntax error"),
        (CONDITION, "a ! :b", 'token: "!"'),
        (CONDITION, "_a = :b", 'Syntax error; token: "_"'),
        (CONDITION, "a" + ".b" * 32 + " = :b", "too many nesting levels; nesting levels: 33"),
        (CONDITION, "a IN ()", "Syntax error"),
        (CONDITION, "a BETWEEN :b OR :c", "Syntax error"),
        (CONDITION, "attribute_not_exist(a)", "Invalid function name; function: attribute_not_exist"),
        (CONDITION, "if_not_exists(a, :a)", "not allowed in a condition expression; function: if_not_exists"),
        (CONDITION, "size(a)", "not allowed to be used this way in an expression; function: size"),
        (CONDITION, "contains(a, :a) = :b", "not allowed to be used this way in an expression; function: contains"),
        (CONDITION, "((a = :b))", "redundant parentheses"),
        (CONDITION, "NOT " * 200 + "a = :b", "nested more than 100 levels"),
        (CONDITION, "(" * 1500 + "a = :b" + ")" * 1500, "nested more than 100 levels"),
        (CONDITION, "a = :b OR " * 500 + "a = :b", "Expression size has exceeded"),
        (UPDATE, "SET x = 5", 'Syntax error; token: "5", near: "= 5"'),
        (UPDATE, "SET a = :a SET b = :b", 'The "SET" section can only be used once'),
        (UPDATE, "SET a = b + c - d", "Syntax error"),
        (UPDATE, "ADD a b", "Syntax error"),
        (UPDATE, "REMOVE a = :a", "Syntax error"),
        (UPDATE, "a = :a", "Syntax error"),
        (UPDATE, "SET a = size(b)", "not allowed in an update expression; function: size"),
        (PROJECTION, "f(x)", "Syntax error"),
        (PROJECTION, "a[99999999999999]", "index is not within the allowable range; index: [99999999999999]"),
        (PROJECTION, "a,,b", "Syntax error"),
        (PROJECTION, "a[b]", "Syntax error"),
        (PROJECTION, ":a", "Syntax error"),
    ],
)
def test_what_the_grammar_has_not(kind: str, text: str, part: str) -> None:
    assert part in (read_expression(kind, text).error or "")
