"""The grammar of UpdateExpression.

::

    update = clause+
    clause = SET path = value, ... | REMOVE path, ... | ADD path :v, ... | DELETE path :v, ...
    value  = operand | operand + operand | operand - operand

Source: developer guide, Expressions.UpdateExpressions.html.
"""

from dynasmith.strict.expressions.nodes import Node, OperatorNode, UpdateAction, ValueName
from dynasmith.strict.expressions.operand_grammar import OperandReader

CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


class UpdateReader(OperandReader):
    """Reads one update expression."""

    keywords = frozenset(CLAUSES)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.clauses: list[str] = []

    def actions(self) -> tuple[UpdateAction, ...]:
        """The actions of the whole text, in its order; ``clauses`` are its clauses then."""
        found: list[UpdateAction] = []
        while self.next.kind != "end" or not self.clauses:
            if not self.is_word(*CLAUSES):
                raise self.error()
            clause = self.take().text.upper()
            self.clauses.append(clause)
            found.append(self._action(clause))
            while self.take_sign(","):
                found.append(self._action(clause))
        return tuple(found)

    def _action(self, clause: str) -> UpdateAction:
        path = self.path()
        if clause == "REMOVE":
            return UpdateAction(clause, path)
        if clause == "SET":
            self.expect_sign("=")
            return UpdateAction(clause, path, self._value())
        if self.next.kind != "value":
            raise self.error()
        return UpdateAction(clause, path, ValueName(self.take().text))

    def _value(self) -> Node:
        self.grouped_operand |= self.is_sign("(")
        node = self.grouped(self._value) if self.is_sign("(") else self.operand()
        if isinstance(node, OperatorNode) or not self.is_sign("+", "-"):
            return node
        return OperatorNode(self.take().text, (node, self.operand()))
