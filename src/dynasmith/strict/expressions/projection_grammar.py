"""The grammar of ProjectionExpression: document paths, separated by commas.

Source: developer guide, Expressions.ProjectionExpressions.html.
"""

from dynasmith.strict.expressions.nodes import DocumentPath
from dynasmith.strict.expressions.operand_grammar import OperandReader


class ProjectionReader(OperandReader):
    """Reads one projection."""

    def paths(self) -> tuple[DocumentPath, ...]:
        """The paths of the whole text."""
        found = [self.path()]
        while self.take_sign(","):
            found.append(self.path())
        if self.next.kind != "end":
            raise self.error()
        return tuple(found)
