"""Signature Version 4 of one kind of request: a POST of JSON to one address.

botocore signs any request in about 70 us; here everything that does not change from request to request (canonical
address, header names, the day's key) is computed once. A test holds each signature equal to botocore's.

Source of the algorithm: AWS General Reference, "Create a signed AWS API request".
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, urlsplit

CONTENT_TYPE = "application/x-amz-json-1.0"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """One set of frozen credentials; ``token`` is empty for long-lived ones."""

    access: str
    secret: str
    token: str = ""


def host_of(url: str) -> str:
    """The Host header of ``url``: lower case, without a default port, IPv6 in brackets."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    return host


class Signer:
    """Signs POSTs to ``url`` as ``keys``; cheap to call, made anew when the credentials change."""

    __slots__ = ("_day", "_fixed", "_head", "_key", "_lines", "_middle", "_scope", "keys", "region", "service")

    def __init__(self, url: str, region: str, keys: SigningKeys, *, service: str = "dynamodb") -> None:
        self.keys = keys
        self.region = region
        self.service = service
        host = host_of(url)
        path = quote(_normal(urlsplit(url).path), safe="/~")
        self._fixed: dict[str, str] = {"Content-Type": CONTENT_TYPE, "Host": host}
        names = "content-type;host;x-amz-date;x-amz-target"
        self._middle = ""
        if keys.token:
            self._fixed["X-Amz-Security-Token"] = keys.token
            names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
            self._middle = f"x-amz-security-token:{_trim(keys.token)}\n"
        self._lines = "".join([f"{name}: {value}\r\n" for name, value in self._fixed.items()])
        self._head = f"POST\n{path}\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-amz-date:"
        self._scope = names
        self._day = ""
        self._key = b""

    def headers(self, target: str, body: bytes, at: str) -> Mapping[str, str]:
        """The signed headers of a request for ``target`` (X-Amz-Target) at the time ``at`` (``YYYYmmddTHHMMSSZ``)."""
        signed = self._authorization(target, body, at)
        return {**self._fixed, "X-Amz-Date": at, "X-Amz-Target": target, "Authorization": signed}

    def lines(self, target: str, body: bytes, at: str) -> str:
        """The same headers as they are sent, each with its line end."""
        signed = self._authorization(target, body, at)
        return f"{self._lines}X-Amz-Date: {at}\r\nX-Amz-Target: {target}\r\nAuthorization: {signed}\r\n"

    def _authorization(self, target: str, body: bytes, at: str) -> str:
        day = at[:8]
        if day != self._day:
            self._key = _day_key(self.keys.secret, day, self.region, self.service)
            self._day = day
        digest = sha256(body).hexdigest()
        canonical = f"{self._head}{at}\n{self._middle}x-amz-target:{target}\n\n{self._scope}\n{digest}"
        scope = f"{day}/{self.region}/{self.service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key, to_sign.encode(), "sha256").hex()
        return (
            f"AWS4-HMAC-SHA256 Credential={self.keys.access}/{scope}, "
            f"SignedHeaders={self._scope}, Signature={signature}"
        )


def _normal(path: str) -> str:
    """A path as the signature sees it: botocore's rule, asked of it where there is a path at all, which is rare; a
    process that only moves items does without botocore."""
    if path in ("", "/"):
        return "/"
    from botocore.utils import normalize_url_path

    return str(normalize_url_path(path))


def _trim(value: str) -> str:
    """A header value as the signature sees it: no white space at the ends, single spaces inside."""
    return " ".join(value.split())


def _day_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = hmac.digest(f"AWS4{secret}".encode(), day.encode(), "sha256")
    for part in (region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
