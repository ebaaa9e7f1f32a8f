"""The event source mappings of a table's streams, as Lambda lists them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dynasmith.aws.settings.request import Service
from dynasmith.aws.settings.shared_reads import shared_list
from dynasmith.errors import ServiceError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.trigger_parts import function_key
from dynasmith.tables.table import known

PAGES_MAX: Final = 1_000
"""A list of mappings has at most so many pages here: a hundred mappings a page."""


class LiveMapping(Struct, frozen=True, kw_only=True):
    """A mapping of one of the table's streams; ``current``: of the one that is on. ``said`` is Lambda's own words."""

    uuid: str
    function: str
    stream: str
    state: str
    current: bool
    said: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What tells its function apart."""
        return function_key(self.function)


def mappings_of(session: Service, described: TableDescription) -> tuple[LiveMapping, ...]:
    """The mappings of a table's streams, old ones too: Lambda filters by one stream alone, so all are listed, once for
    the tables of a run."""
    prefix = f"{described.arn}/stream/"
    on = described.stream_arn if known(described.table.stream, None) is not None else ""
    return tuple(
        LiveMapping(
            uuid=str(each["UUID"]),
            function=str(each["FunctionArn"]),
            stream=str(each["EventSourceArn"]),
            state=str(each.get("State", "")),
            current=each["EventSourceArn"] == on,
            said=each,
        )
        for each in shared_list(session, "mappings", lambda: _pages(session))
        if str(each.get("EventSourceArn", "")).startswith(prefix) and each.get("FunctionArn")
    )


def _pages(session: Service) -> Iterator[Mapping[str, Any]]:
    asked, seen = dict[str, Any](), set[str]()
    while True:
        answer = session.call("lambda", "ListEventSourceMappings", asked)
        yield from answer.get("EventSourceMappings") or ()
        marker = str(answer.get("NextMarker") or "")
        if not marker:
            return
        if marker in seen or len(seen) > PAGES_MAX:
            raise ServiceError("The pages of ListEventSourceMappings do not end.", hint="try again")
        seen.add(marker)
        asked = {"Marker": marker}
