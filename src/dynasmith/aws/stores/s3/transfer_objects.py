"""The objects of a bucket that the service exports to and imports from: listed, looked at, read, downloaded."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
from urllib3.exceptions import HTTPError

from dynasmith.aws.errors.s3 import s3_refused
from dynasmith.errors import AccessDenied, DynasmithError, RunError, ServiceError, ServiceUnavailable
from dynasmith.ports.access import ResolvedAccess
from dynasmith.ports.service_transfer import ObjectFacts

PIECE_BYTES: Final = 1024 * 1024
_AGAIN_SECONDS: Final = (0.05, 0.2, 0.5, 2.0)
"""How long a broken reply is waited out, each time."""
_ABSENT: Final = ("NoSuchKey", "404", "NotFound")
_T = TypeVar("_T")


class _BrokenReply(Exception):
    """A reply that S3 did not send like this, or that was cut."""


class AwsTransferObjects:
    """Keeps `dynasmith.ports.service_transfer.TransferObjects`. ``client`` is a botocore S3 client; ``owner`` is the
    account that must own the bucket, empty for any."""

    def __init__(self, client: Any, bucket: str, owner: str = "", *, access: ResolvedAccess | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._owner = {"ExpectedBucketOwner": owner} if owner else {}
        self._access = access or ResolvedAccess()

    def check_bucket(self) -> None:
        """One ListObjectsV2 of one key."""
        self._page(MaxKeys=1)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, in order."""
        for page in self._pages(Prefix=prefix):
            yield from (found["Key"] for found in page.get("Contents", ()))

    def children(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, each up to the next slash and with it, once."""
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            yield from (found["Key"] for found in page.get("Contents", ()))
            yield from (found["Prefix"] for found in page.get("CommonPrefixes", ()))

    def _pages(self, **parameters: str) -> Iterator[dict[str, Any]]:
        prefix, more = parameters["Prefix"], dict[str, str]()
        while True:
            page = self._page(**parameters, **more)
            yield page
            if not page["IsTruncated"]:
                return
            if page.get("NextContinuationToken") in (None, more.get("ContinuationToken")):
                raise self._broken("ListObjectsV2", prefix, "the list goes on, and does not say where")
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def read(self, key: str) -> bytes | None:
        """One GetObject, compared with its length."""

        def got() -> bytes | None:
            found = self._call("GetObject", key, lambda: self._client.get_object(**self._of(key)))
            if found is None:
                return None
            content: bytes = found["Body"].read()
            if len(content) != found.get("ContentLength", len(content)):
                raise _BrokenReply("it is cut")
            return content

        return self._again("GetObject", key, got)

    def facts(self, key: str) -> ObjectFacts | None:
        """One HeadObject."""
        found = self._again(
            "HeadObject", key, lambda: self._call("HeadObject", key, lambda: self._client.head_object(**self._of(key)))
        )
        if found is None:
            return None
        etag = str(found.get("ETag", "")).strip('"')
        encrypted = found.get("ServerSideEncryption") not in (None, "AES256")
        return ObjectFacts(int(found.get("ContentLength", 0)), etag, not encrypted and "-" not in etag)

    def download(self, key: str, path: Path) -> bytes:
        """One GetObject into a file of mode 0600; a reply that is cut is asked for again."""

        def got() -> bytes:
            found = self._call("GetObject", key, lambda: self._client.get_object(**self._of(key)))
            if found is None:
                raise RunError(
                    f"There is no object s3://{self._bucket}/{key}.", hint="an object of the export was removed"
                )
            return _written(found, path)

        return self._again("GetObject", key, got)

    def _of(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": key, **self._owner}

    def _page(self, **parameters: Any) -> dict[str, Any]:
        def listed() -> dict[str, Any]:
            asked = {"Bucket": self._bucket, **self._owner, **parameters}
            page = self._call("ListObjectsV2", "", lambda: self._client.list_objects_v2(**asked))
            if page is None or "IsTruncated" not in page or _count(page) != page.get("KeyCount", 0):
                raise _BrokenReply("the list is cut")
            return page

        return self._again("ListObjectsV2", "", listed)

    def _again(self, operation: str, key: str, call: Callable[[], _T]) -> _T:
        """Do it again a few times while the replies are broken."""
        for pause in (*_AGAIN_SECONDS, None):
            try:
                return call()
            except (_BrokenReply, HTTPError, FlexibleChecksumError) as error:
                if pause is None:
                    raise self._broken(operation, key, str(error)) from error
            except BotoCoreError as error:  # the body was cut
                if pause is None:
                    raise self._refused(error, operation) from error
            time.sleep(pause)
        raise AssertionError

    def _call(self, operation: str, key: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        """The reply; None where there is no object."""
        try:
            return call()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if key and code in _ABSENT:
                return None
            raise self._refused(error, operation) from error

    def _refused(self, error: ClientError | BotoCoreError, operation: str) -> DynasmithError:
        found = s3_refused(error, operation, self._bucket, "", self._access)
        if isinstance(found, ServiceError) and found.service_code == "NoSuchBucket":
            found.hint = "make the bucket, or name another one; dynasmith never makes a bucket"
        if isinstance(found, AccessDenied) and self._owner:
            owner = self._owner["ExpectedBucketOwner"]
            found.message = f"The bucket {self._bucket} is not one of account {owner}, or {found.message}"
        return found

    def _broken(self, operation: str, key: str, why: str) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"{operation} of s3://{self._bucket}/{key} got broken replies again and again: {why}.",
            hint="look for a proxy between this machine and S3, then run it again",
            operation=f"s3:{operation}",
        )


def _count(page: dict[str, Any]) -> int:
    return len(page.get("Contents", ())) + len(page.get("CommonPrefixes", ()))


def _written(found: dict[str, Any], path: Path) -> bytes:
    """The MD5 of an object's content, which is in the file then."""
    digest, count = hashlib.md5(usedforsecurity=False), 0
    path.touch(0o600)
    with closing(found["Body"]) as body, path.open("wb") as file:  # a full disk leaves the rest of it unread
        while piece := body.read(PIECE_BYTES):
            digest.update(piece)
            count += len(piece)
            file.write(piece)
    if count != found.get("ContentLength", count):
        raise _BrokenReply("it is cut")
    return digest.digest()
