"""What CloudTrail logs of a table: trails with their selectors, and whether one covers the table. Pure."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

RESOURCE_TYPE: Final = "AWS::DynamoDB::Table"
"""The resource type of the data events of tables (CloudTrail user guide, Logging data events)."""


class FieldSelector(Struct, frozen=True, kw_only=True):
    """What one field of an event must be: all of the tests that are given (API reference, AdvancedFieldSelector)."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()

    def takes(self, value: str) -> bool:
        """Whether an event with this value is logged, as far as this field goes."""
        wanted = (
            value in self.equals or value.startswith(self.starts_with) or value.endswith(self.ends_with)
            if self.equals or self.starts_with or self.ends_with
            else True
        )
        left_out = (
            value in self.not_equals or value.startswith(self.not_starts_with) or value.endswith(self.not_ends_with)
        )
        return wanted and not left_out


EventSelector = tuple[FieldSelector, ...]
"""An advanced event selector: an event is logged where every field of it is taken."""


class Trail(Struct, frozen=True, kw_only=True):
    """A trail that works in the Region. ``unknown`` says why its selectors could not be read."""

    name: str
    is_logging: bool = True
    selectors: tuple[EventSelector, ...] = ()
    unknown: str = ""


class TableEvents(Struct, frozen=True, kw_only=True):
    """Which data events of a table are logged: of calls that read, of calls that write, and whether a selector logs
    only some of them (by their names, by who calls)."""

    reads: bool = False
    writes: bool = False
    some: bool = False


def basic_selectors(read_write: str, resource_type: str, values: tuple[str, ...]) -> tuple[EventSelector, ...]:
    """The data resources of a basic event selector as advanced ones. ``arn:PARTITION:dynamodb`` is every table; an
    ARN is that table (API reference, DataResource)."""
    kinds = {"ReadOnly": ("true",), "WriteOnly": ("false",)}.get(read_write)
    fields = [
        FieldSelector(field="eventCategory", equals=("Data",)),
        FieldSelector(field="resources.type", equals=(resource_type,)),
    ]
    if kinds is not None:
        fields.append(FieldSelector(field="readOnly", equals=kinds))
    every = tuple(value for value in values if value.count(":") < 5)
    named = tuple(value for value in values if value not in every)
    found = [(*fields, FieldSelector(field="resources.ARN", starts_with=every))] if every else []
    return (*found, *([(*fields, FieldSelector(field="resources.ARN", equals=named))] if named else ()))


def table_events(trails: tuple[Trail, ...], arn: str) -> TableEvents:
    """What the trails that are logging have of a table with this ARN."""
    reads = writes = some = False
    for selector in (each for trail in trails if trail.is_logging for each in trail.selectors):
        known = {"eventCategory": "Data", "resources.type": RESOURCE_TYPE, "resources.ARN": arn}
        if not _takes(selector, known):
            continue
        if any(field.field not in known and field.field != "readOnly" for field in selector):
            some = True
            continue
        reads = reads or _takes(selector, {"readOnly": "true"})
        writes = writes or _takes(selector, {"readOnly": "false"})
    return TableEvents(reads=reads, writes=writes, some=some)


def _takes(selector: EventSelector, values: Mapping[str, str]) -> bool:
    return all(field.takes(values[field.field]) for field in selector if field.field in values)
