"""The operands that conditions, updates and projections share: document paths, placeholders and functions."""

from collections.abc import Callable

from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, ValueName
from dynasmith.strict.expressions.tokens import ExpressionError, TokenReader

PATH_LEVELS_MAX = 32  # developer guide, ServiceQuotas: nested attribute depth
INDEX_MAX = 2**31 - 1  # observed: an index is a 32-bit integer


class OperandReader(TokenReader):
    """Reads paths and operands. ``keywords`` are the words that are no names here."""

    keywords: frozenset[str] = frozenset()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.redundant = False
        self.grouped_operand = False
        # Where the group of parentheses that begins at a token ended.
        self._groups: dict[int, int] = {}

    def path(self) -> DocumentPath:
        """name(.name | [number])*"""
        return self.path_after(DocumentPath((self._name(),)))

    def path_after(self, path: DocumentPath) -> DocumentPath:
        """A path that goes on after what was read of it."""
        parts = list(path.parts)
        while True:
            if self.take_sign("."):
                parts.append(self._name())
            elif self.is_sign("["):
                self.take()
                if self.next.kind != "number":
                    raise self.error()
                parts.append(self._index())
                self.expect_sign("]")
            else:
                break
        if len(parts) > PATH_LEVELS_MAX:
            raise ExpressionError(f"The document path has too many nesting levels; nesting levels: {len(parts)}")
        return DocumentPath(tuple(parts))

    def _index(self) -> int:
        index = int(self.take().text)
        if index > INDEX_MAX:
            raise ExpressionError(f"List index is not within the allowable range; index: [{index}]")
        return index

    def _name(self) -> str:
        token = self.next
        if token.kind not in {"name", "alias"} or (token.kind == "name" and token.text.upper() in self.keywords):
            raise self.error()
        return self.take().text

    def operand(self) -> Node:
        """A path, a placeholder, a function, or one of them in parentheses."""
        if self.is_sign("("):
            node = self.grouped(self.operand)
            self.grouped_operand = True
            return self.path_after(node) if isinstance(node, DocumentPath) else node
        if self.next.kind == "value":
            return ValueName(self.take().text)
        if self._is_call():
            return self._call()
        return self.path()

    def _is_call(self) -> bool:
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return self.next.kind == "name" and following.kind == "sign" and following.text == "("

    def _call(self) -> FunctionNode:
        if self.next.text.upper() in self.keywords:
            raise self.error()
        name = self.take().text
        self.deeper()
        self.expect_sign("(")
        arguments = self.listed(self.operand)
        self.expect_sign(")")
        self.shallower()
        return FunctionNode(name, arguments)

    def listed(self, one: Callable[[], Node]) -> tuple[Node, ...]:
        """one(, one)*"""
        found = [one()]
        while self.take_sign(","):
            found.append(one())
        return tuple(found)

    def grouped(self, inner: Callable[[], Node]) -> Node:
        """Something in parentheses; parentheses right inside of others are noted as redundant."""
        start = self.at
        self.deeper()
        self.expect_sign("(")
        node = inner()
        if self._groups.get(start + 1) == self.at:
            self.redundant = True
        self.expect_sign(")")
        self.shallower()
        self._groups[start] = self.at
        return node
