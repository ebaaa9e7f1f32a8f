"""What the replacement of a table needs of its two tables, its stream, and the copy that fills the new one."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.transform import Transform
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.spec import Replace
from dynasmith.jobs.table_identity import TableIdentities
from dynasmith.pointer.place import Pointer
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock
from dynasmith.ports.fences import WriteFence
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.journal import SegmentedJournal
from dynasmith.ports.model_items import ModelItems
from dynasmith.ports.streams import StreamReader
from dynasmith.tables.table import StreamView

TableSide: TypeAlias = Literal["source", "target"]


class ReplacementWorld(Protocol):
    """One run of one replacement asks it. What it creates or turns on is left alone where it is so already."""

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        ...

    @property
    def items(self) -> ModelItems:
        """Calls on items."""
        ...

    @property
    def settle_seconds(self) -> float:
        """How long after a stream was turned on writes may be missing from it, without a record that says otherwise."""
        ...

    @property
    def commanded(self) -> bool:
        """Whether a person asked for this run's goal just now; a cut-over is never begun otherwise."""
        ...

    def fence(self, spec: Replace, table: str) -> WriteFence:
        """What stops the writers of one of the two tables, by its physical name: what does so now, else what is to."""
        ...

    def pointer(self, spec: Replace) -> Pointer:
        """What tells the application its table."""
        ...

    def finish_target(self) -> None:
        """Apply to the target what its definition says and it was created without: time to live, triggers."""
        ...

    def source(self) -> TableEnd:
        """The source as it is described now. Raises TableNotFound."""
        ...

    def target(self) -> TableEnd:
        """The target as it is described now. Raises TableNotFound."""
        ...

    def identities(self, job: str) -> TableIdentities:
        """Which tables the two are. Raises CheckpointError where they are others than when the job began, UsageError
        in another environment."""
        ...

    def is_there(self, side: TableSide, job: str) -> bool:
        """Whether one of the two tables is there, and still the one of the job. Raises UsageError in another
        environment."""
        ...

    def transform(self, spec: Replace) -> Transform | None:
        """The transform, with the time and the id that the copy gives it. Raises UsageError where it is gone."""
        ...

    def inverse(self, spec: Replace) -> Transform | None:
        """What makes an item of the source of one of the target; None where items stay as they are. Raises UsageError
        where it is gone."""
        ...

    def safety_point(self) -> str:
        """Make sure that the source can be restored, and say from what. Raises RunError where it cannot."""
        ...

    def create_target(self) -> None:
        """Create the target as it is defined; its time to live stays off."""
        ...

    def set_stream(self, table: TableEnd, view: StreamView | None) -> None:
        """Let the stream of one of the two tables show this, or be off (None), and wait for it. One with another view
        is turned off first."""
        ...

    def stream(self, table: TableEnd) -> StreamReader:
        """The stream of one of the two tables. Raises RunError where it has none."""
        ...

    def new_journal(self, job: str) -> SegmentedJournal:
        """A journal for what a job that is about to begin captures. Raises RunError where it cannot be written."""
        ...

    def journal(self, job: str) -> SegmentedJournal:
        """The journal of a job. Raises RunError where there is none."""
        ...

    def copy(self, spec: Replace, claim: Claim, stop: StopRequest) -> Counts:
        """Copy every item, or go on with the copy, to its end; ``stop`` ends it early. Raises what a copy raises."""
        ...

    def copy_dead(self, spec: Replace) -> Sequence[DeadLetter]:
        """What the copy could not write."""
        ...
