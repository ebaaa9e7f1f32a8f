"""Keys, attributes and indexes."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from dynasmith.iac.cloudformation.capacity import global_capacity, table_capacity
from dynasmith.iac.cloudformation.part import Properties, StackPart, StackSubject
from dynasmith.tables.table import Insights, Key, LocalIndex, Projection, ProjectionKind, known


def key(subject: StackSubject) -> StackPart:
    """`KeySchema`, and `AttributeDefinitions` of the table and its indexes."""
    attributes = [{"AttributeName": a.name, "AttributeType": a.type} for a in subject.table.key_attributes()]
    return StackPart(properties={"AttributeDefinitions": attributes, "KeySchema": _key(subject.table.key)})


def indexes(subject: StackSubject) -> StackPart:
    """`GlobalSecondaryIndexes`; left out where there are none, or they are not managed."""
    said, unsaid = [], []
    for index in known(subject.table.indexes, ()):
        body: dict[str, Any] = {
            "IndexName": index.name,
            "KeySchema": _key(index.key),
            "Projection": _projection(index.projection),
        }
        path = f"global_secondary_indexes.{index.name}"
        if subject.is_global:
            capacity = global_capacity(subject, index, path)
            if not isinstance(index.contributor_insights, UnsetType):
                unsaid.append(subject.unsaid(f"{path}.contributor_insights", "it belongs to each replica there"))
        else:
            capacity = table_capacity(subject, index)
            body |= insights(index.contributor_insights)
        unsaid += capacity.unsaid
        said.append(body | capacity.properties)
    return StackPart(properties={"GlobalSecondaryIndexes": said} if said else {}, unsaid=tuple(unsaid))


def local_indexes(subject: StackSubject) -> StackPart:
    """`LocalSecondaryIndexes`."""
    said = [_local_index(index) for index in known(subject.table.local_indexes, ())]
    return StackPart(properties={"LocalSecondaryIndexes": said} if said else {})


def insights(wanted: bool | Insights | UnsetType) -> Properties:
    """`ContributorInsightsSpecification`, of a table or an index; nothing where it is not managed."""
    if isinstance(wanted, UnsetType):
        return {}
    mode = {"Mode": str(wanted.mode)} if isinstance(wanted, Insights) else {}
    return {"ContributorInsightsSpecification": {"Enabled": wanted is not False, **mode}}


def _key(key: Key) -> list[Properties]:
    return [
        *({"AttributeName": each.name, "KeyType": "HASH"} for each in key.partition),
        *({"AttributeName": each.name, "KeyType": "RANGE"} for each in key.sort),
    ]


def _projection(projection: Projection) -> Properties:
    names = {"NonKeyAttributes": list(projection.attributes)} if projection.kind is ProjectionKind.INCLUDE else {}
    return {"ProjectionType": str(projection.kind), **names}


def _local_index(index: LocalIndex) -> Properties:
    return {"IndexName": index.name, "KeySchema": _key(index.key), "Projection": _projection(index.projection)}
