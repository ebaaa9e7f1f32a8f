"""Conditions as every engine evaluates them rightly: an attribute that is not there equals nothing."""

from dynasmith.strict.expressions.nodes import CONNECTORS, DocumentPath, FunctionNode, Node, OperatorNode


def compares_paths(node: Node) -> bool:
    """Whether a condition asks whether two attributes are equal, or are not."""
    if not isinstance(node, OperatorNode):
        return False
    if node.operator in CONNECTORS:
        return any(compares_paths(operand) for operand in node.operands)
    return node.operator in {"=", "<>"} and all(isinstance(operand, DocumentPath) for operand in node.operands)


def for_engines(node: Node) -> Node:
    """The condition with a word about being there beside each such comparison."""
    if not isinstance(node, OperatorNode):
        return node
    if node.operator in CONNECTORS:
        return OperatorNode(node.operator, tuple(for_engines(operand) for operand in node.operands))
    if not compares_paths(node):
        return node
    equal = node.operator == "="
    function, connector = ("attribute_exists", "AND") if equal else ("attribute_not_exists", "OR")
    there: Node = node
    for operand in node.operands:
        there = OperatorNode(connector, (FunctionNode(function, (operand,)), there))
    return there
