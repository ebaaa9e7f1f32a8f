"""What a condition is made of: frozen values, one for each form of the language."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Comparator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]
COMPARATORS: Final[tuple[Comparator, ...]] = ("=", "<>", "<", "<=", ">", ">=")
#: Functions that are conditions by themselves, and how many operands they take.
FUNCTIONS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
Scalar: TypeAlias = str | bytes | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or what is inside it: ``address.lines[0]`` is ``("address", "lines", 0)``."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value written inline."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Size:
    """``size(path)``."""

    path: Path


Operand: TypeAlias = Path | Value | Size


@dataclass(frozen=True, slots=True)
class Compare:
    """``left < right``."""

    comparator: Comparator
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """``operand BETWEEN low AND high``, both included."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """``operand IN (a, b, c)``."""

    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One of FUNCTIONS on a path, with its second operand where it takes one."""

    function: str
    path: Path
    operand: Operand | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """``NOT term``."""

    term: "Node"


@dataclass(frozen=True, slots=True)
class AllOf:
    """``term AND term ...``, at least two."""

    terms: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``term OR term ...``, at least two."""

    terms: tuple["Node", ...]


Node: TypeAlias = Compare | Between | In | FunctionCall | Not | AllOf | AnyOf
