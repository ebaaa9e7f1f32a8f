"""A prefix of an S3 bucket as a few calls on objects by name: read, write on a condition, list, delete.

S3 is strongly consistent: what was answered is seen by every read and list that begins afterwards (Amazon S3 User
Guide, "Amazon S3 data consistency model"). The bucket is never made. A reply that is cut, empty or not one of S3 is
asked for again a few times, then it is an error: what is missing in it is never taken for absent. No object is empty.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
from urllib3.exceptions import HTTPError

from dynasmith.aws.errors.codes import is_passing
from dynasmith.aws.errors.s3 import s3_refused
from dynasmith.errors import ServiceUnavailable, UsageError
from dynasmith.ports.access import ResolvedAccess

AT_ONCE = 16
"""Objects that are read at once: half of a client's connections."""
DELETED_AT_ONCE = 1000
"""Keys of one DeleteObjects call (its maximum, Amazon S3 API Reference)."""
_SETTLE_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.4)
# Another write of the same key is under way: its outcome is not known yet, and ours is to be sent again ("How to
# prevent object overwrites with conditional writes", Amazon S3 User Guide).
_UNDER_WAY = ("ConditionalRequestConflict", "OperationAborted")
_AGAIN_SECONDS = (0.05, 0.2, 0.5)
"""How long a broken reply is waited out, each time."""
_T = TypeVar("_T")


class _BrokenReply(Exception):
    """A reply of status 200 that S3 did not send like this; the text says what is wrong with it."""


class Object(NamedTuple):
    """An object as it was read. ``etag`` is the condition of replacing it."""

    content: bytes
    etag: str


class S3Objects:
    """The objects below ``s3://BUCKET/PREFIX``, by their names without the prefix.

    ``client`` is a botocore S3 client, safe to share by threads. Each call raises our errors: no such bucket, no right
    with its action, another Region.
    """

    def __init__(self, client: Any, place: str, *, access: ResolvedAccess | None = None) -> None:
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        if not place.startswith("s3://") or not bucket:
            raise UsageError(f"{place!r} names no bucket.", hint="write it like s3://bucket/prefix")
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._access = access or ResolvedAccess()
        self._etag_is_md5: bool | None = None  # not in directory buckets; None: not known yet

    def url(self, name: str = "") -> str:
        """Where an object is, or all of them, for a person."""
        return f"s3://{self._bucket}/{self._prefix}{name}".rstrip("/")

    def read(self, name: str) -> Object | None:
        """One GetObject; None where there is none."""
        return self._again("GetObject", name, partial(self._read, name))

    def read_all(self, names: Iterable[str]) -> list[bytes | None]:
        """Several objects, at most AT_ONCE on their way at a time."""
        wanted = list(names)
        if not wanted:
            return []
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="dynasmith-s3") as pool:
            return [None if found is None else found.content for found in pool.map(self.read, wanted)]

    def put(self, name: str, content: bytes) -> None:
        """One PutObject, whatever was there."""
        self._again("PutObject", name, lambda: self._call("PutObject", partial(self._put, name, content)))

    def create(self, name: str, content: bytes) -> str | None:
        """One PutObject where there is nothing yet: the ETag, or None where there is something.

        A write whose reply was lost is sent again, and then meets what it wrote: that is found by reading it.
        """
        return self._conditional(name, content, IfNoneMatch="*")

    def replace(self, name: str, content: bytes, etag: str) -> str | None:
        """One PutObject in place of what has that ETag: the new one, or None where it has not, or is gone."""
        return self._conditional(name, content, IfMatch=etag)

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names below a prefix that ends with a slash; one ListObjectsV2 for a thousand.

        In order, but for directory buckets (S3 Express One Zone).
        """
        for page in self._pages(Prefix=self._prefix + prefix):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self._prefix)

    def folders(self, prefix: str = "") -> Iterator[str]:
        """What stands before the first slash of the names below a prefix that ends with a slash, each once."""
        for page in self._pages(Prefix=self._prefix + prefix, Delimiter="/"):
            for found in page.get("CommonPrefixes", ()):
                yield found["Prefix"].removeprefix(self._prefix + prefix).rstrip("/")

    def delete(self, names: Iterable[str]) -> None:
        """One DeleteObjects for a thousand; what is not there is deleted already."""
        keys = (self._prefix + name for name in names)
        while some := list(islice(keys, DELETED_AT_ONCE)):
            self._again("DeleteObjects", "", partial(self._delete, set(some)))

    def _delete(self, left: set[str]) -> None:
        """Delete these keys, and take out of ``left`` what is deleted."""
        wanted = {"Objects": [{"Key": key} for key in sorted(left)]}
        answer = self._call("DeleteObjects", partial(self._client.delete_objects, Bucket=self._bucket, Delete=wanted))
        left.difference_update(found.get("Key", "") for found in answer.get("Deleted", ()))
        failed = [error for error in answer.get("Errors", ()) if error.get("Key") in left]
        for error in failed:
            if not is_passing(str(error.get("Code"))):  # another call may not meet it
                raise self._refused(ClientError({"Error": error}, "DeleteObjects"), "DeleteObjects")
        if left:
            codes = ", ".join(sorted({str(error.get("Code")) for error in failed})) or "it says nothing about them"
            raise _BrokenReply(f"{len(left):,} objects are not deleted ({codes})")

    def _read(self, name: str) -> Object | None:
        got = self._get(name)
        if got is None or self._is_md5(*got):
            return got and got[0]
        if self._etag_is_md5 is None and self._get(name) == got:
            self._etag_is_md5 = False  # twice the same
        if self._etag_is_md5 is not False:
            raise _BrokenReply("the object is not what its ETag says")
        return got[0]

    def _get(self, name: str) -> tuple[Object, bool] | None:
        """An object, and whether it is encrypted so that its ETag is not an MD5."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except FlexibleChecksumError as error:
            raise _BrokenReply("the object is not what its checksum says") from error
        except HTTPError as error:  # the body of a refusal was cut: botocore lets it through for a streamed operation
            raise _BrokenReply("it was cut") from error
        except (ClientError, BotoCoreError) as error:
            if _code(error) == "NoSuchKey":
                return None
            raise self._refused(error, "GetObject") from error
        try:
            content = found["Body"].read()
        except (BotoCoreError, HTTPError) as error:
            raise _BrokenReply("the object was cut") from error
        if not content or not found.get("ETag"):
            raise _BrokenReply("it is empty" if not content else "it has no ETag")
        return Object(content, found["ETag"]), _has_own_etag(found)

    def _put(self, name: str, content: bytes, **condition: str) -> str:
        put = self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, **condition)
        etag = str(put.get("ETag", ""))
        if not etag:
            raise _BrokenReply("it has no ETag")
        if not self._is_md5(Object(content, etag), _has_own_etag(put)):
            if self._etag_is_md5:
                raise _BrokenReply("its ETag is not that of what was sent")
            self._etag_is_md5 = False
        return etag

    def _is_md5(self, found: Object, own_etag: bool) -> bool:
        """Whether the ETag is the MD5 of the content, or cannot be; what is seen once holds for the bucket."""
        if own_etag:
            return True
        same = found.etag.strip('"') == hashlib.md5(found.content, usedforsecurity=False).hexdigest()
        if same:
            self._etag_is_md5 = True
        return same

    def _pages(self, **parameters: Any) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._again("ListObjectsV2", "", partial(self._page, {**parameters, **more}))
            yield page
            if not page["IsTruncated"]:
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        list_page = partial(self._client.list_objects_v2, Bucket=self._bucket, **parameters)
        page: dict[str, Any] = self._call("ListObjectsV2", list_page)
        count = len(page.get("Contents", ())) + len(page.get("CommonPrefixes", ()))
        if "IsTruncated" not in page or page.get("KeyCount", count) != count:
            raise _BrokenReply("the list is cut")
        if page["IsTruncated"] and page.get("NextContinuationToken") in (None, parameters.get("ContinuationToken")):
            raise _BrokenReply("the list goes on, and does not say where")
        return page

    def _conditional(self, name: str, content: bytes, **condition: str) -> str | None:
        sent_before = False
        for pause in (*_SETTLE_SECONDS, None):
            try:
                return self._put(name, content, **condition)
            except _BrokenReply as error:
                if pause is None:
                    raise self._broken("PutObject", name, error) from error
                sent_before = True
            except (ClientError, BotoCoreError) as error:
                code = _code(error)
                if code in ("PreconditionFailed", "NoSuchKey"):
                    found = self.read(name) if sent_before or _was_sent_again(error) else None
                    return found.etag if found is not None and found.content == content else None
                if code not in _UNDER_WAY or pause is None:
                    raise self._refused(error, "PutObject") from error
                sent_before = sent_before or _was_sent_again(error)
            time.sleep(pause)
        return None

    def _again(self, operation: str, name: str, call: Callable[[], _T]) -> _T:
        """Do it again a few times while the replies are broken."""
        for pause in (*_AGAIN_SECONDS, None):
            try:
                return call()
            except _BrokenReply as error:
                if pause is None:
                    raise self._broken(operation, name, error) from error
            time.sleep(pause)
        raise AssertionError

    def _broken(self, operation: str, name: str, error: _BrokenReply) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"{operation} of {self.url(name)} got broken replies again and again: {error}.",
            hint="look for a proxy between this machine and S3, then resume the job",
            operation=f"s3:{operation}",
        )

    def _call(self, operation: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            raise self._refused(error, operation) from error

    def _refused(self, error: ClientError | BotoCoreError, operation: str) -> Exception:
        return s3_refused(error, operation, self._bucket, self._prefix, self._access)


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _has_own_etag(reply: Mapping[str, Any]) -> bool:
    """Whether an object is encrypted with a key of KMS or of a customer ("Object", Amazon S3 API Reference: ETag)."""
    return reply.get("ServerSideEncryption") not in (None, "AES256") or "SSECustomerAlgorithm" in reply


def _was_sent_again(error: Exception) -> bool:
    """Whether botocore sent a request more than once before this answer."""
    return bool(getattr(error, "response", {}).get("ResponseMetadata", {}).get("RetryAttempts"))


def listed_content(objects: S3Objects, names: Callable[[], Sequence[str]]) -> list[tuple[str, bytes]]:
    """What ``names`` lists now, with what is under each.

    Where one is gone between the listing and its reading, all are listed and read again. Raises ServiceUnavailable
    where that does not end: an object that is listed and cannot be read is never taken for absent.
    """
    for pause in (*_AGAIN_SECONDS, None):
        listed = names()
        found = dict(zip(listed, objects.read_all(listed), strict=True))
        read = [(name, content) for name, content in found.items() if content is not None]
        if len(read) == len(listed):
            return read
        if pause is not None:
            time.sleep(pause)
    gone = next(name for name, content in found.items() if content is None)
    raise ServiceUnavailable(
        f"{objects.url(gone)} is listed and cannot be read, again and again.",
        hint="another process may be removing it, or the bucket is not strongly consistent; run it again",
        operation="s3:GetObject",
    )
