"""Throughput and indexes: what is otherwise, and exactly what is found."""

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.limits import Quotas
from dynasmith.tables.description import IndexState
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Scaling,
    Table,
)
from dynasmith.validate import Surroundings
from validate.case import FIVE, FULL, GSI, OFF, SCALED, Case, both, fact, offline
from validate.tables import good, index, live, local_index


def provisioned(table: Autoscaling, of_index: Autoscaling, capacity: Capacity = FIVE) -> Table:
    """The good table with provisioned capacity, 5 and 5, and one index."""
    one = index("by_status", "status", autoscaling=of_index, capacity=capacity)
    return good(billing=Billing.PROVISIONED, capacity=FIVE, autoscaling=table, indexes=(one,))


UNSAID = good(
    billing=Billing.PROVISIONED, capacity=FIVE, autoscaling=UNSET, indexes=(index("i", "status", autoscaling=UNSET),)
)
CAPACITY = (
    both(
        "nothing scaled",
        provisioned(OFF, OFF),
        [("DS030", "warning", "autoscaling"), ("DS030", "warning", f"{GSI}.by_status.autoscaling")],
    ),
    both(
        "an index not scaled",
        provisioned(SCALED, replace(SCALED, read=None)),
        [("DS030", "warning", f"{GSI}.by_status.autoscaling")],
    ),
    offline(
        "a definition that says no autoscaling",
        UNSAID,
        [("DS030", "warning", "autoscaling"), ("DS030", "warning", f"{GSI}.i.autoscaling")],
    ),
    Case(
        "autoscaling could not be read",
        UNSAID,
        live(UNSAID, unread={"autoscaling": "no right"}),
        [("DS006", "notice", "autoscaling")],
    ),
    both("all scaled", provisioned(SCALED, SCALED), []),
    both(
        "registered without a policy",
        provisioned(replace(SCALED, write=None), replace(SCALED, read=None)),
        [("DS031", "warning", "autoscaling.write"), ("DS031", "warning", f"{GSI}.by_status.autoscaling.read")],
        Surroundings(scaling_without_policy=((None, "write"), ("by_status", "read"), ("gone", "read"))),
    ),
    both(
        "no range",
        provisioned(SCALED, replace(SCALED, read=Scaling(min=7, max=7))),
        [("DS032", "warning", f"{GSI}.by_status.autoscaling.read")],
    ),
    both(
        "an index below its table",
        provisioned(OFF, OFF, Capacity(read=5, write=4)),
        [
            ("DS030", "warning", "autoscaling"),
            ("DS030", "warning", f"{GSI}.by_status.autoscaling"),
            ("DS033", "warning", f"{GSI}.by_status.provisioned_throughput"),
        ],
    ),
    both(
        "an index that scales less far",
        provisioned(SCALED, replace(SCALED, write=Scaling(min=5, max=50))),
        [("DS033", "warning", f"{GSI}.by_status.autoscaling.write")],
    ),
    both(
        "an index with a ceiling of its own",
        good(indexes=(index("by_status", "status", on_demand_maximum=OnDemandMaximum(write=10)),)),
        [("DS033", "warning", f"{GSI}.by_status.on_demand_throughput")],
    ),
    both(
        "equal ceilings",
        good(
            on_demand_maximum=OnDemandMaximum(write=10),
            indexes=(index("by_status", "status", on_demand_maximum=OnDemandMaximum(write=10)),),
        ),
        [],
    ),
)


def state(status: str, *, backfilling: bool = False) -> tuple[IndexState, ...]:
    """The state of the good table's only index."""
    return (IndexState(name="by_status", status=status, backfilling=backfilling),)


INDEXES = (
    fact(
        "index being filled", [("DS040", "critical", f"{GSI}.by_status")], indexes=state("CREATING", backfilling=True)
    ),
    fact("index being made", [("DS040", "critical", f"{GSI}.by_status")], indexes=state("CREATING")),
    fact("index updating", [("DS040", "notice", f"{GSI}.by_status")], indexes=state("UPDATING")),
    both(
        "a local index",
        good(local_indexes=(local_index("by_time", "placed_at"),)),
        [("DS041", "warning", "local_secondary_indexes")],
    ),
    both(
        "three full copies",
        good(indexes=tuple(index(n * 3, n, projection=FULL) for n in "abc")),
        [("DS042", "notice", GSI)],
    ),
    both("two full copies", good(indexes=tuple(index(n * 3, n, projection=FULL) for n in "ab")), []),
    both(
        "the same key twice",
        good(indexes=(index("one", "a", "b"), index("two", "a", "b", projection=FULL))),
        [("DS043", "warning", f"{GSI}.two")],
    ),
    both(
        "the key of the table",
        good(indexes=(index("same", "customer_id", "order_id"),)),
        [("DS043", "warning", f"{GSI}.same")],
    ),
    both("another sort key", good(indexes=(index("one", "a", "b"), index("two", "a", "c"))), []),
    both(
        "18 of 20 indexes", good(indexes=tuple(index(f"i{n}", f"a{n}") for n in range(18))), [("DS044", "notice", GSI)]
    ),
    both("17 of 20 indexes", good(indexes=tuple(index(f"i{n}", f"a{n}") for n in range(17))), []),
    both(
        "18 of 30 indexes",
        good(indexes=tuple(index(f"i{n}", f"a{n}") for n in range(18))),
        [],
        Surroundings(quotas=Quotas(gsi_per_table=30)),
    ),
    both(
        "90 of 100 projected attributes",
        good(
            indexes=(
                index(
                    "wide",
                    "a",
                    projection=Projection(kind=ProjectionKind.INCLUDE, attributes=tuple(f"p{n}" for n in range(90))),
                ),
            )
        ),
        [("DS044", "notice", GSI)],
    ),
)


CASES = (*CAPACITY, *INDEXES)
