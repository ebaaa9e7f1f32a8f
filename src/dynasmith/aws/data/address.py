"""Where the data plane sends: one endpoint. What it is read from is in ``client``; this module needs no botocore."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from dynasmith.ports.access import ResolvedAccess, is_aws
from dynasmith.ports.engines import SERVICE, EngineReplies

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """One endpoint: where to POST, how to sign for it, how to get there.

    ``ca_bundle`` is the file that its certificate is verified with; empty where the client was told not to verify.
    ``engine`` is what is there, as far as its environment says so.
    """

    url: str
    region: str
    service: str
    ca_bundle: str
    proxy: str | None
    client_certificate: tuple[str, str | None] | None
    connect_timeout_seconds: float
    read_timeout_seconds: float
    user_agent: str
    engine: EngineReplies = SERVICE

    @property
    def access(self) -> ResolvedAccess:
        """Where this is, for the sentence and the hint of an error."""
        return ResolvedAccess(region=self.region, endpoint="" if is_aws(self.url) else self.url)

    @property
    def loopback(self) -> bool:
        """Whether the endpoint is this machine (then replies are not worth compressing)."""
        return (urlsplit(self.url).hostname or "") in _LOOPBACK
