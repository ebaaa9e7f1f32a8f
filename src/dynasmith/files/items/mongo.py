"""MongoDB as a source: a collection read in pages by ``_id``, and the files that ``mongoexport`` writes."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from dynasmith.errors import CheckpointError, ItemInvalid, NotOffered, RunError, Unreachable
from dynasmith.files.items.foreign import Renaming, value_of
from dynasmith.items.key import KeySchema, check_key
from dynasmith.items.size import check_item
from dynasmith.items.wire import encode_item
from dynasmith.ports.items import Dead, Heard, Item, OpenSource, Page, Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONNECT_MS = 5000


def from_extended(value: Any) -> Any:
    """A value of MongoDB's Extended JSON (canonical, relaxed or as ``mongoexport`` writes it), as plain Python.

    Source: MongoDB manual, "MongoDB Extended JSON (v2)".
    """
    if isinstance(value, list):
        return [from_extended(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) <= 2 and any(name.startswith("$") for name in value):
        return _typed(value)
    return {name: from_extended(inner) for name, inner in value.items()}


def _typed(value: Mapping[str, Any]) -> Any:
    match value:
        case {"$oid": str(text)} | {"$uuid": str(text)} | {"$symbol": str(text)} | {"$code": str(text)}:
            return text
        case {"$date": {"$numberLong": str(text)}}:
            return EPOCH + timedelta(milliseconds=int(text))
        case {"$date": int(number)}:
            return EPOCH + timedelta(milliseconds=number)
        case {"$date": str(text)}:
            return datetime.fromisoformat(text)
        case {"$numberInt": str(text)} | {"$numberLong": str(text)}:
            return int(text)
        case {"$numberDecimal": str(text)} | {"$numberDouble": str(text)}:
            return Decimal(text)
        case {"$binary": {"base64": str(text)}} | {"$binary": str(text)}:
            return base64.b64decode(text)
        case {"$timestamp": {"t": int(seconds)}}:
            return EPOCH + timedelta(seconds=seconds)
        case {"$undefined": True}:
            return None
        case {"$regularExpression": {"pattern": str(text)}} | {"$regex": str(text)}:
            return text
    raise ItemInvalid(f"{', '.join(value)} is a type of MongoDB that has no form in DynamoDB.")


_SURE_FORMS: Final = frozenset(
    map(frozenset, (["$oid"], ["$uuid"], ["$date"], ["$numberInt"], ["$numberLong"], ["$numberDouble"],
                    ["$numberDecimal"], ["$binary"], ["$binary", "$type"], ["$timestamp"]))
)  # fmt: skip
_OTHER_FORMS: Final = frozenset(
    map(frozenset, (["$symbol"], ["$code"], ["$code", "$scope"], ["$undefined"], ["$regularExpression"], ["$regex"],
                    ["$regex", "$options"], ["$minKey"], ["$maxKey"], ["$dbPointer"], ["$ref", "$id"],
                    ["$ref", "$id", "$db"]))
)  # fmt: skip
"""Forms of Extended JSON that other documents have too (a regular expression, a reference): they decide nothing."""


def extended_names(document: Any) -> tuple[set[str], set[str]]:
    """The names that begin with ``$`` in the values of a parsed document: those of MongoDB's types, and others.

    A document with one of the first is what MongoDB wrote; one with one of the others only is not.
    """
    sure: set[str] = set()
    other: set[str] = set()
    waiting = list(document.values()) if isinstance(document, dict) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if any(name.startswith("$") for name in one):
                names = frozenset(one)
                if names in _SURE_FORMS:
                    sure |= names
                elif names not in _OTHER_FORMS:
                    other |= {name for name in one if name.startswith("$")}
            waiting += one.values()
    return sure, other


_document = msgspec.json.Decoder(float_hook=Decimal).decode


def read_extended(piece: bytes, renaming: Renaming) -> bytes:
    """One document of a ``mongoexport`` file as an item on the wire. Raises ItemInvalid."""
    try:
        document = _document(piece)
        if not isinstance(document, dict):
            raise ItemInvalid("This is JSON, but not a document.")
        return item_from({name: from_extended(value) for name, value in document.items()}, renaming)
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        raise ItemInvalid(f"This is not a document of MongoDB ({error}).") from error


def item_from(document: Mapping[str, Any], renaming: Renaming) -> bytes:
    """A document as an item on the wire, checked. Raises ItemInvalid."""
    wire = encode_item(renaming({name: value_of(value) for name, value in document.items()}))
    check_item(wire)
    return wire


class MongoSource:
    """One segment over a collection, in the order of ``_id``. A start is the ``_id`` of the last document before it."""

    def __init__(self, url: str, collection: str, key: KeySchema, renaming: Renaming, *, page_items: int = 500) -> None:
        try:
            import bson.json_util
            import pymongo
        except ImportError as error:
            raise NotOffered(
                "MongoDB is read with pymongo, which is not installed here.", hint='pip install "dynasmith[mongo]"'
            ) from error
        self._json = bson.json_util
        self._errors = pymongo.errors.PyMongoError
        wait: dict[str, Any] = {} if "serverSelectionTimeoutMS" in url else {"serverSelectionTimeoutMS": CONNECT_MS}
        self._client: Any = pymongo.MongoClient(url, tz_aware=True, **wait)
        self._collection = self._client.get_default_database()[collection]
        self._key = key
        self._renaming = renaming
        self._page_items = page_items

    @property
    def segments(self) -> int:
        """One."""
        return 1

    async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
        """The next documents, read in a thread."""
        return await asyncio.to_thread(self._read, start)

    def _read(self, start: bytes | None) -> Page:
        try:
            after = {} if start is None else {"_id": {"$gt": self._json.loads(start)["_id"]}}
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"A checkpoint of MongoDB is damaged: {error}.", hint="start a new job") from error
        try:
            documents = list(self._collection.find(after).sort("_id", 1).limit(self._page_items))
        except self._errors as error:
            raise Unreachable(
                f"MongoDB did not answer: {error}", hint="check the URL; the job can be resumed"
            ) from error
        items: list[Item] = []
        places: list[Place] = []
        dead: list[Dead] = []
        for document in documents:
            # Extended JSON is one way for every type of theirs, so a collection and its export give equal items.
            at = f"_id {document['_id']}"
            text = self._json.dumps(document, json_options=self._json.CANONICAL_JSON_OPTIONS).encode()
            try:
                item = read_extended(text, self._renaming)
                check_key(item, self._key)
                items.append(item)
                places.append(at)
            except ItemInvalid as error:
                dead.append(Dead(code="rejected", reason=error.message, item=text, place=at))
        following = None
        if len(documents) == self._page_items:
            following = self._json.dumps({"_id": documents[-1]["_id"]}).encode()
        return Page(items=items, next=following, read=len(documents), dead=tuple(dead), places=places)

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.to_thread(self._client.close)


def mongo_source(url: str, collection: str, key: KeySchema, renaming: Renaming, *, page_items: int = 500) -> OpenSource:
    """Opens a MongoSource. Raises NotOffered without pymongo, RunError where the URL is none."""

    async def opened(_heard: Heard) -> MongoSource:
        try:
            return MongoSource(url, collection, key, renaming, page_items=page_items)
        except NotOffered:
            raise
        except Exception as error:  # what pymongo raises for a URL that is none has no common base
            raise RunError(f"MongoDB cannot be opened: {error}", hint="mongodb://HOST/DATABASE") from error

    return opened
