"""The allow-list over dynasmith's own clients of a dry run: a call that is not known to read is never sent."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.aws.data.allow_list import STATEMENTS, own_call_reads
from dynasmith.aws.data.exchange import Check, Exchange, HttpReply, allowed
from dynasmith.errors import RunError

_MARK = "_dynasmith_only_reads"


def let_only_read(client: Any) -> None:
    """Make a botocore client refuse, before it sends it, every call that is not on the allow-list."""
    client.meta.events.register_first("before-parameter-build.*.*", _look_at, unique_id="dynasmith-dry-run")
    setattr(client, _MARK, True)


def reads_only(client: Any) -> bool:
    """Whether `let_only_read` was called for that client."""
    return bool(getattr(client, _MARK, False))


def _look_at(params: Mapping[str, Any], model: Any, **_: Any) -> None:
    service, operation = str(model.service_model.service_name), str(model.name)
    if not own_call_reads(service, operation, params):
        raise _refused(f"{service} {operation}")


def _refused(what: str) -> RunError:
    return RunError(
        f"A dry run of dynasmith wanted to call {what}, which is not known to read; nothing was sent.",
        hint="this is a defect of dynasmith, please report it",
    )


class ReadingExchange:
    """An exchange that sends reads only; keeps `dynasmith.aws.data.exchange.Exchange`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
        """Send one request once. Raises RunError for a call that is not on the allow-list."""
        request = msgspec.json.decode(body) if operation in STATEMENTS else {}
        if not own_call_reads("dynamodb", operation, request):
            raise _refused(f"dynamodb {operation}")
        return await self._exchange(operation, body, check)

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on."""
        self._exchange.clock_is(date)

    def credentials_refused(self) -> None:
        """Ask for the credentials anew before the next request."""
        self._exchange.credentials_refused()

    async def close(self) -> None:
        """Close every connection."""
        await self._exchange.close()
