"""Who may ask, and for what: every rule that a request is held against before a page is looked for. Pure but for the
tokens and the time, which are given."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

LINK_SECONDS: Final = 120
"""How long the link that opens the console is valid. It works once."""

LINK_PREFIX: Final = "/link/"
CHANGE_HEADER: Final = "X-Dynasmith-Console"
"""A header that a form of another site cannot send."""

METHODS: Final = ("GET", "HEAD", "POST")
FORM_TYPE: Final = "application/x-www-form-urlencoded"
LOOPBACK: Final = "127.0.0.1"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "Server": "dynasmith",
}
"""What every answer carries, refusals too."""


@dataclass(frozen=True)
class RequestRefusal:
    """Why a request is refused: the status, and a sentence that repeats nothing of the request."""

    status: int
    sentence: str


@dataclass(frozen=True)
class RequestHead:
    """What the rules read of a request. ``headers`` gives every value of a name, in any case."""

    method: str
    target: str
    headers: Callable[[str], Sequence[str]]

    def one(self, name: str) -> str | None:
        """The value of a header that was sent once; None where it is absent or was repeated."""
        values = self.headers(name)
        return values[0] if len(values) == 1 else None


@dataclass
class SessionGuard:
    """The link, the session and the rules of one console. ``now`` is a monotonic clock, in seconds."""

    port: int
    now: Callable[[], float]
    _link: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _sessions: set[str] = field(default_factory=set, repr=False)
    _made: float = 0.0

    def __post_init__(self) -> None:
        self._made = self.now()

    @property
    def host(self) -> str:
        """The only Host that is answered; a browser leaves out port 80."""
        return LOOPBACK if self.port == 80 else f"{LOOPBACK}:{self.port}"

    @property
    def origin(self) -> str:
        """The only Origin that may change something."""
        return f"http://{self.host}"

    @property
    def link(self) -> str:
        """The address that opens the console, once, within `LINK_SECONDS`."""
        return f"{self.origin}{LINK_PREFIX}{self._link}"

    @property
    def cookie(self) -> str:
        """The name of the cookie: cookies are shared by all ports of a host."""
        return f"dynasmith-console-{self.port}"

    def misdirected(self, request: RequestHead) -> RequestRefusal | None:
        """Why a request is refused whoever sends it: it is for another host, or of a form that no browser sends."""
        if not request.target.startswith("/") or request.target.startswith("//"):
            return RequestRefusal(400, "The request names no path of this console.")
        if request.one("Host") != self.host:
            return RequestRefusal(421, "This console answers to its own address only. Open the link that it printed.")
        if request.method not in METHODS:
            return RequestRefusal(405, "This console answers GET, HEAD and POST only.")
        return None

    def opened(self, token: str) -> str | None:
        """A new session where ``token`` is that of the link and in time; the link is used up by it."""
        in_time = self.now() - self._made < LINK_SECONDS
        if not (self._link and in_time and _same(token, self._link)):
            return None
        self._link = ""
        session = secrets.token_urlsafe(32)
        self._sessions.add(session)
        return session

    def refused(self, request: RequestHead) -> RequestRefusal | None:
        """Why a request is refused: it has no session, comes from another site, or would change something without proof
        that it is the console's own page that asks."""
        if not self._known(request.one("Cookie")):
            return RequestRefusal(401, "This console is not open in this browser. Open the link that it printed.")
        site = request.headers("Sec-Fetch-Site")
        if len(site) > 1 or any(value not in ("same-origin", "none") for value in site):
            return RequestRefusal(403, "Another site asked for this page.")
        return self._refused_change(request) if request.method == "POST" else None

    def _refused_change(self, request: RequestHead) -> RequestRefusal | None:
        if request.one(CHANGE_HEADER) != "1":
            return RequestRefusal(403, "A change needs the header of the console's own pages.")
        if request.one("Origin") != self.origin:
            return RequestRefusal(403, "A change must come from this console's own pages.")
        if request.one("Sec-Fetch-Site") != "same-origin":
            return RequestRefusal(403, "A change must come from this console's own pages, and the browser must say so.")
        if (request.one("Content-Type") or "").partition(";")[0].strip().lower() != FORM_TYPE:
            return RequestRefusal(415, f"A change is sent as {FORM_TYPE}.")
        return None

    def _known(self, cookies: str | None) -> bool:
        # Pair by pair, as browsers send them: other programs at this address set cookies of any form, JSON too, and a
        # strict reader stops at the first of those.
        pairs = (pair.strip().partition("=") for pair in (cookies or "").split(";"))
        sent = [value for name, _, value in pairs if name == self.cookie]
        return len(sent) == 1 and any(_same(sent[0], session) for session in self._sessions)

    def set_cookie(self, session: str) -> str:
        """The Set-Cookie header of a session. It ends with the browser's, or the console's, process."""
        return f"{self.cookie}={session}; Path=/; HttpOnly; SameSite=Strict"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
