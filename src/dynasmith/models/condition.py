"""`ModelCondition`: what has to hold, as a tree of comparisons; ``&``, ``|`` and ``~`` join them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from dynasmith.errors import UsageError
from dynasmith.models.operand import ExprPath, Operand


class ModelCondition:
    """A condition on items of a class. ``a & b``, ``a | b`` and ``~a`` join conditions; ``and`` and ``or`` cannot."""

    __slots__ = ()

    def __and__(self, other: ModelCondition) -> ModelCondition:
        return Junction("AND", (*_members(self, "AND"), *_members(other, "AND")))

    def __or__(self, other: ModelCondition) -> ModelCondition:
        return Junction("OR", (*_members(self, "OR"), *_members(other, "OR")))

    def __invert__(self) -> ModelCondition:
        return Negation(self)

    def __bool__(self) -> NoReturn:
        raise UsageError(
            "A condition is neither true nor false here.",
            hint="join conditions with & and |, each in parentheses; use between() for a range",
        )

    def paths(self) -> Iterator[ExprPath]:
        """Every path that it is about."""
        return iter(())


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(ModelCondition):
    """One operator or function of a path and operands."""

    path: ExprPath
    operator: str
    operands: tuple[Operand, ...]

    def paths(self) -> Iterator[ExprPath]:
        yield self.path
        yield from (operand for operand in self.operands if isinstance(operand, ExprPath))


@dataclass(frozen=True, slots=True, eq=False)
class Junction(ModelCondition):
    """Conditions joined by AND or by OR."""

    operator: Literal["AND", "OR"]
    parts: tuple[ModelCondition, ...]

    def paths(self) -> Iterator[ExprPath]:
        for part in self.parts:
            yield from part.paths()


@dataclass(frozen=True, slots=True, eq=False)
class Negation(ModelCondition):
    """A condition that must not hold."""

    part: ModelCondition

    def paths(self) -> Iterator[ExprPath]:
        yield from self.part.paths()


def _members(condition: ModelCondition, operator: str) -> tuple[ModelCondition, ...]:
    """The parts of a junction of that operator, else the condition itself: so that chains stay flat."""
    if not isinstance(condition, ModelCondition):
        raise UsageError(f"{condition!r} is not a condition.", hint="put each comparison in parentheses")
    return condition.parts if isinstance(condition, Junction) and condition.operator == operator else (condition,)
