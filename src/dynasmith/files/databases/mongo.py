"""MongoDB as a source: a collection read in pages by ``_id``, through pymongo.

A filter of MongoDB compares values of one type only, so that ``{_id: {$gt: 5}}`` finds no text; an expression compares
all, in the order of the sort. Source: MongoDB manual, "Comparison/Sort Order", "$expr".
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from dynasmith.errors import CheckpointError, ItemInvalid, NotOffered, RunError, Unreachable
from dynasmith.files.databases.url import UrlMask
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.mongo import read_extended
from dynasmith.items.key import KeySchema, check_key
from dynasmith.ports.concurrency import ThreadCalls
from dynasmith.ports.items import DeadLetter, Item, OpenSource, Page, Place, ThrottleListener

CONNECT_MS: Final = 5000
PAGE_BYTES: Final = 16 * 1024 * 1024
"""A page ends after so many bytes, however few documents they are: one may have 16 MB."""
_MARK: Final = b"bson1:"
_DETAILS: Final = " (configured timeouts"
"""Where a message of pymongo turns into a list of its settings and of the servers that it knows."""


class MongoSource:
    """One segment over a collection, in the order of ``_id``. A start is the ``_id`` of the last document before it.

    A page begins at that ``_id``: a second document that has it, as a view may give, ends the job with a sentence.
    """

    def __init__(
        self, url: str, collection: str, key: KeySchema, renaming: FieldTemplates, *, page_items: int = 500
    ) -> None:
        try:
            import bson.json_util
            import bson.raw_bson
            import pymongo
        except ImportError as error:
            raise NotOffered(
                "MongoDB is read with pymongo, which is not installed here.", hint='pip install "dynasmith[mongo]"'
            ) from error
        self._bson: Any = bson
        self._errors = pymongo.errors.PyMongoError
        self._masked = UrlMask(url)
        wait: dict[str, Any] = {} if "serverSelectionTimeoutMS" in url else {"serverSelectionTimeoutMS": CONNECT_MS}
        self._client: Any = pymongo.MongoClient(url, **wait)
        # Documents come as bytes, so that one that cannot be decoded does not take its page with it.
        raw = bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
        self._collection = self._client.get_default_database().get_collection(collection, codec_options=raw)
        self._exact: Any = bson.codec_options.CodecOptions(
            tz_aware=True, datetime_conversion=bson.codec_options.DatetimeConversion.DATETIME_MS
        )
        self._lenient = self._exact.with_options(unicode_decode_error_handler="backslashreplace")
        self._key, self._renaming = key, renaming
        self._page_items = page_items
        self._threads = ThreadCalls()

    @property
    def segments(self) -> int:
        """One."""
        return 1

    async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
        """The next documents, read in a thread."""
        return await self._threads.run(self._read, start)

    async def close(self) -> None:
        """Close the connection, after the page that is still being read."""
        await self._threads.ended()
        await asyncio.to_thread(self._client.close)

    def _read(self, start: bytes | None) -> Page:
        after = None if start is None else self._id_of(start)
        documents, more = self._find(after)
        ids = [self._bson.encode({"_id": self._lenient_document(raw)["_id"]}) for raw in documents]
        following = _MARK + ids[-1] if more else None
        if after is not None and start is not None:
            own = start.removeprefix(_MARK)
            if ids.count(own) > 1:
                raise RunError(
                    f"Two documents have one _id ({after['_id']}), so a page cannot begin after one of them.",
                    hint="export the collection with mongoexport, and populate from the file",
                )
            documents = [raw for raw, id_ in zip(documents, ids, strict=True) if id_ != own]
        return self._page(documents, following)

    def _find(self, after: dict[str, Any] | None) -> tuple[list[bytes], bool]:
        """The documents from an ``_id`` on, that one among them, and whether there may be more."""
        limit = self._page_items if after is None else self._page_items + 1
        where = {} if after is None else {"$expr": {"$gte": ["$_id", {"$literal": after["_id"]}]}}
        found: list[bytes] = []
        size = 0
        try:
            with self._collection.find(where).sort("_id", 1).limit(limit) as cursor:
                for document in cursor:
                    found.append(document.raw)
                    size += len(document.raw)
                    if size > PAGE_BYTES and len(found) > 1:  # one of them is new at least
                        return found, True
        except self._errors as error:
            raise Unreachable(
                f"MongoDB did not answer: {self._masked(error).partition(_DETAILS)[0].rstrip('.')}.",
                hint="check the URL; the job can be resumed",
            ) from error
        return found, len(found) == limit

    def _page(self, documents: Sequence[bytes], following: bytes | None) -> Page:
        items: list[Item] = []
        places: list[Place] = []
        dead: list[DeadLetter] = []
        for raw in documents:
            place = f"_id {self._shown_id(raw)}"
            try:
                # Extended JSON is one way for every type of MongoDB, so a collection and its export give equal items.
                item = read_extended(self._text(self._bson.decode(raw, self._exact)), self._renaming)
                check_key(item, self._key)
                items.append(item)
                places.append(place)
            except (ItemInvalid, self._bson.errors.BSONError, UnicodeError) as error:
                reason = error.message if isinstance(error, ItemInvalid) else f"This document is not valid: {error}."
                shown = self._text(self._lenient_document(raw))
                dead.append(DeadLetter(code="rejected", reason=reason, item=shown, place=place))
        return Page(items=items, next=following, read=len(documents), dead=tuple(dead), places=places)

    def _lenient_document(self, raw: bytes) -> dict[str, Any]:
        document: dict[str, Any] = self._bson.decode(raw, self._lenient)
        if "_id" not in document:
            raise RunError("A document of the collection has no _id.", hint="a view must keep it")
        return document

    def _shown_id(self, raw: bytes) -> str:
        value = self._lenient_document(raw)["_id"]
        as_datetime = getattr(value, "as_datetime", None)
        if as_datetime is not None:
            with suppress(ValueError, OverflowError, self._bson.errors.BSONError):
                value = as_datetime()
        return str(value)

    def _text(self, document: dict[str, Any]) -> bytes:
        util = self._bson.json_util
        return str(util.dumps(document, json_options=util.CANONICAL_JSON_OPTIONS)).encode()

    def _id_of(self, start: bytes) -> dict[str, Any]:
        try:
            if not start.startswith(_MARK):
                raise ValueError("it is of another version")
            document: dict[str, Any] = self._bson.decode(start.removeprefix(_MARK), self._exact)
            document["_id"]  # the only thing that it holds
        except (self._bson.errors.BSONError, ValueError, KeyError) as error:
            raise CheckpointError(f"A checkpoint of MongoDB is damaged: {error}.", hint="start a new job") from error
        return document


def mongo_source(
    url: str, collection: str, key: KeySchema, renaming: FieldTemplates, *, page_items: int = 500
) -> OpenSource:
    """Opens a MongoSource. Raises NotOffered without pymongo, RunError where the URL is not valid."""

    async def opened(_heard: ThrottleListener) -> MongoSource:
        try:
            return MongoSource(url, collection, key, renaming, page_items=page_items)
        except NotOffered:
            raise
        except Exception as error:  # what pymongo raises for an invalid URL has no common base
            raise RunError(
                f"MongoDB cannot be opened: {UrlMask(url)(error)}", hint="mongodb://HOST/DATABASE"
            ) from error

    return opened
