"""Event source mappings: functions that Lambda calls with the changes of a stream. Mutable, since it is the world.

Ages and windows are measured on ``stream time``: the time of day at which the endpoint began, moved on by real time and
by every move of its clock, so that a client that really waits is served as well as a test that moves the clock.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DEFAULTS: Final[Mapping[str, Any]] = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "DestinationConfig": {"OnFailure": {}},
    "StateTransitionReason": "User action",
}
"""What a mapping of a DynamoDB stream has where nothing says otherwise (API reference, CreateEventSourceMapping)."""
OPTIONS: Final = (
    *("BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "MaximumRecordAgeInSeconds"),
    *("BisectBatchOnFunctionError", "MaximumRetryAttempts", "TumblingWindowInSeconds", "FunctionResponseTypes"),
    *("DestinationConfig", "FilterCriteria"),
)
"""The members of a request that a mapping of a DynamoDB stream keeps."""
NOTHING_YET: Final = "No records processed"


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A record of a stream, as Lambda gets it, and when it was made in stream time."""

    place: int
    said: Mapping[str, Any]
    made_at: float

    @property
    def number(self) -> str:
        """Its sequence number."""
        return str(self.said["dynamodb"]["SequenceNumber"])


@dataclass(slots=True)
class StreamFeed:
    """The records of one stream, read once for all its mappings, up to the number ``read`` in the shard ``shard``."""

    arn: str
    shard: str = ""
    read: int = 0
    records: list[StreamRecord] = field(default_factory=list)

    def since(self, place: int) -> list[StreamRecord]:
        """The records from a place on."""
        return self.records[place:]


@dataclass(slots=True)
class WindowState:
    """A tumbling window that is open: its state, as the function gave it."""

    start: float
    state: Any = field(default_factory=dict)


@dataclass(slots=True)
class StreamMapping:
    """One mapping. ``moving`` is its state until ``due``; ``position`` is the place of the next record."""

    uuid: str
    arn: str
    stream: str
    function: str
    starting: str
    options: dict[str, Any]
    enabled: bool
    moving: str
    due: float
    modified_at: float
    # How often it was changed.
    version: int = 0
    position: int = 0
    result: str = NOTHING_YET
    window: WindowState | None = None
    # What the engine keeps of it, as it was last written.
    kept: str = ""
    # Set when there may be something to do.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def state(self, now: float) -> str:
        """The service's word for its state."""
        if now < self.due or self.moving == "Deleting":
            return self.moving
        return "Enabled" if self.enabled else "Disabled"

    def option(self, name: str) -> Any:
        """An option, or what holds where none was given."""
        return self.options.get(name, DEFAULTS.get(name))

    @property
    def destination(self) -> str:
        """Where records go that were given up; "" for nowhere."""
        return str(((self.option("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or "")

    def said(self, now: float) -> dict[str, Any]:
        """The mapping as the service describes it."""
        return {
            **DEFAULTS,
            **self.options,
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "StartingPosition": self.starting,
            "EventSourceArn": self.stream,
            "FunctionArn": self.function,
            "LastModified": self.modified_at,
            "LastProcessingResult": self.result,
            "State": self.state(now),
        }


def table_of(stream: str) -> str:
    """The name of the table in the ARN of a stream; "" for any other ARN."""
    _, _, rest = stream.partition(":table/")
    name, _, label = rest.partition("/stream/")
    return name if stream.startswith("arn:") and ":dynamodb:" in stream and label else ""
