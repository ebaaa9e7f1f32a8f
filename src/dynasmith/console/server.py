"""The server of the console: HTTP on the loopback address, every request through the guard, every view in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from time import monotonic
from typing import Final, TypeVar
from urllib.parse import unquote

from aiohttp import web

from dynasmith.console.answers import PageReply, action_reply, page_reply, palette_reply, refusal_reply
from dynasmith.console.guard import HEADERS, LINK_PREFIX, LOOPBACK, RequestHead, RequestRefusal, SessionGuard
from dynasmith.console.live import send_events
from dynasmith.console.page import ConsolePage, FormFields, PageRequest
from dynasmith.console.pages import PAGES
from dynasmith.console.state import Console
from dynasmith.errors import UsageError

_log = logging.getLogger("dynasmith.console")
T = TypeVar("T")

BODY_BYTES_MAX: Final = 2_000_000
"""A form: an item of 400 KB as JSON, urlencoded, and more."""

HEADERS_MAX: Final = 64
VIEWS_AT_ONCE: Final = 32
"""Threads for views: pages wait for the service, each in its own."""

STATIC: Final[Mapping[str, str]] = {
    "style.css": "text/css",
    "script.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
NOT_FOUND: Final = RequestRefusal(404, "There is no such page.")


class _Connection(web.RequestHandler):
    """A connection whose error answers and logs repeat nothing of the request; aiohttp's own do."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's signature
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """A sentence in place of what was wrong."""
        _log.warning("refused a request with status %d (%s)", status, type(exc).__name__)
        return _refused(RequestRefusal(status, "The request cannot be answered."))


class _Server(web.Server):
    """aiohttp's server with these connections."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=self._loop,
            logger=_SILENT,
            access_log=None,  # type: ignore[arg-type]  # aiohttp takes it for no log, and says Logger
            max_headers=HEADERS_MAX,
            lingering_time=1.0,
        )


_SILENT = logging.getLogger("dynasmith.console.http")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class ConsoleServer:
    """One console at a port of this machine. ``start`` and ``stop`` belong to one event loop."""

    def __init__(
        self,
        console: Console,
        *,
        pages: Sequence[ConsolePage] = PAGES,
        now: Callable[[], float] = monotonic,
        spent: Callable[[], None] = lambda: None,
    ) -> None:
        self.console = console
        self.pages = tuple(pages)
        self._now = now
        self._spent = spent
        self._pool = ThreadPoolExecutor(VIEWS_AT_ONCE, "console")
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._guard: SessionGuard | None = None

    @property
    def guard(self) -> SessionGuard:
        """The guard; it is there once the server has its port."""
        assert self._guard is not None
        return self._guard

    async def start(self, port: int = 0) -> None:
        """Listen at this port of 127.0.0.1; 0 is a free one. Raises OSError where it is taken."""
        self._runner = web.ServerRunner(_Server(self._answer), shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, port)
        await site.start()
        self._guard = SessionGuard(self._runner.addresses[0][1], self._now)

    async def stop(self) -> None:
        """End what is live, the connections, and what the pages keep."""
        self._closing.set()
        self.console.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        incoming = RequestHead(request.method, request.raw_path, lambda name: request.headers.getall(name, ()))
        refusal = self.guard.misdirected(incoming)
        if refusal is not None:
            return _refused(refusal)
        path = incoming.target.partition("?")[0]
        if path.startswith(LINK_PREFIX):
            return self._opened(request.method, path.removeprefix(LINK_PREFIX))
        refusal = self.guard.refused(incoming)
        if refusal is not None:
            return _refused(refusal)
        try:
            return await self._routed(request, path)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except UsageError as error:
            return _refused(RequestRefusal(400, error.message))
        except Exception as error:
            _log.error("a page failed: %s", type(error).__name__)
            return _refused(RequestRefusal(500, f"The page failed ({type(error).__name__})."))

    def _opened(self, method: str, token: str) -> web.Response:
        session = self.guard.opened(token) if method == "GET" else None
        if session is None:
            return _refused(
                RequestRefusal(
                    403, "This link was used already, or is older than 120 seconds. Start the console again."
                )
            )
        self._spent()
        # A page that leads on, not a redirect: a browser sends the cookie when the console's own page asks.
        response = _response(
            PageReply(200, '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>…</title>')
        )
        response.headers["Set-Cookie"] = self.guard.set_cookie(session)
        return response

    async def _routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path.startswith("/static/"):
            return _static(path.removeprefix("/static/"))
        if path == "/":
            return web.Response(status=303, headers={**HEADERS, "Location": self.pages[0].path})
        segments = _segments(path)
        query = FormFields.of(request.raw_path.partition("?")[2])
        if segments == ["palette.json"]:
            return _response(await self._in_thread(partial(palette_reply, self.console, self.pages)))
        streams = segments[0] == "events"
        found = self._page(segments[1:] if streams else segments)
        if found is None:
            return _response(await self._in_thread(partial(page_reply, self.console, self.pages, None, None)))
        page, names = found
        asked = PageRequest(self.console, names, query)
        if streams:
            if page.live is None or request.method != "GET":
                return _refused(NOT_FOUND)
            return await send_events(request, page, asked, self._in_thread, self._closing)
        if request.method == "POST":
            body = await _body(request)
            if body is None:
                return _refused(RequestRefusal(413, "The form is larger than 2 MB."))
            form = FormFields.of(body.decode("ascii", "replace"))  # urlencoded: nothing else is in it
            acted = PageRequest(self.console, names, query, form)
            return _response(await self._in_thread(partial(action_reply, self.pages, page, acted)))
        return _response(await self._in_thread(partial(page_reply, self.console, self.pages, page, asked)))

    def _page(self, segments: Sequence[str]) -> tuple[ConsolePage, Mapping[str, str]] | None:
        for page in self.pages:
            names = page.match(segments)
            if names is not None:
                return page, names
        return None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


async def _body(request: web.BaseRequest) -> bytes | None:
    """The body of a form; None where it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)


def _segments(path: str) -> list[str]:
    try:
        return [unquote(part, errors="strict") for part in path.removeprefix("/").split("/")]
    except UnicodeDecodeError as error:
        raise UsageError("The path of the request cannot be read.") from error


def _static(name: str) -> web.Response:
    if name not in STATIC:
        return _refused(NOT_FOUND)
    content = (files("dynasmith.console") / "static" / name).read_text(encoding="utf-8")
    return _response(PageReply(200, content, STATIC[name]))


def _refused(refusal: RequestRefusal) -> web.Response:
    """A refusal; the connection ends with it."""
    response = _response(refusal_reply(refusal))
    response.force_close()
    return response


def _response(reply: PageReply) -> web.Response:
    headers = {**HEADERS, "Location": reply.location} if reply.location else HEADERS
    return web.Response(
        status=reply.status, text=reply.text, content_type=reply.content_type, charset="utf-8", headers=headers
    )
