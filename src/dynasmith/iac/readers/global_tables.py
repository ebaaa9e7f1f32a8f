"""Global tables of CloudFormation: the replica of the stack's own Region is the table itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from dynasmith.iac.readers.foreign_tables import Document, UnresolvedValue

GlobalScaling: TypeAlias = dict[str, Document]
"""``autoscaling`` of a table ("") and of its indexes, by their names."""
_OWN_REGION: Final = frozenset(
    (
        *("PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "TableClass", "Tags"),
        *("ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy"),
    )
)
"""What a global table says of the Region of its stack in the replica of that Region."""

_OF_OWN: Final = (
    *("Region", "SSESpecification", "GlobalSecondaryIndexes", "ReadProvisionedThroughputSettings"),
    "ReadOnDemandThroughputSettings",
)
"""What of that replica is read beside it."""


def global_shape(
    shape: dict[str, Any], path: str, region: str, unresolved: list[UnresolvedValue]
) -> tuple[dict[str, Any], GlobalScaling]:
    """A global table in the words of a table, and its autoscaling. Where the Region of the stack is not known, and so
    which replica is the table, its replicas are left out and that is in ``unresolved``."""
    replicas = list(shape.pop("Replicas", ()))
    own = _own_replica(replicas, region)
    if own is None:
        hint = "--param AWS::Region=REGION says which replica is the table itself"
        unresolved.append(UnresolvedValue(path=path, reference="AWS::Region", hint=hint))
    else:
        shape |= {name: own[name] for name in _OWN_REGION if name in own}
        key = (own.get("SSESpecification") or {}).get("KMSMasterKeyId")
        if key is not None and "SSESpecification" in shape:
            shape["SSESpecification"] = {**shape["SSESpecification"], "KMSMasterKeyId": key}
        shape |= {name: own[name] for name in own if name not in (*_OWN_REGION, *_OF_OWN, *shape)}
        if others := [each for each in replicas if each is not own]:
            shape["Replicas"] = others
    shape.setdefault("BillingMode", "PROVISIONED")
    provisioned = shape["BillingMode"] == "PROVISIONED"
    of_indexes = {each.get("IndexName"): each for each in (own or {}).get("GlobalSecondaryIndexes") or ()}
    scaling = {"": _settings(shape, own or {}, provisioned=provisioned)}
    for index in shape.get("GlobalSecondaryIndexes", ()):
        name = str(index.get("IndexName"))
        said = of_indexes.get(name) or {}
        if "ContributorInsightsSpecification" in said:
            index["ContributorInsightsSpecification"] = said["ContributorInsightsSpecification"]
        scaling[name] = _settings(index, said, provisioned=provisioned)
    return shape, {name: each for name, each in scaling.items() if each}


def with_scaling(document: Document, scaling: GlobalScaling) -> Document:
    """A table with the autoscaling of itself and of its indexes."""
    for owner in (document, *document.get("global_secondary_indexes", ())):
        said = scaling.get("" if owner is document else owner["name"])
        if said:
            owner["autoscaling"] = said
    return document


def tracking(said: Mapping[str, Any]) -> Document:
    """A target tracking configuration in the words of a definition."""
    names = {
        "TargetValue": "target",
        "ScaleInCooldown": "scale_in_cooldown_seconds",
        "ScaleOutCooldown": "scale_out_cooldown_seconds",
        "DisableScaleIn": "disable_scale_in",
    }
    return {name: said[each] for each, name in names.items() if each in said}


def _own_replica(replicas: list[dict[str, Any]], region: str) -> dict[str, Any] | None:
    if len(replicas) == 1:
        return replicas[0]
    return next((each for each in replicas if each.get("Region") == region), None)


def _settings(part: dict[str, Any], own: Mapping[str, Any], *, provisioned: bool) -> Document:
    """Throughput of a global table, or of its index, in the words of a table; its autoscaling comes back. ``own`` is
    what the replica of the own Region says of it."""
    read = {**(part.pop("ReadProvisionedThroughputSettings", None) or {})}
    read |= own.get("ReadProvisionedThroughputSettings") or {}
    write = part.pop("WriteProvisionedThroughputSettings", None) or {}
    ceilings = {**(part.pop("ReadOnDemandThroughputSettings", None) or {})}
    ceilings |= own.get("ReadOnDemandThroughputSettings") or {}
    ceilings |= part.pop("WriteOnDemandThroughputSettings", None) or {}
    if ceilings:
        part["OnDemandThroughput"] = ceilings
    writes = write.get("WriteCapacityAutoScalingSettings")
    if not provisioned or writes is None:
        return {}
    reads = read.get("ReadCapacityAutoScalingSettings")
    units = read.get("ReadCapacityUnits") or (_seed(reads) if reads else 1)
    part["ProvisionedThroughput"] = {"ReadCapacityUnits": int(units), "WriteCapacityUnits": _seed(writes)}
    sides = {"read": reads, "write": writes}
    return {side: _scaling(each) for side, each in sides.items() if each}


def _seed(said: Mapping[str, Any]) -> int:
    return int(said.get("SeedCapacity", said["MinCapacity"]))


def _scaling(said: Mapping[str, Any]) -> Document:
    limits = {"min": int(said["MinCapacity"]), "max": int(said["MaxCapacity"])}
    return limits | tracking(said.get("TargetTrackingScalingPolicyConfiguration") or {})
