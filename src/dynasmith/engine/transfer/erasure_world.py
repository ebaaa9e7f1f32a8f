"""What an erasure needs of the environment, and of the process that knows the value."""

from collections.abc import Mapping
from typing import Any, Protocol

from dynasmith.items.key import KeySchema
from dynasmith.jobs.erasure_recipe import ErasedTable, PersonQuery
from dynasmith.ports.clock import Clock
from dynasmith.ports.model_items import ModelItems


class ErasureWorld(Protocol):
    """One run of one erasure asks it."""

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        ...

    @property
    def items(self) -> ModelItems:
        """Calls on items."""
        ...

    def table(self, table: ErasedTable) -> tuple[str, KeySchema]:
        """The physical name of a table, and its key. Raises TableNotFound."""
        ...

    def rates(self, table: ErasedTable) -> tuple[float, float]:
        """How many units a second its reads and its deletions may use; infinite for no limit."""
        ...

    def query(self, table: ErasedTable) -> PersonQuery:
        """What is asked of the table for the value. Raises UsageError."""
        ...

    def hashed(self, table: str, key: Mapping[str, Any]) -> str:
        """A keyed hash of the key of an item, in 16 letters."""
        ...

    def hidden(self, text: str) -> str:
        """A text without the value."""
        ...

    def remains(self, table: ErasedTable) -> tuple[str, ...]:
        """What may still hold the person, a sentence each: backups, streams, exports, records of jobs."""
        ...
