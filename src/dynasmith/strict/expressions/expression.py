"""An expression that was read, with what is wrong with its text alone. Kept by kind and text: it is read once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from dynasmith.strict.expressions.condition_grammar import ConditionReader
from dynasmith.strict.expressions.nodes import (
    CONNECTORS,
    DocumentPath,
    FunctionNode,
    Node,
    OperatorNode,
    UpdateAction,
    ValueName,
    walk,
)
from dynasmith.strict.expressions.projection_grammar import ProjectionReader
from dynasmith.strict.expressions.reserved_words import RESERVED
from dynasmith.strict.expressions.tokens import ExpressionError
from dynasmith.strict.expressions.update_grammar import UpdateReader

UPDATE, PROJECTION = "UpdateExpression", "ProjectionExpression"
# In the order in which the service looks at them.
KINDS = (UPDATE, "ConditionExpression", "KeyConditionExpression", "FilterExpression", PROJECTION)
EXPRESSION_BYTES_MAX = 4096  # developer guide, Constraints.html: the maximum length of an expression string is 4 KB
CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. ``error`` is what is wrong with its text (grammar, functions), ``reserved`` its first reserved
    word; a condition has a ``root``, an update its ``actions``, a projection its ``paths``. ``grouped_operand``: an
    operand stands in parentheses.
    """

    kind: str
    error: str | None = None
    reserved: str | None = None
    root: Node | None = None
    actions: tuple[UpdateAction, ...] = ()
    paths: tuple[DocumentPath, ...] = ()
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    grouped_operand: bool = False

    def nodes(self) -> Iterator[Node]:
        """Every node, in the order of the text."""
        if self.root is not None:
            yield from walk(self.root)
        for action in self.actions:
            yield action.path
            if action.value is not None:
                yield from walk(action.value)
        yield from self.paths


@lru_cache(maxsize=4096)
def read_expression(kind: str, text: str) -> Expression:
    """Read an expression; one that is not one has its ``error``."""
    if not text:
        return Expression(kind, "The expression can not be empty;")
    if len(text.encode("utf-8", "surrogatepass")) > EXPRESSION_BYTES_MAX:
        return Expression(kind, "Expression size has exceeded the maximum allowed size;")
    try:
        if kind == UPDATE:
            return _update(text)
        if kind == PROJECTION:
            return _with_placeholders(Expression(kind, paths=ProjectionReader(text).paths()))
        reader = ConditionReader(text)
        root = reader.condition()
    except ExpressionError as error:
        return Expression(kind, str(error))
    wrong = "The expression has redundant parentheses;" if reader.redundant else _condition_function_error(root)
    return _with_placeholders(Expression(kind, wrong, root=root, grouped_operand=reader.grouped_operand))


def _update(text: str) -> Expression:
    reader = UpdateReader(text)
    read = Expression(UPDATE, actions=reader.actions())
    error = next(
        (
            _unknown(node.name, CONDITION_FUNCTIONS, "an update")
            for node in read.nodes()
            if isinstance(node, FunctionNode) and node.name not in UPDATE_FUNCTIONS
        ),
        None,
    )
    twice = next((clause for clause in reader.clauses if reader.clauses.count(clause) > 1), None)
    if error is None and twice is not None:
        error = f'The "{twice}" section can only be used once in an update expression;'
    return _with_placeholders(Expression(UPDATE, error, actions=read.actions, grouped_operand=reader.grouped_operand))


def _unknown(name: str, others: dict[str, int], where: str) -> str:
    if name in others:
        return f"The function is not allowed in {where} expression; function: {name}"
    return f"Invalid function name; function: {name}"


def _condition_function_error(root: Node) -> str | None:
    """A function that there is not, or in a place where it cannot stand."""
    for node in walk(root):
        if isinstance(node, FunctionNode) and node.name not in CONDITION_FUNCTIONS:
            return _unknown(node.name, UPDATE_FUNCTIONS, "a condition")
    misused = next(_misused(root, is_operand=False), None)
    if misused is None:
        return None
    return f"The function is not allowed to be used this way in an expression; function: {misused}"


def _misused(node: Node, *, is_operand: bool) -> Iterator[str]:
    """size stands where a value does, every other function where a condition does."""
    if isinstance(node, FunctionNode):
        if is_operand != (node.name == "size"):
            yield node.name
        for argument in node.arguments:
            yield from _misused(argument, is_operand=True)
    elif isinstance(node, OperatorNode):
        for operand in node.operands:
            yield from _misused(operand, is_operand=node.operator not in CONNECTORS)


def _with_placeholders(read: Expression) -> Expression:
    aliases: dict[str, None] = {}
    values: dict[str, None] = {}
    reserved = None
    for node in read.nodes():
        if isinstance(node, ValueName):
            values[node.name] = None
        elif isinstance(node, DocumentPath):
            for part in node.parts:
                if isinstance(part, str) and part.startswith("#"):
                    aliases[part] = None
                elif isinstance(part, str) and reserved is None and part.upper() in RESERVED:
                    reserved = part
    return replace(read, reserved=reserved, aliases=tuple(aliases), values=tuple(values))
