"""The grammar of ConditionExpression, FilterExpression and KeyConditionExpression.

::

    condition  = and (OR and)*          and = not (AND not)*          not = NOT not | comparison
    comparison = operand comparator operand | operand BETWEEN operand AND operand
               | operand IN ( operand, ... ) | function ( operand, ... ) | ( condition )

Source: developer guide, Expressions.OperatorsAndFunctions.html.
"""

from dynasmith.strict.expressions.nodes import COMPARATORS, DocumentPath, FunctionNode, Node, OperatorNode, is_condition
from dynasmith.strict.expressions.operand_grammar import OperandReader


class ConditionReader(OperandReader):
    """Reads one condition."""

    keywords = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})

    def condition(self) -> Node:
        """The whole text."""
        node = self._condition(self._or())
        if self.next.kind != "end":
            raise self.error()
        return node

    def _condition(self, node: Node) -> Node:
        if not is_condition(node):
            raise self.error()
        return node

    def _or(self) -> Node:
        node = self._and()
        while self.is_word("OR"):
            self._condition(node)
            self.take()
            node = OperatorNode("OR", (node, self._condition(self._and())))
        return node

    def _and(self) -> Node:
        node = self._not()
        while self.is_word("AND"):
            self._condition(node)
            self.take()
            node = OperatorNode("AND", (node, self._condition(self._not())))
        return node

    def _not(self) -> Node:
        if not self.take_word("NOT"):
            return self._comparison()
        self.deeper()
        node = OperatorNode("NOT", (self._condition(self._not()),))
        self.shallower()
        return node

    def _comparison(self) -> Node:
        left = self._left()
        if isinstance(left, OperatorNode):
            return left
        if self.next.kind == "sign" and self.next.text in COMPARATORS:
            return OperatorNode(self.take().text, (left, self.operand()))
        if self.take_word("BETWEEN"):
            low = self.operand()
            if not self.take_word("AND"):
                raise self.error()
            return OperatorNode("BETWEEN", (left, low, self.operand()))
        if self.take_word("IN"):
            self.expect_sign("(")
            options = self.listed(self.operand)
            self.expect_sign(")")
            return OperatorNode("IN", (left, *options))
        return left

    def _left(self) -> Node:
        """What a comparison begins with, or a whole condition in parentheses."""
        if not self.is_sign("("):
            return self.operand()
        node = self.grouped(self._or)
        self.grouped_operand |= not is_condition(node) or isinstance(node, FunctionNode)
        return self.path_after(node) if isinstance(node, DocumentPath) else node
