"""What a case is: what is otherwise about the good table, and exactly what is found then."""

from dataclasses import dataclass, field
from typing import Any

from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.table import (
    Autoscaling,
    Capacity,
    Projection,
    ProjectionKind,
    Scaling,
    Table,
)
from dynasmith.validate import Surroundings
from validate.tables import GOOD, Seen, live


@dataclass(frozen=True)
class Case:
    """A definition and a live table, and everything that is found; ``offline`` cases leave the live table out."""

    name: str
    desired: Table | None
    live: TableDescription | None
    found: Seen
    around: Surroundings = field(default_factory=Surroundings)
    offline: bool = False


def both(name: str, table: Table, found: Seen, around: Surroundings | None = None) -> Case:
    """The definition says it, and the live table is so."""
    return Case(name, table, live(table), found, around or Surroundings())


def offline(name: str, table: Table, found: Seen, around: Surroundings | None = None) -> Case:
    """The definition alone."""
    return Case(name, table, None, found, around or Surroundings(), offline=True)


def fact(name: str, found: Seen, **facts: Any) -> Case:
    """The live table is as defined, but for a fact that nobody wishes for."""
    return Case(name, GOOD, live(**facts), found)


def policy(**statement: object) -> str:
    """A resource policy of one statement."""
    return canonical_policy({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


PROTECTED = Surroundings(environment="live-eu", protected=True)
PROD_TAGS = {"team": "checkout", "env": "prod"}
OFF = Autoscaling(read=None, write=None)
SCALED = Autoscaling(read=Scaling(min=5, max=100), write=Scaling(min=5, max=100))
FIVE = Capacity(read=5, write=5)
GSI = "global_secondary_indexes"
FULL = Projection(kind=ProjectionKind.ALL)
PITR = "point_in_time_recovery"
