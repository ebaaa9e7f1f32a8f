"""A prefix of an S3 bucket as a few calls on objects by name: read, write on a condition, list, delete.

S3 is strongly consistent: what was answered is seen by every read and list that begins afterwards (Amazon S3 User
Guide, "Amazon S3 data consistency model"). The bucket is never made.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from dynasmith.aws.s3.errors import s3_refused
from dynasmith.errors import UsageError
from dynasmith.ports.access import Access

AT_ONCE = 16
"""Objects that are read at once: half of a client's connections."""
DELETED_AT_ONCE = 1000
"""Keys of one DeleteObjects call (its maximum, Amazon S3 API Reference)."""
_SETTLE_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.4)
# Another write of the same key is under way: its outcome is not known yet, and ours is to be sent again ("How to
# prevent object overwrites with conditional writes", Amazon S3 User Guide).
_UNDER_WAY = ("ConditionalRequestConflict", "OperationAborted")
_T = TypeVar("_T")


class Object(NamedTuple):
    """An object as it was read. ``etag`` is the condition of replacing it."""

    content: bytes
    etag: str


class S3Objects:
    """The objects below ``s3://BUCKET/PREFIX``, by their names without the prefix.

    ``client`` is a botocore S3 client, safe to share by threads. Each call raises our errors: no such bucket, no right
    with its action, another Region.
    """

    def __init__(self, client: Any, place: str, *, access: Access | None = None) -> None:
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        if not place.startswith("s3://") or not bucket:
            raise UsageError(f"{place!r} names no bucket.", hint="write it like s3://bucket/prefix")
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._access = access or Access()

    def url(self, name: str = "") -> str:
        """Where an object is, or all of them, for a person."""
        return f"s3://{self._bucket}/{self._prefix}{name}".rstrip("/")

    def read(self, name: str) -> Object | None:
        """One GetObject; None where there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            return Object(found["Body"].read(), found["ETag"])
        except (ClientError, BotoCoreError) as error:
            if _code(error) == "NoSuchKey":
                return None
            raise self._refused(error, "GetObject") from error

    def read_all(self, names: Iterable[str]) -> list[bytes | None]:
        """Several objects, at most AT_ONCE on their way at a time."""
        wanted = list(names)
        if not wanted:
            return []
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="dynasmith-s3") as pool:
            return [None if found is None else found.content for found in pool.map(self.read, wanted)]

    def put(self, name: str, content: bytes) -> None:
        """One PutObject, whatever was there."""
        self._call("PutObject", partial(self._put, name, content))

    def create(self, name: str, content: bytes) -> str | None:
        """One PutObject where there is nothing yet: the ETag, or None where there is something."""
        return self._conditional(partial(self._put, name, content, IfNoneMatch="*"))

    def replace(self, name: str, content: bytes, etag: str) -> str | None:
        """One PutObject in place of what has that ETag: the new one, or None where it has not, or is gone."""
        return self._conditional(partial(self._put, name, content, IfMatch=etag))

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names below a prefix that ends with a slash; one ListObjectsV2 for a thousand.

        In order, but for directory buckets (S3 Express One Zone).
        """
        for page in self._pages(Prefix=self._prefix + prefix):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self._prefix)

    def folders(self) -> Iterator[str]:
        """What stands before the first slash of the names, each once."""
        for page in self._pages(Prefix=self._prefix, Delimiter="/"):
            for found in page.get("CommonPrefixes", ()):
                yield found["Prefix"].removeprefix(self._prefix).rstrip("/")

    def delete(self, names: Iterable[str]) -> None:
        """One DeleteObjects for a thousand; what is not there is deleted already."""
        left = iter(names)
        while some := list(islice(left, DELETED_AT_ONCE)):
            wanted = {"Objects": [{"Key": self._prefix + name} for name in some], "Quiet": True}
            answer = self._call(
                "DeleteObjects", partial(self._client.delete_objects, Bucket=self._bucket, Delete=wanted)
            )
            for failed in answer.get("Errors", ()):
                raise self._refused(ClientError({"Error": failed}, "DeleteObjects"), "DeleteObjects")

    def _put(self, name: str, content: bytes, **condition: str) -> str:
        put = self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, **condition)
        return str(put["ETag"])

    def _pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, **parameters))
        while (page := self._call("ListObjectsV2", partial(next, pages, None))) is not None:
            yield page

    def _conditional(self, put: Callable[[], str]) -> str | None:
        for pause in (*_SETTLE_SECONDS, None):
            try:
                return put()
            except (ClientError, BotoCoreError) as error:
                code = _code(error)
                if code in ("PreconditionFailed", "NoSuchKey"):
                    return None
                if code not in _UNDER_WAY or pause is None:
                    raise self._refused(error, "PutObject") from error
                time.sleep(pause)
        return None

    def _call(self, operation: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error, operation) from error

    def _refused(self, error: ClientError | BotoCoreError, operation: str) -> Exception:
        return s3_refused(error, operation, self._bucket, self._prefix, self._access)


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def several(objects: S3Objects, names: Sequence[str]) -> list[tuple[str, bytes]]:
    """Names with what is under them; one that went away meanwhile is left out."""
    found = zip(names, objects.read_all(names), strict=True)
    return [(name, content) for name, content in found if content is not None]
