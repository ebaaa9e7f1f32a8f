"""How a table is paid for, its capacity, its ceilings and its autoscaling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UnsetType

from dynasmith.iac.cloudformation.part import Properties, StackPart, StackResource, StackSubject
from dynasmith.tables.scaling_names import Dimension, policy_name, resource_id, scalable_dimension
from dynasmith.tables.table import Autoscaling, Billing, Index, Scaling, Table, known


def billing(subject: StackSubject) -> StackPart:
    """`BillingMode`; one that is not managed is what is there, since a template without it means PROVISIONED."""
    return StackPart(properties={"BillingMode": str(_mode(subject))})


def capacity(subject: StackSubject) -> StackPart:
    """The throughput of the table."""
    return global_capacity(subject, subject.table, "") if subject.is_global else table_capacity(subject, subject.table)


def _mode(subject: StackSubject) -> Billing:
    there = Billing.ON_DEMAND if subject.live is None else known(subject.live.table.billing, Billing.ON_DEMAND)
    return known(subject.table.billing, there)


def table_capacity(subject: StackSubject, part: Table | Index) -> StackPart:
    """`ProvisionedThroughput` or `OnDemandThroughput`, and `WarmThroughput`, of a table or an index."""
    properties = _warm(part)
    if _mode(subject) is Billing.PROVISIONED:
        units = {each: _units(subject, part, each) for each in ("read", "write")}
        properties["ProvisionedThroughput"] = {
            "ReadCapacityUnits": units["read"],
            "WriteCapacityUnits": units["write"],
        }
    elif ceilings := _ceilings(part):
        properties["OnDemandThroughput"] = {f"Max{each}RequestUnits": units for each, units in ceilings.items()}
    return StackPart(properties=properties)


def global_capacity(subject: StackSubject, part: Table | Index, path: str) -> StackPart:
    """The same of a global table, which scales what is provisioned."""
    properties: dict[str, Any] = _warm(part)
    of = f"{path}." if path else ""
    if _mode(subject) is not Billing.PROVISIONED:
        for each, units in _ceilings(part).items():
            properties[f"{each}OnDemandThroughputSettings"] = {f"Max{each}RequestUnits": units}
        return StackPart(properties=properties)
    properties["ReadProvisionedThroughputSettings"] = {"ReadCapacityUnits": _units(subject, part, "read")}
    scaling = known(known(part.autoscaling, Autoscaling()).write, None)
    if scaling is None:
        why = "a provisioned global table of CloudFormation must scale what it writes"
        return StackPart(properties=properties, unsaid=(subject.unsaid(f"{of}autoscaling.write", why),))
    properties["WriteProvisionedThroughputSettings"] = {
        "WriteCapacityAutoScalingSettings": {
            "MinCapacity": scaling.min,
            "MaxCapacity": scaling.max,
            "TargetTrackingScalingPolicyConfiguration": _tracking(scaling),
        }
    }
    if not isinstance(known(part.autoscaling, Autoscaling()).read, Scaling):
        return StackPart(properties=properties)
    why = "autoscaling of reads belongs to each replica there"
    return StackPart(properties=properties, unsaid=(subject.unsaid(f"{of}autoscaling.read", why),))


def _units(subject: StackSubject, part: Table | Index, dimension: Dimension) -> int:
    """What is said, what is there, the least of autoscaling, or the least there is."""
    there: Table | Index | None = None if subject.live is None else subject.live.table
    if there is not None and isinstance(part, Index):
        there = subject.live.table.index(part.name) if subject.live is not None else None
    for each in (part, there):
        found = None if each is None else known(each.capacity, None)
        if found is not None:
            return int(getattr(found, dimension))
    scaling = known(getattr(known(part.autoscaling, Autoscaling()), dimension), None)
    return scaling.min if isinstance(scaling, Scaling) else 1


def _ceilings(part: Table | Index) -> dict[str, int]:
    maximum = known(part.on_demand_maximum, None)
    if maximum is None:
        return {}
    said = {"Read": known(maximum.read, None), "Write": known(maximum.write, None)}
    return {name: units for name, units in said.items() if units is not None}


def _warm(part: Table | Index) -> Properties:
    warm = known(part.warm, None)
    if warm is None:
        return {}
    said = {"ReadUnitsPerSecond": warm.read, "WriteUnitsPerSecond": warm.write}
    return {"WarmThroughput": {name: units for name, units in said.items() if not isinstance(units, UnsetType)}}


def autoscaling(subject: StackSubject) -> StackPart:
    """A `ScalableTarget` and a `ScalingPolicy` for each dimension of a table and its indexes. A global table has its
    own words for them."""
    if subject.is_global:
        return StackPart()
    resources: list[StackResource] = []
    for index, dimension, scaling in _scaled(subject.table):
        resources += _scaling_resources(subject, index, dimension, scaling)
    return StackPart(resources=tuple(resources))


def _scaled(table: Table) -> Iterator[tuple[str | None, Dimension, Scaling]]:
    parts: list[tuple[str | None, Table | Index]] = [(None, table)]
    parts += [(index.name, index) for index in known(table.indexes, ())]
    for name, part in parts:
        scaling = known(part.autoscaling, Autoscaling())
        if isinstance(scaling.read, Scaling):
            yield name, "read", scaling.read
        if isinstance(scaling.write, Scaling):
            yield name, "write", scaling.write


def _scaling_resources(
    subject: StackSubject, index: str | None, dimension: Dimension, scaling: Scaling
) -> tuple[StackResource, StackResource]:
    what = "Read" if dimension == "read" else "Write"
    of_index = "" if index is None else "".join(each for each in index.title() if each.isalnum())
    label = f"{subject.logical_id}{of_index}{what}"
    at = {"ServiceNamespace": "dynamodb", "ScalableDimension": scalable_dimension(dimension, index)}
    resource = f"table/${{{subject.logical_id}}}" + ("" if index is None else f"/index/{index}")
    there = subject.live is not None and any((index, dimension) == each[:2] for each in _scaled(subject.live.table))
    target = StackResource(
        id=f"{label}Target",
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        properties={
            **at,
            "ResourceId": {"Fn::Sub": resource},
            "MinCapacity": scaling.min,
            "MaxCapacity": scaling.max,
        },
        identifier={**at, "ResourceId": resource_id(subject.table.name, index)} if there else {},
    )
    metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{what}CapacityUtilization"}}
    policy = StackResource(
        id=f"{label}Policy",
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        properties={
            "PolicyName": policy_name(subject.table.name, dimension, index),
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": target.id},
            "TargetTrackingScalingPolicyConfiguration": {**_tracking(scaling), **metric},
        },
    )
    return target, policy


def _tracking(scaling: Scaling) -> Properties:
    said = {
        "TargetValue": known(scaling.target, 70.0),
        "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
        "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
        "DisableScaleIn": scaling.disable_scale_in,
    }
    return {name: value for name, value in said.items() if not isinstance(value, UnsetType)}
