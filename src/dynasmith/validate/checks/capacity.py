"""Throughput: autoscaling that is missing or does nothing, and indexes that throttle their table."""

from collections.abc import Iterator
from math import inf

from msgspec import UnsetType

from dynasmith.plans.capacity import scaling_of
from dynasmith.plans.change import Dimension
from dynasmith.plans.diff import billing_of
from dynasmith.tables.table import Billing, Index, Scaling, known
from dynasmith.validate.check import Check, Problem, Subject
from dynasmith.validate.checks.parts import DIMENSIONS, ThroughputPart, part_of_index, part_of_table, parts_of

_SCALING = "Application Auto Scaling user guide, DynamoDB; best practices checklist: Use auto-scaling"


def _fixed(subject: Subject) -> Iterator[Problem]:
    if billing_of(subject.table) is not Billing.PROVISIONED:
        return
    for part in parts_of(subject.table):
        fixed = [dimension for dimension in DIMENSIONS if _is_fixed(subject, part, dimension)]
        if fixed:
            what = f"{' and '.join(fixed)} capacity of {part.name} {'are' if len(fixed) > 1 else 'is'} fixed."
            yield Problem(part.path("autoscaling"), what[0].upper() + what[1:])


def _is_fixed(subject: Subject, part: ThroughputPart, dimension: Dimension) -> bool:
    """None is fixed; UNSET is fixed where a definition is judged, and unknown where a live table was read.

    What is registered without a policy is DS031's to say.
    """
    index = part.value.name if isinstance(part.value, Index) else None
    if subject.live is not None and (index, dimension) in subject.around.scaling_without_policy:
        return False
    scaling = scaling_of(part.value, dimension)
    return scaling is None or (subject.live is None and isinstance(scaling, UnsetType))


def _without_policy(subject: Subject) -> Iterator[Problem]:
    for name, dimension in subject.around.scaling_without_policy:
        index = None if name is None else subject.table.index(name)
        if name is not None and index is None:
            continue
        part = part_of_table(subject.table) if index is None else part_of_index(index)
        what = f"The {dimension} capacity of {part.name} is registered for autoscaling and has no scaling policy."
        yield Problem(part.path(f"autoscaling.{dimension}"), what)


def _no_range(subject: Subject) -> Iterator[Problem]:
    for part in parts_of(subject.table):
        for dimension in DIMENSIONS:
            scaling = part.scaling(dimension)
            if scaling is not None and scaling.min == scaling.max:
                what = f"The {dimension} capacity of {part.name} scales from {scaling.min} to {scaling.max}."
                yield Problem(part.path(f"autoscaling.{dimension}"), what)


def _narrow_index(subject: Subject) -> Iterator[Problem]:
    own = _write_ceiling(subject, part_of_table(subject.table))
    for index in known(subject.table.indexes, ()):
        part = part_of_index(index)
        ceiling = _write_ceiling(subject, part)
        if own is not None and ceiling is not None and ceiling < own:
            setting = "provisioned_throughput" if _provisioned(subject) else "on_demand_throughput"
            setting = setting if part.scaling("write") is None else "autoscaling.write"
            most = "has no ceiling" if own == inf else f"takes up to {own:g}"
            what = f"Index {index.name} takes up to {ceiling:g} write units a second, the table {most}."
            yield Problem(part.path(setting), what)


def _provisioned(subject: Subject) -> bool:
    return billing_of(subject.table) is Billing.PROVISIONED


def _write_ceiling(subject: Subject, part: ThroughputPart) -> float | None:
    """The most write units a second, infinity where there is no ceiling; None is not known."""
    if not _provisioned(subject):
        maximum = part.value.on_demand_maximum
        if isinstance(maximum, UnsetType):
            return inf if subject.live is None else None
        return known(maximum.write, None) or inf
    scaling = scaling_of(part.value, "write")
    if isinstance(scaling, Scaling):
        return scaling.max
    if isinstance(scaling, UnsetType) and subject.live is not None:
        # Where nothing is known of autoscaling, the capacity of now need not be the most there can be.
        return None
    return None if isinstance(part.value.capacity, UnsetType) else part.value.capacity.write


CHECKS = (
    Check(
        code="DS030",
        title="Provisioned capacity is scaled",
        why="What is more than the capacity is throttled, what is less is paid for.",
        fix="set autoscaling: {read: {min, max}, write: {min, max}}, or billing_mode: PAY_PER_REQUEST",
        source=_SCALING,
        severities=("warning",),
        look=_fixed,
        reads=("billing", "autoscaling"),
    ),
    Check(
        code="DS031",
        title="What is registered for autoscaling has a policy",
        why="Without a policy nothing is ever scaled.",
        fix="dynasmith apply adds the policy if the definition has autoscaling; otherwise deregister the target",
        source="Application Auto Scaling API, RegisterScalableTarget and PutScalingPolicy",
        severities=("warning",),
        look=_without_policy,
        live=True,
        reads=("autoscaling",),
        asks=("scaling_without_policy",),
    ),
    Check(
        code="DS032",
        title="Autoscaling has a range",
        why="Between two equal numbers nothing is scaled.",
        fix="raise max, or lower min",
        source=_SCALING,
        severities=("warning",),
        look=_no_range,
        reads=("autoscaling",),
    ),
    Check(
        code="DS033",
        title="An index can take the writes of its table",
        why="An index that is throttled throttles the writes of the table.",
        fix="give the index the write units of the table; suppress the finding if the index holds few items",
        source="Developer Guide, Global secondary indexes, Provisioned throughput considerations",
        severities=("warning",),
        look=_narrow_index,
        reads=("billing", "autoscaling"),
    ),
)
