"""Which provisioned capacity is meant where a definition says it elsewhere (with autoscaling), or not at all."""

from msgspec import UnsetType

from dynasmith.plans.change import Dimension
from dynasmith.tables.table import Autoscaling, Capacity, Index, Scaling, Table, known

# What the console proposes for a new provisioned table, and what the seeds used. Only where nothing else is said.
DEFAULT_UNITS_PER_SECOND = 5


def scaling_of(part: Table | Index, dimension: Dimension) -> Scaling | UnsetType | None:
    """The autoscaling of one dimension of a table or an index."""
    scaling: Scaling | UnsetType | None = getattr(known(part.autoscaling, Autoscaling()), dimension)
    return scaling


def owned_by_autoscaling(desired: Table | Index, current: Table | Index, dimension: Dimension) -> bool:
    """Whether autoscaling owns this dimension of the capacity: wanted, or there and not said to be off."""
    wanted = scaling_of(desired, dimension)
    if isinstance(wanted, Scaling):
        return True
    return wanted is not None and isinstance(scaling_of(current, dimension), Scaling)


def table_capacity(desired: Table) -> Capacity:
    """The capacity that the table starts with: as said, else the least that autoscaling may set, else 5 and 5."""
    return _start(desired, Capacity(read=DEFAULT_UNITS_PER_SECOND, write=DEFAULT_UNITS_PER_SECOND))


def index_capacity(desired: Table, name: str) -> Capacity:
    """The capacity that an index starts with; one that nothing is said about gets the table's."""
    index = desired.index(name)
    return table_capacity(desired) if index is None else _start(index, table_capacity(desired))


def _start(part: Table | Index, otherwise: Capacity) -> Capacity:
    if not isinstance(part.capacity, UnsetType):
        return part.capacity
    read, write = scaling_of(part, "read"), scaling_of(part, "write")
    return Capacity(
        read=read.min if isinstance(read, Scaling) else otherwise.read,
        write=write.min if isinstance(write, Scaling) else otherwise.write,
    )
