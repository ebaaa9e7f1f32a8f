"""`trails_here`: the trails of CloudTrail that work in a Region, with what their selectors log."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynasmith.aws.control.session import Session
from dynasmith.errors import DynasmithError, Interrupted
from dynasmith.validate.trails import EventSelector, FieldSelector, Trail, basic_selectors

Answer = Mapping[str, Any]


def trails_here(session: Session) -> tuple[Trail, ...]:
    """The trails of this Region, and those of others that work here too. One call, and two for each trail; those of a
    trail that may not be looked at say why."""
    found = session.call("cloudtrail", "DescribeTrails", {"includeShadowTrails": True})
    return tuple(_trail(session, each) for each in found.get("trailList") or ())


def _trail(session: Session, said: Answer) -> Trail:
    name, arn = str(said.get("Name", "")), str(said.get("TrailARN", ""))
    home = str(said.get("HomeRegion") or "")
    region = home if home and home != session.region else ""
    try:
        status = session.call("cloudtrail", "GetTrailStatus", {"Name": arn or name}, region=region)
        selectors = session.call("cloudtrail", "GetEventSelectors", {"TrailName": arn or name}, region=region)
    except Interrupted:
        raise
    except DynasmithError as error:
        return Trail(name=name, unknown=error.message.rstrip("."))
    return Trail(name=name, is_logging=bool(status.get("IsLogging")), selectors=tuple(_selectors(selectors)))


def _selectors(said: Answer) -> Iterator[EventSelector]:
    for each in said.get("AdvancedEventSelectors") or ():
        yield tuple(_field(field) for field in each.get("FieldSelectors") or ())
    for each in said.get("EventSelectors") or ():
        for data in each.get("DataResources") or ():
            read_write = str(each.get("ReadWriteType") or "All")
            yield from basic_selectors(read_write, str(data.get("Type", "")), tuple(data.get("Values") or ()))


def _field(said: Answer) -> FieldSelector:
    return FieldSelector(
        field=str(said.get("Field", "")),
        equals=tuple(said.get("Equals") or ()),
        starts_with=tuple(said.get("StartsWith") or ()),
        ends_with=tuple(said.get("EndsWith") or ()),
        not_equals=tuple(said.get("NotEquals") or ()),
        not_starts_with=tuple(said.get("NotStartsWith") or ()),
        not_ends_with=tuple(said.get("NotEndsWith") or ()),
    )
