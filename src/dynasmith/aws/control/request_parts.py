"""Parts of requests: keys, indexes, throughputs, encryption and tags in the words of the service."""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from msgspec import UNSET, UnsetType

from dynasmith.limits import NEW_ON_DEMAND_READ_UNITS_PER_SECOND, NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND
from dynasmith.tables.table import (
    Autoscaling,
    Capacity,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Scaling,
    Warm,
    known,
)


def definitions(attributes: Iterable[KeyAttribute]) -> list[dict[str, str]]:
    """The types of key attributes."""
    return [{"AttributeName": attribute.name, "AttributeType": attribute.type} for attribute in attributes]


def key_schema(key: Key) -> list[dict[str, str]]:
    """A key, partition attributes first."""
    partition = [{"AttributeName": attribute.name, "KeyType": "HASH"} for attribute in key.partition]
    return partition + [{"AttributeName": attribute.name, "KeyType": "RANGE"} for attribute in key.sort]


def projection_of(projection: Projection) -> dict[str, Any]:
    """What an index holds; its attributes only where it includes some."""
    told: dict[str, Any] = {"ProjectionType": projection.kind.value}
    if projection.kind is ProjectionKind.INCLUDE:
        told["NonKeyAttributes"] = list(projection.attributes)
    return told


def index_of(index: Index) -> dict[str, Any]:
    """A global index that is to be made, alone or with its table."""
    capacity = starting_capacity(index.capacity, index.autoscaling)
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.key),
        "Projection": projection_of(index.projection),
        **if_set("ProvisionedThroughput", capacity),
        **new_maximum(index.on_demand_maximum),
        **if_set("WarmThroughput", beyond_the_start(index.warm, capacity)),
    }


def local_index_of(index: LocalIndex) -> dict[str, Any]:
    """A local index, which is made with its table."""
    return {"IndexName": index.name, "KeySchema": key_schema(index.key), "Projection": projection_of(index.projection)}


def starting_capacity(capacity: Capacity | UnsetType, scaling: Autoscaling | UnsetType) -> Capacity | UnsetType:
    """The capacity to begin with: as said, or the least that autoscaling is to keep."""
    if not isinstance(capacity, UnsetType) or isinstance(scaling, UnsetType):
        return capacity
    if isinstance(scaling.read, Scaling) and isinstance(scaling.write, Scaling):
        return Capacity(read=scaling.read.min, write=scaling.write.min)
    return capacity


def beyond_the_start(warm: Warm | UnsetType, capacity: Capacity | UnsetType) -> Warm | UnsetType:
    """Warm throughput to ask a new table or index for: what it begins with anyway is refused if it is asked for less.

    On demand that is 12,000 read and 4,000 write units a second, provisioned the capacity.
    """
    if isinstance(warm, UnsetType):
        return warm
    least = (
        (NEW_ON_DEMAND_READ_UNITS_PER_SECOND, NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND)
        if isinstance(capacity, UnsetType)
        else (capacity.read, capacity.write)
    )
    read, write = max(known(warm.read, 0), least[0]), max(known(warm.write, 0), least[1])
    return UNSET if (read, write) == least else Warm(read=read, write=write)


def new_maximum(maximum: OnDemandMaximum | UnsetType) -> dict[str, Any]:
    """The ceilings of what is to be made. "None" is not said: it has none, and older engines know no ceilings."""
    if isinstance(maximum, UnsetType):
        return {}
    pairs = (("MaxReadRequestUnits", maximum.read), ("MaxWriteRequestUnits", maximum.write))
    said = {name: units for name, value in pairs if (units := known(value, None)) is not None}
    return {"OnDemandThroughput": said} if said else {}


def _units(said: Capacity | OnDemandMaximum | Warm) -> dict[str, int]:
    match said:
        case Capacity():
            return {"ReadCapacityUnits": said.read, "WriteCapacityUnits": said.write}
        case OnDemandMaximum():
            # -1 removes a ceiling (API reference, OnDemandThroughput).
            return {
                "MaxReadRequestUnits": known(said.read, None) or -1,
                "MaxWriteRequestUnits": known(said.write, None) or -1,
            }
        case Warm():
            pairs = (("ReadUnitsPerSecond", said.read), ("WriteUnitsPerSecond", said.write))
            return {name: value for name, value in pairs if not isinstance(value, UnsetType)}
        case _:
            assert_never(said)


def if_set(name: str, said: Capacity | OnDemandMaximum | Warm | UnsetType | None) -> dict[str, Any]:
    """A throughput under its name, or nothing where it is not set."""
    return {} if said is None or isinstance(said, UnsetType) else {name: _units(said)}


def index_updates(name: str, indexes: Mapping[str, Capacity | OnDemandMaximum | Warm]) -> dict[str, Any]:
    """Updates of the throughput of several indexes, in one request."""
    if not indexes:
        return {}
    updates = [{"Update": {"IndexName": index, name: _units(said)}} for index, said in sorted(indexes.items())]
    return {"GlobalSecondaryIndexUpdates": updates}


def tags_of(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags, sorted by key."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def arn_there(arn: str, region: str | UnsetType) -> tuple[str, str]:
    """The ARN of a table's replica in a Region, and that Region; the table's own, and no Region, where none is said."""
    if isinstance(region, UnsetType):
        return arn, ""
    parts = arn.split(":")
    return ":".join((*parts[:3], region, *parts[4:])), region
