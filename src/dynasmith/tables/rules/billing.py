"""Billing, capacity and autoscaling."""

from collections.abc import Iterator

from dynasmith.tables.document import Node
from dynasmith.tables.rules.rule import GSI, DefinitionRule, JudgedTable, RuleProblem, Way

_API = "API, CreateTable, BillingMode and ProvisionedThroughput"
_SCALING = "Application Auto Scaling API, RegisterScalableTarget and TargetTrackingScalingPolicyConfiguration"


def _owners(table: JudgedTable) -> Iterator[tuple[Way, Node]]:
    """The table and each global index: what has a capacity of its own."""
    yield (), table.node
    yield from table.indexes(GSI)


def scaled(owner: Node, dimension: str) -> bool:
    """Does autoscaling own that dimension of the table's or the index's capacity?"""
    block = owner.get("autoscaling")
    if block is None or block.plain("enabled") is False:
        return False
    side = block.get(dimension)
    return side is not None and side.plain("enabled") is not False


def _needs_capacity(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.plain("billing_mode") != "PROVISIONED":
        return
    for way, owner in _owners(table):
        if owner.get("provisioned_throughput") is not None or table.unknown(*way, "provisioned_throughput"):
            continue
        if table.unknown(*way, "autoscaling") or (scaled(owner, "read") and scaled(owner, "write")):
            continue
        what = "belongs to a table billed PROVISIONED" if way else "is billed PROVISIONED"
        yield RuleProblem(way, f"{what} and has no capacity")


def _on_demand_without_capacity(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.unknown("billing_mode") or table.plain("billing_mode") == "PROVISIONED":
        return
    for way, owner in _owners(table):
        if owner.get("provisioned_throughput") is not None:
            yield RuleProblem(
                (*way, "provisioned_throughput"), "is a capacity, and the table is not billed PROVISIONED"
            )
        if scaled(owner, "read") or scaled(owner, "write"):
            yield RuleProblem((*way, "autoscaling"), "scales a capacity, and the table is not billed PROVISIONED")


def _provisioned_without_maximum(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.plain("billing_mode") != "PROVISIONED":
        return
    for way, owner in _owners(table):
        block = owner.get("on_demand_throughput")
        if block is not None and block.plain("enabled") is not False:
            yield RuleProblem(
                (*way, "on_demand_throughput"), "is a ceiling of on-demand tables, and this one is PROVISIONED"
            )


def _ceiling_of_nothing(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in _owners(table):
        for side in ("max_read", "max_write"):
            if table.plain(*way, "on_demand_throughput", side) == 0:
                yield RuleProblem((*way, "on_demand_throughput", side), "is 0, and the least ceiling is 1")


def _scaling_bounds(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, _ in _owners(table):
        for dimension in ("read", "write"):
            block = table.sound(*way, "autoscaling", dimension)
            least, most = (block.plain("min"), block.plain("max")) if block is not None else (None, None)
            if least is not None and most is not None and least > most:
                yield RuleProblem((*way, "autoscaling", dimension), f"has min {least}, which is above max {most}")


def _warm_quota(table: JudgedTable) -> Iterator[RuleProblem]:
    quotas = table.quotas
    for way, _ in _owners(table):
        for dimension, most in (
            ("read", quotas.table_read_units_per_second),
            ("write", quotas.table_write_units_per_second),
        ):
            units = table.plain(*way, "warm_throughput", dimension)
            if isinstance(units, int) and units > most:
                message = f"is {units} units a second, above the quota of {most}"
                yield RuleProblem((*way, "warm_throughput", dimension), message)


RULES = (
    DefinitionRule(
        "D050",
        "PROVISIONED needs a capacity for the table and for every global index",
        "The service refuses the call; a capacity may also come from autoscaling of both dimensions (its `min`).",
        _API,
        "add provisioned_throughput: {read: ..., write: ...}, or autoscaling of read and write",
        _needs_capacity,
    ),
    DefinitionRule(
        "D051",
        "A capacity or autoscaling needs PROVISIONED",
        "An on-demand table has no capacity, and a table without billing_mode is on-demand.",
        _API,
        "set billing_mode: PROVISIONED, or leave it out",
        _on_demand_without_capacity,
    ),
    DefinitionRule(
        "D052",
        "An on-demand maximum does nothing without on-demand billing",
        "A provisioned table is bounded by its capacity; the ceiling waits until billing changes.",
        "API, shape OnDemandThroughput",
        "set billing_mode: PAY_PER_REQUEST, or leave it out",
        _provisioned_without_maximum,
        "warning",
    ),
    DefinitionRule(
        "D055",
        "An on-demand maximum is at least 1, or -1 for none",
        "The service refuses 0.",
        "API, shape OnDemandThroughput",
        "say a number of units a second, or -1 for no maximum",
        _ceiling_of_nothing,
    ),
    DefinitionRule(
        "D053",
        "Autoscaling's min is not above its max",
        "The service refuses the target.",
        _SCALING,
        "raise max or lower min",
        _scaling_bounds,
    ),
    DefinitionRule(
        "D054",
        "Warm throughput stays within the table's quota",
        "A quota of the service that can be raised.",
        "Quotas, Table-level; Developer Guide, Warm throughput",
        "raise table_read_units_per_second or table_write_units_per_second in [limits] where the quota is higher",
        _warm_quota,
        "warning",
    ),
)
