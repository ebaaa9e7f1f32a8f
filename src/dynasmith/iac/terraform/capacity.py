"""How a table is paid for, its capacity, its ceilings and what autoscaling does with them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.iac.terraform.throughput import WARM, on_demand, warm_units
from dynasmith.tables.scaling_names import Dimension, policy_name, resource_id, scalable_dimension
from dynasmith.tables.table import Autoscaling, Billing, Capacity, Index, OnDemandMaximum, Scaling, Table, known


def billing(subject: TerraformSubject) -> TerraformPart:
    """`billing_mode`; one that is not managed is what is there."""
    wanted = subject.table.billing
    if not isinstance(wanted, UnsetType):
        return TerraformPart(body=(("billing_mode", str(wanted)),))
    return TerraformPart(body=(("billing_mode", str(subject.billing)),), ignored=("billing_mode",))


def capacity(subject: TerraformSubject) -> TerraformPart:
    """`read_capacity` and `write_capacity`: what autoscaling moves, and what nobody manages, is left alone."""
    table = subject.table
    if subject.billing is not Billing.PROVISIONED:
        return TerraformPart(
            ignored=("read_capacity", "write_capacity") if isinstance(table.billing, UnsetType) else ()
        )
    scaling = known(table.autoscaling, Autoscaling())
    said = known(table.capacity, None)
    there = None if subject.live is None else known(subject.live.table.capacity, None)
    body: list[tuple[str, Value]] = []
    ignored = []
    for name, scaled in (("read", scaling.read), ("write", scaling.write)):
        low = scaled.min if isinstance(scaled, Scaling) else 1
        units = _units(said, name) or _units(there, name) or low
        body.append((f"{name}_capacity", units))
        if said is None or isinstance(scaled, Scaling):
            ignored.append(f"{name}_capacity")
    return TerraformPart(body=tuple(body), ignored=tuple(ignored))


def _units(capacity: Capacity | None, name: str) -> int | None:
    return None if capacity is None else int(getattr(capacity, name))


def on_demand_maximum(subject: TerraformSubject) -> TerraformPart:
    """The `on_demand_throughput` block of the table."""
    maximum = subject.table.on_demand_maximum
    if isinstance(maximum, UnsetType):
        return TerraformPart(ignored=("on_demand_throughput",))
    if maximum == OnDemandMaximum():
        return TerraformPart()  # left out is no ceiling; -1 twice would differ for ever
    block = on_demand(maximum)
    loose = [name for name in ("read", "write") if isinstance(getattr(maximum, name), UnsetType)]
    ignored = tuple(f"on_demand_throughput[0].max_{name}_request_units" for name in loose)
    return TerraformPart(body=() if block is None else (block,), ignored=ignored)


def warm(subject: TerraformSubject) -> TerraformPart:
    """The `warm_throughput` block, from version 6 on. It is for a new table: warm throughput grows by itself, and
    Terraform would replace the table to lower it, so changes are left alone."""
    wanted = subject.table.warm
    if subject.provider < 6:
        unsaid = () if isinstance(wanted, UnsetType) else (subject.unsaid("warm_throughput", WARM),)
        return TerraformPart(unsaid=unsaid)
    units = tuple((name, units) for name, units in warm_units(wanted).items() if units is not None)
    body = (HclBlock(("warm_throughput",), units),) if units else ()
    return TerraformPart(body=body, ignored=("warm_throughput",))


def autoscaling(subject: TerraformSubject) -> TerraformPart:
    """An `aws_appautoscaling_target` and an `aws_appautoscaling_policy` for each dimension of table and indexes."""
    resources: list[HclBlock] = []
    imports: list[ImportBlock] = []
    for index, dimension, scaling in _scaled(subject.table):
        target, policy = _scaling_blocks(subject, index, dimension, scaling)
        resources += [target, policy]
        if subject.live is not None and _is_there(subject.live.table, index, dimension):
            resource = resource_id(subject.table.name, index)
            at = f"dynamodb/{resource}/{scalable_dimension(dimension, index)}"
            imports.append(ImportBlock(to=target.address, id=at))
            imports.append(
                ImportBlock(to=policy.address, id=f"{at}/{policy_name(subject.table.name, dimension, index)}")
            )
    return TerraformPart(resources=tuple(resources), imports=tuple(imports))


def _scaled(table: Table) -> Iterator[tuple[str | None, Dimension, Scaling]]:
    parts: list[tuple[str | None, Table | Index]] = [(None, table)]
    parts += [(index.name, index) for index in known(table.indexes, ())]
    for name, part in parts:
        scaling = known(part.autoscaling, Autoscaling())
        if isinstance(scaling.read, Scaling):
            yield name, "read", scaling.read
        if isinstance(scaling.write, Scaling):
            yield name, "write", scaling.write


def _is_there(table: Table, index: str | None, dimension: Dimension) -> bool:
    return any((index, dimension) == each[:2] for each in _scaled(table))


def _scaling_blocks(
    subject: TerraformSubject, index: str | None, dimension: Dimension, scaling: Scaling
) -> tuple[HclBlock, HclBlock]:
    label = (
        f"{subject.label}_{dimension}" if index is None else f"{subject.label}_{index.replace('.', '_')}_{dimension}"
    )
    of_index = "" if index is None else f"/index/{index}"
    target = HclBlock(
        ("resource", "aws_appautoscaling_target", label),
        (
            ("service_namespace", "dynamodb"),
            ("resource_id", HclExpression(f'"table/${{aws_dynamodb_table.{subject.label}.name}}{of_index}"')),
            ("scalable_dimension", scalable_dimension(dimension, index)),
            ("min_capacity", scaling.min),
            ("max_capacity", scaling.max),
        ),
    )
    what = "Read" if dimension == "read" else "Write"
    tracked: list[tuple[str, Value] | HclBlock] = [("target_value", known(scaling.target, 70.0))]
    for name, told in (
        ("scale_in_cooldown", scaling.scale_in_cooldown_seconds),
        ("scale_out_cooldown", scaling.scale_out_cooldown_seconds),
        ("disable_scale_in", scaling.disable_scale_in),
    ):
        if not isinstance(told, UnsetType):
            tracked.append((name, told))
    metric = HclBlock(
        ("predefined_metric_specification",), (("predefined_metric_type", f"DynamoDB{what}CapacityUtilization"),)
    )
    policy = HclBlock(
        ("resource", "aws_appautoscaling_policy", label),
        (
            ("name", policy_name(subject.table.name, dimension, index)),
            ("policy_type", "TargetTrackingScaling"),
            ("service_namespace", HclExpression(f"{target.address}.service_namespace")),
            ("resource_id", HclExpression(f"{target.address}.resource_id")),
            ("scalable_dimension", HclExpression(f"{target.address}.scalable_dimension")),
            HclBlock(
                ("target_tracking_scaling_policy_configuration",),
                (*tracked, metric),
            ),
        ),
    )
    return target, policy
