"""What type checkers must refuse: every line has an ignore, and ``make check`` fails where one is not needed."""

from datetime import datetime
from decimal import Decimal

from dynasmith import Model
from dynasmith.models import Attr, Partition, attr, key, partition, tables_of


class Thing(Model, table="things"):
    """Something of each kind."""

    id: Partition[str]
    age: Attr[int]
    total: Attr[Decimal] = attr(default=Decimal(0))
    at: Attr[datetime | None] = attr(default=None)
    pk = partition("{id}")


def refused(thing: Thing) -> None:
    """Each line is an error of types."""
    Thing(id="1")  # type: ignore[call-arg]
    Thing(id=1, age=2)  # type: ignore[arg-type]
    Thing(id="1", age=2, agee=3)  # type: ignore[call-arg]
    Thing(id="1", age=2, pk="x")  # type: ignore[call-arg]
    thing.age = "3"  # type: ignore[assignment]
    Thing.age > "3"  # type: ignore[operator]
    Thing.age.set("3")  # type: ignore[arg-type]
    Thing.age.begins_with("3")  # type: ignore[misc]
    Thing.age.between("1", "2")  # type: ignore[arg-type]
    Thing.age.is_type("X")  # type: ignore[arg-type]
    (Thing.age > 3) & True  # type: ignore[operator]
    thing.agee  # type: ignore[attr-defined]
    Thing.agee  # type: ignore[attr-defined]
    key(str, "1")  # type: ignore[type-var]
    tables_of(thing)  # type: ignore[arg-type]
    attr(nmae="x")  # type: ignore[call-arg]
