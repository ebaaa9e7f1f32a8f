"""What type checkers cannot refuse: it passes here and is refused when it runs (``tests/models/test_typing.py``)."""

from collections.abc import Callable

from dynasmith import Model
from dynasmith.models import Attr, Partition, attr, key
from dynasmith.models.expression_writer import request_expressions


class One(Model, table="ones"):
    """A class."""

    id: Partition[str]
    age: Attr[int] = attr(default=0)
    tags: Attr[set[str]] = attr(default_factory=set)


class Other(Model, table="others"):
    """Another class, with a condition that is not of the first."""

    id: Partition[str]


UNCHECKED: dict[str, Callable[[], object]] = {
    "== of another type": lambda: One.age == "3",
    "a condition of another class": lambda: request_expressions(One, condition=Other.id == "1"),
    "the types of a key": lambda: key(One, 1),
    "the number of values of a key": lambda: key(One, "1", "2"),
    "the type of a member": lambda: One.tags.contains(3),
    "the type of an amount": lambda: One.age.add("1"),
    "a part that a map does not have": lambda: One.age.city,
}
"""Each raises one of our errors, or AttributeError, when it is called."""
