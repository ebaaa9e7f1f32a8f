"""Items of models, as the engine sees them: single calls, and pages."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from dynasmith.items.wire import RawItem


class ItemsPage(Struct, frozen=True, kw_only=True):
    """One page of a query or a scan: items as the bytes that came, and the key parsed.

    A page that is parsed at once costs three times as much as item after item (``bench/models.py``).
    """

    items: Sequence[RawItem]
    last_key: dict[str, Any] | None
    scanned: int
    units: float


class ModelItems(Protocol):
    """Sends requests on items. Requests and replies are DynamoDB JSON with binary as base64 text.

    Safe to use from several threads. Every error is a `dynasmith.errors.DynasmithError`; a ``ConditionFailed`` has the
    item as it was (``item``) where the request asked for it, and ``sent_again`` where the request was sent twice. The
    error of a cancelled transaction has ``cancelled``.
    """

    def call(self, operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One call. ``table`` is the one that errors name, and the one of each part that names none.

        BatchWriteItem takes ``RequestItems`` by table, and gives ``UnprocessedItems``. TransactGetItems gives
        ``Items``, None for each that is absent. What met another transaction, or was throttled, is sent again for
        about 20 s.
        """
        ...

    def page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        """One page of a Query or a Scan that selects items."""
        ...

    def query_all(
        self, table: str, requests: Sequence[Mapping[str, Any]], *, queries_at_once: int, items_max: int | None = None
    ) -> list[list[RawItem]]:
        """The items of several queries, in the order of ``requests``: all pages of each, or the first ``items_max``.

        At most ``queries_at_once`` are sent at a time. The first error, or an interrupt, ends all of them.
        """
        ...

    def read_keys(
        self, table: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool
    ) -> tuple[Sequence[RawItem], list[int]]:
        """The items of up to 100 distinct keys, in no order, and the places of the keys that were left unprocessed."""
        ...
