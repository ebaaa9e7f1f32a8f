"""A console in a thread of its own, and a client of it that sends what a browser sends."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from dynasmith.console.guard import CHANGE_HEADER, LINK_PREFIX, SessionGuard
from dynasmith.console.page import ConsolePage
from dynasmith.console.pages import PAGES
from dynasmith.console.server import ConsoleServer
from dynasmith.console.state import Console
from dynasmith.project.project import Project


@dataclass(frozen=True)
class PageReply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def outcome(self) -> Any:
        """The outcome of an action."""
        return json.loads(self.text)


@dataclass
class Browser:
    """A browser in which the console is open."""

    guard: SessionGuard
    serving: ConsoleServer | None = None
    cookie: str = field(default="", repr=False)

    @classmethod
    def of_link(cls, link: str) -> Browser:
        """A browser that opens the link of a console in another process."""
        parts = urlsplit(link)
        return cls(SessionGuard(parts.port or 80, monotonic, parts.path.removeprefix(LINK_PREFIX))).open()

    @property
    def server(self) -> ConsoleServer:
        """The console, where it is in this process."""
        assert self.serving is not None
        return self.serving

    def open(self) -> Browser:
        """Follow the link that the console printed."""
        reply = self.send("GET", self.guard.link.removeprefix(self.guard.origin))
        assert reply.status == 200, reply.text
        self.cookie = reply.headers["set-cookie"].partition(";")[0]
        return self

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> PageReply:
        """Send a request with these headers; Host and the cookie are added."""
        connection = http.client.HTTPConnection("127.0.0.1", self.guard.port, timeout=60)
        try:
            sent = {"Host": self.guard.host, **({"Cookie": self.cookie} if self.cookie else {}), **headers}
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
            return PageReply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)
        finally:
            connection.close()

    def get(self, path: str) -> PageReply:
        """Read a page, as somebody who types its address."""
        return self.send("GET", path, **{"Sec-Fetch-Site": "none"})

    def act(self, path: str, do: str, **fields: str | Sequence[str]) -> PageReply:
        """Do an action of a page, as its script does."""
        return self.send(
            "POST",
            path,
            urlencode({"do": do, **fields}, doseq=True),
            **{
                CHANGE_HEADER: "1",
                "Origin": self.guard.origin,
                "Sec-Fetch-Site": "same-origin",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    def wait_for(self, path: str, is_there: Callable[[str], bool], seconds: float = 60.0) -> str:
        """The page once it is as wanted; what it says is looked at again and again, as its live blocks do."""
        ends = monotonic() + seconds
        pause = threading.Event()
        while True:
            text = self.get(path).text
            if is_there(text):
                return text
            assert monotonic() < ends, words_of(text)
            pause.wait(0.05)

    def events(self, path: str, is_enough: Callable[[str], bool]) -> str:
        """What is sent of a live page until it is enough, or over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.guard.port, timeout=60)
        try:
            connection.request("GET", f"/events{path}", headers={"Host": self.guard.host, "Cookie": self.cookie})
            answer = connection.getresponse()
            assert answer.status == 200
            text = ""
            while not is_enough(text):
                line = answer.readline()
                if not line:
                    break
                text += line.decode()
            return text
        finally:
            connection.close()


@contextmanager
def served(
    project: Project,
    *,
    changes: bool = True,
    pages: Sequence[ConsolePage] = PAGES,
    now: Callable[[], float] = monotonic,
    options: tuple[str, ...] = (),
    redact: bool = False,
    hides: bool = False,
) -> Iterator[Browser]:
    """A console of this project, in a thread; it has not been opened yet."""
    console = Console(project, changes=changes, options=options, redact=redact, hides=hides)
    loop = asyncio.new_event_loop()

    async def begin() -> ConsoleServer:
        server = ConsoleServer(console, pages=pages, now=now)
        await server.start()
        return server

    thread = threading.Thread(target=loop.run_forever, name="console-test")
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
        try:
            yield Browser(server.guard, server)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def words_of(html: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()
