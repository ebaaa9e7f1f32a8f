"""`QueryState`: what a query is made of; `ModelPage`: a page of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dynasmith.models.condition import ModelCondition
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.operand import ExprPath
from dynasmith.models.relation import Relation

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class ModelPage(Generic[M]):
    """Items of a query; ``cursor`` continues after the last of them, None where there are no more.

    ``scanned`` is how many items were read for it, ``units`` the read units that this cost, without what is included.
    """

    items: list[M]
    cursor: str | None
    scanned: int
    units: float


@dataclass(frozen=True, slots=True)
class QueryState:
    """What a query is made of."""

    conditions: tuple[ModelCondition, ...]
    is_scan: bool = False
    index: ModelIndex | None = None
    only: tuple[ExprPath, ...] = ()
    is_descending: bool = False
    limit: int | None = None
    is_consistent: bool = False
    deleted: bool = False
    include: tuple[Relation[Any], ...] = ()
    segments: int = 1
