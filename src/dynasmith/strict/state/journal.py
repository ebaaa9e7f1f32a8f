"""Every call that came in, in order, so that a test can assert what happened and what did not."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, overload

import msgspec

# The journal keeps the bodies of the newest calls up to this many bytes; older calls lose their ``request`` only.
BODY_BYTES_MAX = 64 * 1024 * 1024
CALLS_MAX = 200_000

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
# PartiQL may be either; a journal that must prove that nothing was written counts it as a write unless it selects.
STATEMENTS = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
CONTROL_READS = ("Describe", "List", "Get")


@dataclass(slots=True, eq=False)
class Call:
    """One call. ``at`` is the endpoint's clock; ``units`` what it consumed over table and indexes, None when unknown.

    ``table`` is the first table that the call names ("" for none); ``items`` how many items it wrote, or a read
    returned. ``error`` is the service's code, "" for none; a reset or cut answer has status 0 and says so there.
    """

    operation: str
    table: str
    status: int
    units: float | None
    at: float
    items: int = 0
    error: str = ""
    service: str = "dynamodb"
    tables: tuple[str, ...] = ()
    body: bytes | None = None

    @property
    def request(self) -> Mapping[str, Any]:
        """The request as JSON; empty for other protocols, and for calls so old that the journal let the body go."""
        if not self.body:
            return {}
        try:
            value = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def writes_items(self) -> bool:
        """Whether the call could have changed items (and was not refused)."""
        if self.operation in WRITES:
            return True
        if self.operation not in STATEMENTS:
            return False
        request = self.request
        several = request.get("Statements") or request.get("TransactStatements") or [request]
        return any(
            not str(one.get("Statement", "")).lstrip().upper().startswith(("SELECT", "EXISTS")) for one in several
        )

    @property
    def changes_tables(self) -> bool:
        """Whether the call is one of the control plane that changes something."""
        data = self.operation in READS or self.operation in WRITES or self.operation in STATEMENTS
        return not data and not self.operation.startswith(CONTROL_READS)


class Journal:
    """The calls, oldest first; iterate, index, ``len``; ``of("PutItem", table="t")`` picks. Thread-safe."""

    def __init__(self, body_bytes_max: int = BODY_BYTES_MAX, calls_max: int = CALLS_MAX) -> None:
        self._calls: deque[Call] = deque(maxlen=calls_max)
        self._with_body: deque[Call] = deque()
        self._body_bytes = 0
        self._body_bytes_max = body_bytes_max
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Write a call down."""
        with self._lock:
            self._calls.append(call)
            if call.body:
                self._with_body.append(call)
                self._body_bytes += len(call.body)
                while self._body_bytes > self._body_bytes_max:
                    oldest = self._with_body.popleft()
                    self._body_bytes -= len(oldest.body or b"")
                    oldest.body = None

    def clear(self) -> None:
        """Forget every call so far."""
        with self._lock:
            self._calls.clear()
            self._with_body.clear()
            self._body_bytes = 0

    def of(self, *operations: str, table: str | None = None, error: str | None = None) -> list[Call]:
        """The calls of these operations (all when none is named), of this table, with this error code ("" = none)."""
        return [
            call
            for call in self
            if (not operations or call.operation in operations)
            and (table is None or table == call.table or table in call.tables)
            and (error is None or call.error == error)
        ]

    @property
    def writes(self) -> list[Call]:
        """The calls that changed items: accepted ones that write."""
        return [call for call in self if call.writes_items and not call.error]

    @property
    def changes(self) -> list[Call]:
        """The calls that changed tables: accepted ones of the control plane."""
        return [call for call in self if call.service == "dynamodb" and call.changes_tables and not call.error]

    @property
    def refused(self) -> list[Call]:
        """The calls that were answered with an error."""
        return [call for call in self if call.error]

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        with self._lock:
            return list(self._calls)[index] if isinstance(index, slice) else self._calls[index]
