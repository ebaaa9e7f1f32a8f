"""Who may ask: every rule of the guard, over a raw socket, byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from console.browser import Browser, served
from dynasmith.console.guard import CHANGE_HEADER, LINK_SECONDS
from dynasmith.project.project import connect

CLOCK = [0.0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A console that nothing listens behind: no rule needs a service."""
    with connect(endpoint="http://127.0.0.1:9", region="us-east-1") as project, served(project) as browser:
        yield browser.open()


def exchange(port: int, request: str | bytes) -> tuple[int, str]:
    """Send these bytes; the status and the whole answer. 0 is a connection that was closed without one."""
    data = request.encode("latin-1") if isinstance(request, str) else request
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.settimeout(30)
        answer = b""
        try:
            sock.sendall(data)
            while piece := sock.recv(65536):
                answer += piece
        except ConnectionError:
            pass
    text = answer.decode("latin-1")
    return (int(text.split(" ", 2)[1]) if text.startswith("HTTP/") else 0), text


def request_text(
    browser: Browser, method: str = "GET", target: str = "/palette.json", *lines: str, **changed: str
) -> str:
    """A request that is answered, with these headers in place of its own; an empty one is left out."""
    headers = {"Host": browser.guard.host, "Cookie": browser.cookie, "Connection": "close"} | changed
    shown = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *shown, *lines, "", ""])


def test_the_request_that_the_others_are_made_of_is_answered(browser: Browser) -> None:
    status, text = exchange(browser.guard.port, request_text(browser))
    assert status == 200
    assert "default-src 'none'" in text
    assert "unsafe" not in text


HOSTS = [
    "",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost:{port}",
    "localhost.:{port}",
    "LOCALHOST:{port}",
    "127.0.0.1.:{port}",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{port}.evil.example",
    "evil.example:{port}",
    "evil.example",
    "127.1:{port}",
    "2130706433:{port}",
    "0x7f.0.0.1:{port}",
    "0.0.0.0:{port}",
    "[::1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "127.0.0.1:0{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}, evil.example",
]


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_misdirected(browser: Browser, host: str) -> None:
    port = browser.guard.port
    status, text = exchange(port, request_text(browser, Host=host.format(port=port)))
    assert status in (400, 421), text
    assert status == 421 or not host.isascii() or "@" in host or "," in host or host == "", text
    assert "evil" not in text


def test_two_hosts_are_misdirected(browser: Browser) -> None:
    host = browser.guard.host
    for second in (host, "evil.example"):
        status, _ = exchange(browser.guard.port, request_text(browser, "GET", "/palette.json", f"Host: {second}"))
        assert status in (400, 421)


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 x", ""])
def test_an_old_or_strange_version_needs_the_host_too(browser: Browser, version: str) -> None:
    status, _ = exchange(browser.guard.port, f"GET /palette.json {version}\r\nCookie: {browser.cookie}\r\n\r\n")
    assert status in (0, 400, 421, 505)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/palette.json",
        "http://evil.example/palette.json",
        "//evil.example/x",
        "*",
        "palette.json",
        "127.0.0.1:{port}",
    ],
)
def test_a_target_that_is_no_path_is_refused(browser: Browser, target: str) -> None:
    port = browser.guard.port
    for method in ("GET", "OPTIONS", "CONNECT"):
        status, _ = exchange(port, request_text(browser, method, target.format(port=port)))
        assert status in (0, 400, 405, 421)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"])
def test_other_methods_are_refused(browser: Browser, method: str) -> None:
    status, text = exchange(browser.guard.port, request_text(browser, method))
    assert status in (400, 405), text
    assert browser.cookie not in text


@pytest.mark.parametrize(
    "cookie",
    ["", "{name}=", "{name}=wrong", "other={value}", "{name}={value}x", "{name}=%00", "{name}", "=;=;=", "{name}=ü"],
)
@pytest.mark.parametrize(
    "target", ["/palette.json", "/tables", "/static/style.css", "/static/script.js", "/events/tables", "/", "/nothing"]
)
def test_every_request_wants_the_cookie(browser: Browser, cookie: str, target: str) -> None:
    name, _, value = browser.cookie.partition("=")
    sent = cookie.format(name=name, value=value)
    status, text = exchange(browser.guard.port, request_text(browser, "GET", target, Cookie=sent))
    assert status in (400, 401)
    assert "<nav" not in text
    assert value not in text


@pytest.mark.parametrize(
    "others",
    ['state={{"a": 1}}; {ours}', "a b=c d; {ours}", 'open="; {ours}', "{ours}; x[1]=2", "flag; {ours};", ";; ;{ours}"],
)
def test_cookies_of_other_programs_do_not_shut_the_console(browser: Browser, others: str) -> None:
    sent = others.format(ours=browser.cookie)
    assert exchange(browser.guard.port, request_text(browser, "GET", "/palette.json", Cookie=sent))[0] == 200


def test_the_cookie_of_another_console_opens_nothing(browser: Browser) -> None:
    with connect(endpoint="http://127.0.0.1:9", region="us-east-1") as project, served(project) as other:
        other.cookie = browser.cookie.replace(str(browser.guard.port), str(other.guard.port))
        assert other.get("/palette.json").status == 401


def test_the_cookie_is_for_this_host_and_no_script(browser: Browser) -> None:
    with connect(endpoint="http://127.0.0.1:9", region="us-east-1") as project, served(project) as other:
        token = other.guard.link.rpartition("/")[2]
        reply = other.send("GET", other.guard.link.removeprefix(other.guard.origin))
        assert reply.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
        assert "domain" not in reply.headers["set-cookie"].lower()
        assert reply.headers["cache-control"] == "no-store"
        assert token not in reply.text
        assert token not in reply.headers["set-cookie"]


def test_the_link_works_once_and_for_two_minutes() -> None:
    clock = [0.0]
    for waited, status in ((0.0, 200), (LINK_SECONDS - 0.1, 200), (LINK_SECONDS, 403), (1e9, 403)):
        clock[0] = 0.0
        with (
            connect(endpoint="http://127.0.0.1:9", region="us-east-1") as project,
            served(project, now=lambda: clock[0]) as browser,
        ):
            path = browser.guard.link.removeprefix(browser.guard.origin)
            for wrong in (path[:-1], path + "x", "/link/", "/link/" + "A" * 43, path + "/", path.upper()):
                assert browser.send("GET", wrong).status in (401, 403)
            for method in ("POST", "HEAD"):
                assert browser.send(method, path).status == 403
            clock[0] = waited
            assert browser.send("GET", path).status == status
            again = browser.send("GET", path)
            assert again.status == 403
            assert "set-cookie" not in again.headers
            assert path.rpartition("/")[2] not in again.text


def change(browser: Browser, **changed: str) -> str:
    """A change that is allowed, with these headers in place of its own."""
    headers = {
        CHANGE_HEADER: "1",
        "Origin": browser.guard.origin,
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": "10",
    }
    return request_text(browser, "POST", "/tables", **(headers | changed)) + "do=nothing"


def test_a_change_of_the_console_itself_is_looked_at(browser: Browser) -> None:
    status, text = exchange(browser.guard.port, change(browser))
    assert status == 404
    assert "There is no such action." in text


REFUSED_CHANGES = [
    {CHANGE_HEADER: ""},
    {CHANGE_HEADER: "0"},
    {"Origin": ""},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "https://127.0.0.1:{port}"},
    {"Origin": "http://127.0.0.1:{port}.evil.example"},
    {"Origin": "http://127.0.0.1:{port}/"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "application/json"},
    {"Content-Type": ""},
]


@pytest.mark.parametrize(
    "changed", REFUSED_CHANGES, ids=lambda changed: " ".join(f"{k}={v}" for k, v in changed.items())
)
def test_a_change_without_proof_is_refused(browser: Browser, changed: dict[str, str]) -> None:
    port = browser.guard.port
    sent = {name: value.format(port=port) for name, value in changed.items()}
    status, text = exchange(port, change(browser, **sent))
    assert status in (403, 415), text
    assert "evil" not in text


@pytest.mark.parametrize(
    "repeated", [CHANGE_HEADER + ": 1", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"]
)
def test_a_header_that_is_repeated_proves_nothing(browser: Browser, repeated: str) -> None:
    request = change(browser).replace("\r\n\r\n", f"\r\n{repeated}\r\n\r\n", 1)
    assert exchange(browser.guard.port, request)[0] in (400, 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "elsewhere"])
def test_another_site_reads_nothing(browser: Browser, site: str) -> None:
    request = request_text(browser, "GET", "/palette.json", **{"Sec-Fetch-Site": site})
    assert exchange(browser.guard.port, request)[0] == 403


@pytest.mark.parametrize(
    "name",
    [
        "../server.py",
        "..%2fserver.py",
        "%2e%2e/server.py",
        "....//server.py",
        "style.css/",
        "/etc/passwd",
        "..\\server.py",
        "style.css%00",
        "",
        "STYLE.CSS",
    ],
)
def test_nothing_but_the_two_files_and_the_icon_is_served(browser: Browser, name: str) -> None:
    status, text = exchange(browser.guard.port, request_text(browser, "GET", "/static/" + name))
    assert status in (400, 404)
    assert "import" not in text


def test_bodies_and_headers_have_limits(browser: Browser) -> None:
    port = browser.guard.port
    large = change(browser, **{"Content-Length": "3000000"}) + "x" * 2_999_990
    assert exchange(port, large)[0] in (0, 413)
    many = request_text(browser, "GET", "/palette.json", *(f"X-{number}: 1" for number in range(2_000)))
    assert exchange(port, many)[0] in (0, 400, 431)
    wide = request_text(browser, "GET", "/palette.json", "X-Wide: " + "secret" * 5_000)
    status, text = exchange(port, wide)
    assert status in (0, 400, 431)
    assert "secret" not in text
    long = request_text(browser, "GET", "/" + "a" * 20_000)
    assert exchange(port, long)[0] in (0, 400, 414)
    assert exchange(port, request_text(browser))[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03secret",
        b"GET /secret\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xffsecret\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : {host}\r\nsecret\r\n\r\n",
        b"POST /tables HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\nsecret",
        b"POST /tables HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nsecret",
    ],
)
def test_an_answer_to_what_is_no_request_repeats_nothing(browser: Browser, data: bytes) -> None:
    filled = data.replace(b"{host}", browser.guard.host.encode()).replace(b"{cookie}", browser.cookie.encode())
    status, text = exchange(browser.guard.port, filled)
    assert status in (0, 400, 401, 404, 421)
    assert "secret" not in text
