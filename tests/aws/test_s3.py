"""S3 as jobs use it: where its calls go, what is refused and how it is said, on both engines that have it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dynasmith.aws.control.session import Session
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.errors import AccessDenied, NoCredentials, NotOffered, ServiceError, UsageError
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from flow.buckets import a_bucket, keys_of


def session_at(endpoint: str, **more: str) -> Session:
    options = AccessOptions(endpoint=endpoint, region="eu-west-1", **more)
    return Session(resolve_access(options, {}, AccessSection(name="test")))


def objects_at(endpoint: str, place: str = "s3://dynasmith-test/some/place", **more: str) -> S3Objects:
    session = session_at(endpoint, **more)
    return S3Objects(session.client("s3"), place, access=session.access)


@pytest.fixture(params=["ministack", "moto"])
def bucket(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    """An endpoint with the bucket ``dynasmith-test``, and a client of it that owes nothing to dynasmith."""
    endpoint = request.getfixturevalue(f"{request.param}_endpoint")
    with a_bucket(endpoint, "dynasmith-test", "dynasmith") as client:
        yield endpoint, client


def test_objects_are_written_on_conditions_listed_and_deleted(bucket: tuple[str, Any]) -> None:
    endpoint, client = bucket
    objects = objects_at(endpoint)
    first = objects.create("a/1", b"one")
    assert first
    assert objects.create("a/1", b"two") is None
    second = objects.replace("a/1", b"two", first)
    assert second
    assert objects.replace("a/1", b"three", first) is None
    assert objects.replace("a/none", b"three", first) is None
    assert objects.read("a/1") == (b"two", second)
    assert objects.read("a/none") is None
    for number in range(3):
        objects.put(f"b/ü #{number}", b"%d" % number)
    assert keys_of(client, "dynasmith-test")[1] == "some/place/b/ü #0"
    assert list(objects.names("b/")) == ["b/ü #0", "b/ü #1", "b/ü #2"]
    assert list(objects.folders()) == ["a", "b"]
    assert objects.read_all(["b/ü #2", "none", "a/1"]) == [b"2", None, b"two"]
    objects.delete(["a/1", "b/ü #1", "never was"])
    assert list(objects.names()) == ["b/ü #0", "b/ü #2"]


def test_more_than_a_page_of_objects(ministack_endpoint: str) -> None:
    with a_bucket(ministack_endpoint, "dynasmith-many", "dynasmith"), ThreadPoolExecutor(8) as pool:
        objects = objects_at(ministack_endpoint, "s3://dynasmith-many")
        names = [f"{number:05d}" for number in range(1005)]
        list(pool.map(lambda name: objects.put(name, b""), names))
        assert list(objects.names()) == names
        objects.delete(names)
        assert list(objects.names()) == []


def test_no_bucket_is_said_and_none_is_made(bucket: tuple[str, Any]) -> None:
    endpoint, client = bucket
    objects = objects_at(endpoint, "s3://dynasmith-nowhere")
    calls = (
        lambda: objects.put("a", b""),
        lambda: objects.create("a", b""),
        lambda: objects.read("a"),
        lambda: list(objects.names()),
        lambda: objects.delete(["a"]),
    )
    for call in calls:
        with pytest.raises(ServiceError, match=r"^Bucket dynasmith-nowhere does not exist\.$") as caught:
            call()
        assert f"aws s3 mb s3://dynasmith-nowhere --endpoint-url {endpoint} makes it" in caught.value.hint
    assert "dynasmith-nowhere" not in [found["Name"] for found in client.list_buckets()["Buckets"]]


def test_a_right_that_is_missing_is_named(ministack_endpoint: str) -> None:
    with a_bucket(ministack_endpoint, "dynasmith-theirs", "300000000017"):
        objects = objects_at(
            ministack_endpoint, "s3://dynasmith-theirs/jobs", access_key="300000000018", secret_key="x"
        )
        arn = "arn:aws:s3:::dynasmith-theirs"
        for call, action, resource in (
            (lambda: objects.put("a", b""), "s3:PutObject", f"{arn}/jobs/*"),
            (lambda: objects.read("a"), "s3:GetObject", f"{arn}/jobs/*"),
            (lambda: list(objects.names()), "s3:ListBucket", arn),
            (lambda: objects.delete(["a"]), "s3:DeleteObject", f"{arn}/jobs/*"),
        ):
            with pytest.raises(AccessDenied) as caught:
                call()
            assert caught.value.action == action
            assert caught.value.statement == {"Effect": "Allow", "Action": action, "Resource": resource}
            assert caught.value.message.startswith(f"{action} on s3://dynasmith-theirs/jobs/ is not allowed")


@pytest.mark.parametrize("place", ["s3://", "s3:///prefix", "bucket/prefix"])
def test_a_place_without_a_bucket_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="names no bucket"):
        S3Objects(None, place)


def test_a_bucket_is_in_the_path_also_for_a_name_of_this_machine(ministack_endpoint: str) -> None:
    endpoint = ministack_endpoint.replace("127.0.0.1", "localhost")
    with a_bucket(ministack_endpoint, "dynasmith-test", "dynasmith") as client:
        objects_at(endpoint).put("a", b"here")
        assert keys_of(client, "dynasmith-test") == ["some/place/a"]


def test_an_environment_of_endpoints_sends_s3_where_it_says(ministack_endpoint: str, moto_endpoint: str) -> None:
    section = AccessSection(name="test", endpoint=moto_endpoint, endpoints={"s3": ministack_endpoint})
    session = Session(resolve_access(AccessOptions(), {}, section))
    assert session.endpoint_url("s3") == ministack_endpoint
    only = AccessSection(name="test", endpoints={"dynamodb": ministack_endpoint})
    with pytest.raises(NotOffered, match="no endpoint for s3"):
        Session(resolve_access(AccessOptions(), {}, only)).client("s3")


@contextmanager
def answering(status: int, body: str, headers: dict[str, str], *, then_done: int = -1) -> Iterator[str]:
    """A server that answers every request alike, or only the first ``then_done``, and those after them with 200."""
    left = [then_done]

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            left[0] -= 1
            said = body if then_done < 0 or left[0] >= 0 else ""
            self.send_response(status if said else 200)
            for name, value in {**headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.encode())

        def do_GET(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def do_HEAD(self) -> None:
            self.answer()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (301, "PermanentRedirect", {"x-amz-bucket-region": "us-west-2"}),
        (400, "AuthorizationHeaderMalformed", {"x-amz-bucket-region": "us-west-2"}),
    ],
)
def test_a_bucket_of_another_region_is_said(status: int, code: str, headers: dict[str, str]) -> None:
    body = f"<Error><Code>{code}</Code><Message>elsewhere</Message><Region>us-west-2</Region></Error>"
    with answering(status, body, headers) as endpoint, pytest.raises(ServiceError) as caught:
        objects_at(endpoint).put("a", b"")
    assert caught.value.message == "The bucket dynasmith-test is in us-west-2, and this environment calls eu-west-1."
    assert "Region" in caught.value.hint


def test_keys_that_s3_does_not_know_are_said() -> None:
    body = "<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>"
    with answering(403, body, {}) as endpoint, pytest.raises(NoCredentials, match="InvalidAccessKeyId"):
        objects_at(endpoint).read("a")


def test_the_message_of_a_denied_call_names_the_action_that_is_missing() -> None:
    message = "User: me is not authorized to perform: s3:ListBucket on resource: arn"
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    with answering(403, body, {}) as endpoint, pytest.raises(AccessDenied) as caught:
        objects_at(endpoint).read("a")  # of an object that is not there
    assert caught.value.action == "s3:ListBucket"


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "OperationAborted"])
def test_a_write_that_meets_another_one_is_sent_again(code: str) -> None:
    """The service answers 409 while the outcome of another write of the key is not known; no engine does."""
    body = f"<Error><Code>{code}</Code><Message>under way</Message></Error>"
    with answering(409, body, {"ETag": '"e1"'}, then_done=2) as endpoint:
        assert objects_at(endpoint).create("a", b"") == '"e1"'
    with answering(409, body, {}) as endpoint, pytest.raises(ServiceError, match=code):
        objects_at(endpoint).replace("a", b"", '"e1"')
