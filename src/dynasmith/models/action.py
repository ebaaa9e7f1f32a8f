"""`ModelAction`: one change of one attribute in an update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dynasmith.models.operand import ExprPath, Operand

ActionKind = Literal["set", "set_if_missing", "add", "add_members", "discard", "append", "remove"]


class ModelAction:
    """A change that ``db.update`` makes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Assignment(ModelAction):
    """What is done to a path, and with what. ``add`` has the amount and what is there before the first."""

    path: ExprPath
    kind: ActionKind
    operands: tuple[Operand, ...]

    def paths(self) -> Iterator[ExprPath]:
        """Every path that it is about; the first is the one that changes."""
        yield self.path
        yield from (operand for operand in self.operands if isinstance(operand, ExprPath))
