"""Replies of S3 that are lost, empty, cut or not S3's at all: asked for again, then an error, never absence."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ResponseStreamingError

from dynasmith.aws.stores.s3 import objects as module
from dynasmith.aws.stores.s3.objects import S3Objects, listed_content
from dynasmith.errors import AccessDenied, ServiceUnavailable
from flow.buckets import a_bucket

BUCKET = "dynasmith-replies"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def _unchanged(reply: dict[str, Any]) -> dict[str, Any]:
    return reply


class Replies:
    """A client whose replies to one operation are changed, so often; all else is the engine's."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._change: Change = _unchanged
        self._operation, self.left = "", 0

    @contextmanager
    def changed(self, operation: str, change: Change, times: int = 1) -> Iterator[None]:
        self._operation, self._change, self.left = operation, change, times
        yield
        self.left = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation:
            return real

        def call(**parameters: Any) -> Any:
            reply = real(**parameters)
            self.left -= 1
            return self._change(reply) if self.left >= 0 else reply

        return call


class Cut:
    """A body whose connection ends before its end."""

    def read(self) -> bytes:
        raise ResponseStreamingError(error="the connection ended")


@pytest.fixture
def replies(ministack_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replies]:
    monkeypatch.setattr(module, "_AGAIN_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(module, "_SETTLE_SECONDS", (0.0, 0.0))
    with a_bucket(ministack_endpoint, BUCKET) as client:
        yield Replies(client)


@pytest.fixture
def objects(replies: Replies) -> S3Objects:
    return S3Objects(replies, f"s3://{BUCKET}/some")


def body(content: bytes) -> Change:
    return lambda reply: {**reply, "Body": io.BytesIO(content)}


GETS = {
    "empty": body(b""),
    "cut": lambda reply: {**reply, "Body": Cut()},
    "cut to a whole reply": body(b"conten"),
    "another": body(b"<html>hello</html>"),
    "no ETag": lambda reply: {"Body": reply["Body"]},
}


@pytest.mark.parametrize("known", [False, True], ids=["first", "after a write"])
@pytest.mark.parametrize("change", GETS.values(), ids=GETS.keys())
def test_a_broken_body_is_read_again_and_never_believed(
    objects: S3Objects, replies: Replies, change: Change, known: bool
) -> None:
    objects.put("a", b"content")
    fresh = objects if known else S3Objects(replies, f"s3://{BUCKET}/some")
    with replies.changed("get_object", change):
        found = fresh.read("a")
    assert found is not None
    assert found.content == b"content"
    with (
        replies.changed("get_object", change, times=1_000),
        pytest.raises(ServiceUnavailable, match="s3://dynasmith-replies/some/a got broken replies") as caught,
    ):
        objects.read("a")
    assert "then resume the job" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [lambda reply: {**reply, "ETag": '"of-its-own"'}, lambda reply: {**reply, "ServerSideEncryption": "aws:kms"}],
    ids=["directory bucket", "KMS"],
)
def test_where_etags_are_not_md5_nothing_is_held_against_them(
    objects: S3Objects, replies: Replies, change: Change
) -> None:
    objects.put("a", b"content")
    fresh = S3Objects(replies, f"s3://{BUCKET}/some")
    with replies.changed("get_object", change, times=1_000):
        for _ in range(2):
            found = fresh.read("a")
            assert found is not None
            assert found.content == b"content"


def test_an_encrypted_object_after_others_is_no_damage(objects: S3Objects, replies: Replies) -> None:
    objects.put("a", b"content")

    def encrypted(reply: dict[str, Any]) -> dict[str, Any]:
        return {**reply, "ServerSideEncryption": "aws:kms", "ETag": f'"{"0" * 32}"'}

    with replies.changed("put_object", encrypted, times=1_000):
        assert objects.create("b", b"other")


def test_a_write_that_was_answered_by_nothing_is_sent_again_and_found(objects: S3Objects, replies: Replies) -> None:
    with replies.changed("put_object", lambda _: {}):
        assert objects.create("a", b"one")
    with replies.changed("put_object", lambda _: {}):
        objects.put("b", b"one")
    first = objects.read("a")
    assert first is not None
    with replies.changed("put_object", lambda _: {}):
        second = objects.replace("a", b"two", first.etag)
    assert objects.read("a") == (b"two", second)
    assert objects.create("a", b"two") is None  # not sent before: it is another's, whatever it holds
    with replies.changed("put_object", lambda _: {}, times=1_000):
        assert objects.replace("a", b"three", str(second))  # it is there, so it was written
        with pytest.raises(ServiceUnavailable, match="PutObject of"):
            objects.put("c", b"x")


LISTS: dict[str, Change] = {
    "nothing": lambda _: {},
    "cut": lambda page: {**page, "Contents": page["Contents"][:1]},
    "no token": lambda page: {**page, "IsTruncated": True},
    "no contents": lambda page: {name: value for name, value in page.items() if name != "Contents"},
}


@pytest.mark.parametrize("change", LISTS.values(), ids=LISTS.keys())
def test_a_list_that_is_cut_is_asked_for_again(objects: S3Objects, replies: Replies, change: Change) -> None:
    for name in ("a/1", "a/2", "a/3"):
        objects.put(name, b"content")
    with replies.changed("list_objects_v2", change):
        assert list(objects.names("a/")) == ["a/1", "a/2", "a/3"]
    with replies.changed("list_objects_v2", change, times=1_000), pytest.raises(ServiceUnavailable, match="the list"):
        list(objects.names("a/"))


def test_a_list_that_does_not_move_on_ends(objects: S3Objects, replies: Replies) -> None:
    objects.put("a/1", b"content")

    def same(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "IsTruncated": True, "NextContinuationToken": "here"}

    with replies.changed("list_objects_v2", same, times=1_000), pytest.raises(ServiceUnavailable, match="the list"):
        list(objects.names("a/"))


def failed(code: str) -> Change:
    return lambda _: {"Errors": [{"Key": "some/a", "Code": code, "Message": "m"}]}


@pytest.mark.parametrize("change", [lambda _: {}, failed("InternalError"), failed("SlowDown")])
def test_what_is_not_said_to_be_deleted_is_deleted_again(objects: S3Objects, replies: Replies, change: Change) -> None:
    objects.put("a", b"content")
    with replies.changed("delete_objects", change):
        objects.delete(["a", "never was"])
    assert list(objects.names()) == []
    with replies.changed("delete_objects", change, times=1_000), pytest.raises(ServiceUnavailable, match="not deleted"):
        objects.delete(["a"])


def test_what_may_not_be_deleted_is_said_at_once(objects: S3Objects, replies: Replies) -> None:
    with (
        replies.changed("delete_objects", failed("AccessDenied")),
        pytest.raises(AccessDenied, match="s3:DeleteObject"),
    ):
        objects.delete(["a"])


def test_an_object_that_is_listed_and_cannot_be_read_is_never_left_out(objects: S3Objects) -> None:
    for name in ("a", "b"):
        objects.put(f"jobs/{name}", name.encode())
    listings = [["jobs/a", "jobs/gone", "jobs/b"], ["jobs/a", "jobs/b"]]
    assert listed_content(objects, lambda: listings.pop(0)) == [("jobs/a", b"a"), ("jobs/b", b"b")]
    with pytest.raises(ServiceUnavailable, match="s3://dynasmith-replies/some/jobs/gone is listed and cannot be read"):
        listed_content(objects, lambda: ["jobs/a", "jobs/gone"])
