"""The signature of each request with the keys and the time of now: what the exchanges of ours share."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.credentials import Credentials
from dynasmith.aws.data.exchange import TARGET
from dynasmith.aws.data.signature import Signer


class AddressSigner:
    """Signs for one address; follows refreshed credentials and the service's clock."""

    __slots__ = ("_address", "_credentials", "_second", "_signer", "_skew_seconds", "_stamp")

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self._address = address
        self._credentials = credentials
        self._signer: Signer | None = None
        self._skew_seconds = 0.0
        self._second = -1
        self._stamp = ""

    async def headers(self, operation: str, body: bytes) -> Mapping[str, str]:
        """The signed headers of one request. Raises NoCredentials, CredentialsExpired."""
        return (await self._current()).headers(f"{TARGET}.{operation}", body, self._now())

    async def lines(self, operation: str, body: bytes) -> str:
        """The same headers as they are sent, each with its line end."""
        return (await self._current()).lines(f"{TARGET}.{operation}", body, self._now())

    async def _current(self) -> Signer:
        keys = await self._credentials.keys()
        signer = self._signer
        if signer is None or (signer.keys is not keys and signer.keys != keys):
            signer = Signer(self._address.url, self._address.region, keys, service=self._address.service)
            self._signer = signer
        return signer

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on."""
        self._skew_seconds = skew_seconds(date, time)
        self._second = -1

    def refused(self) -> None:
        """Ask botocore for the credentials again before the next request."""
        self._credentials.expire()

    def _now(self) -> str:
        now = time() + self._skew_seconds
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        return self._stamp


def skew_seconds(date: str, clock: Callable[[], float]) -> float:
    """How far the service's clock (its Date header) is ahead of ``clock``; 0 when the header says nothing."""
    try:
        return parsedate_to_datetime(date).timestamp() - clock()
    except (TypeError, ValueError):
        return 0.0
