"""The guard: a server on this machine that is all of AWS for user code of a dry run, and lets nothing be written.

Reads of DynamoDB (`allowed`) are signed anew with the run's own credentials and passed on to the run's own
endpoint, in the Region that was asked for; they cost what they cost. Everything else, of any service, is refused as the
service would refuse it, and remembered for the report. So is a read that the run's own identity and endpoint would
answer with somebody else's items: one with keys of its own for AWS, one for another endpoint. Only the guarded process
is served: another one on this machine does not know its key.

Where writes are counted (for a migration, whose code goes on after one), a write of items is answered as if it had been
done, and remembered as counted.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from msgspec.json import encode

from dynasmith.aws.control.guard.child_process import GuardedEnvironment, child_variables
from dynasmith.aws.control.guard.request import ADDRESS, TOKEN, GuardedRequest, asked_of, refusal
from dynasmith.aws.control.guard.tables import tables_of
from dynasmith.aws.control.guard.write_answers import COUNTED, counted_answer, key_to_read
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.allow_list import STATEMENTS, only_reads
from dynasmith.aws.data.exchange import TARGET, BrokenExchange, Exchange, HttpReply, unpacked
from dynasmith.aws.data.failure import failure_of
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.aws.data.table_factory import open_exchange
from dynasmith.aws.errors.codes import RetryVerdict
from dynasmith.aws.errors.translation import translate
from dynasmith.errors import DynasmithError, RunError
from dynasmith.ports.access import is_aws, is_loopback
from dynasmith.ports.guard import RefusedCall

BODY_BYTES_MAX = 16 * 1024 * 1024 + 64 * 1024
"""The largest request that is looked at: BatchGetItem and BatchWriteItem take 16 MB (API reference)."""
FORM_BYTES_MAX = 64 * 1024
"""How much of a form is read to find its Action."""
ANSWER_SECONDS_MAX = 60.0
"""How long the run's endpoint may take for one read (botocore's default read timeout)."""
START_SECONDS_MAX = 30.0
KINDS_MAX = 100
"""Kinds of refused calls that are told apart in a report; a loop over names of tables ends in one of "others"."""


class ReadOnlyGuard:
    """A running guard; keeps `dynasmith.ports.guard.Guard`. Made by ``open_guard``."""

    def __init__(self, session: Session, *, transport: Transport = "direct", counts_writes: bool = False) -> None:
        self._session, self._counts_writes = session, counts_writes
        self._transport: Transport = transport
        self._key = f"DRYRUN{secrets.token_hex(16)}"
        self._region = session.region
        self._exchanges: dict[str, Exchange] = {}
        self._opening = asyncio.Lock()
        self._refused: dict[tuple[str, str, str], int] = {}
        self._counted: dict[tuple[str, str, str], int] = {}
        self.endpoint = ""

    # --- what the guarded process is told

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment of the process: this one's without credentials, every AWS service at the guard."""
        return child_variables(
            os.environ, endpoint=self.endpoint, region=self._region, key=self._key, secrets=self._secrets()
        )

    @property
    def enclose(self) -> GuardedEnvironment:
        """What the process calls before user code."""
        return GuardedEnvironment(self.endpoint, self._key)

    @property
    def refused(self) -> Sequence[RefusedCall]:
        """What was refused so far."""
        return _calls(self._refused)

    @property
    def counted(self) -> Sequence[RefusedCall]:
        """What was counted so far."""
        return _calls(self._counted)

    def _secrets(self) -> list[str]:
        """The secrets that the run signs with, wherever they came from."""
        found = self._session.credentials()
        if found is None:
            return []
        try:
            frozen = found.get_frozen_credentials()
        except Exception as error:  # whatever a source of credentials raises
            raise translate(error, "sts:GetCallerIdentity", access=self._session.access) from error
        given = self._session.access.credentials
        known = [frozen.secret_key, frozen.token, *((given.secret_key, given.session_token) if given else ())]
        return [str(secret) for secret in known if secret]

    # --- serving

    async def open(self) -> web.AppRunner:
        """Listen on a free port of this machine."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def close(self) -> None:
        """Close the connections to the run's endpoint."""
        for exchange in self._exchanges.values():
            await exchange.close()

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        whole = "x-amz-target" in headers
        body = await (request.read() if whole else _beginning(request, headers))
        asked = asked_of(request.method, request.path, request.query_string, headers, body)
        if not any(self._is_key(said) for said in (asked.key, headers.get(TOKEN, ""))):
            return _refused(asked, "dynasmith dry run: this address serves its own process only.")
        parsed = _parsed(body) if whole else {}
        operation = asked.target.removeprefix(f"{TARGET}.")
        reads = asked.target == f"{TARGET}.{operation}" and only_reads(operation, parsed)
        foreign = self._foreign(asked, headers.get(ADDRESS, "")) if reads else ""
        if self._counts_writes and asked.target == f"{TARGET}.{operation}" and operation in COUNTED:
            return await self._answered(operation, asked, parsed)
        if not reads or foreign:
            self._remember(self._refused, asked, parsed)
            return _refused(asked, f"dynasmith dry run: {asked.operation} was not done{foreign}.")
        # A statement goes on as it was understood here: nothing of it may be read in another way there.
        return await self._passed_on(operation, asked.region, encode(parsed) if operation in STATEMENTS else body)

    def _is_key(self, said: str) -> bool:
        return secrets.compare_digest(said.encode(), self._key.encode())

    def _foreign(self, asked: GuardedRequest, address: str) -> str:
        """Why a read is not one of the run's own; empty where it is."""
        access = self._session.access
        if not access.isolated and asked.key != self._key:
            return ", because it comes with keys of its own"
        if address and not is_aws(address) and _place(address) != _place(access.endpoint_of("dynamodb")):
            return f", because it was to go to {address}"
        return ""

    @staticmethod
    def _remember(calls: dict[tuple[str, str, str], int], asked: GuardedRequest, parsed: Mapping[str, Any]) -> None:
        kind = (asked.service, asked.operation, tables_of(parsed))
        if kind not in calls and len(calls) >= KINDS_MAX:
            kind = (asked.service, "others", "")
        calls[kind] = calls.get(kind, 0) + 1

    async def _answered(self, operation: str, asked: GuardedRequest, parsed: Mapping[str, Any]) -> web.Response:
        """The answer to a write that is counted; it is refused where nobody knows what it would return."""
        before = None
        if (read := key_to_read(operation, parsed)) is not None:
            answer = await self._passed_on("GetItem", asked.region, encode(read))
            if answer.status != 200:
                return answer
            assert isinstance(answer.body, bytes)
            before = _parsed(answer.body).get("Item")
        content = counted_answer(operation, parsed, before)
        if content is None:
            self._remember(self._refused, asked, parsed)
            return _refused(
                asked, f"dynasmith dry run: what {operation} would return is not known, so it was not done."
            )
        self._remember(self._counted, asked, parsed)
        told = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": f"DRYRUN{secrets.token_hex(16)}"}
        return web.Response(body=encode(content), headers=told)

    async def _passed_on(self, operation: str, region: str, body: bytes) -> web.Response:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                exchange = await self._exchange(region)
                answer = await _unpacked(exchange, operation, body)
                if answer.status != 200 and _mended(exchange, answer):
                    answer = await _unpacked(exchange, operation, body)
        except (BrokenExchange, TimeoutError) as error:
            # 503: the client of the user code tries again, as it would at the service.
            return _said(503, "ServiceUnavailable", f"dynasmith dry run: no reply to {operation}: {error}")
        except DynasmithError as error:
            return _said(400, "AccessDeniedException", f"dynasmith dry run: {error}")
        kind = answer.headers.get("content-type", "application/x-amz-json-1.0")
        passed = {"content-type": kind}
        if "x-amzn-requestid" in answer.headers:
            passed["x-amzn-requestid"] = answer.headers["x-amzn-requestid"]
        return web.Response(status=answer.status, headers=passed, body=answer.body)

    async def _exchange(self, region: str) -> Exchange:
        async with self._opening:
            if region not in self._exchanges:
                elsewhere = "" if region == self._region else region
                client = await asyncio.to_thread(self._session.client, "dynamodb", elsewhere)
                self._exchanges[region] = await open_exchange(client, "dry-run", self._transport)
            return self._exchanges[region]


@contextmanager
def open_guard(
    session: Session, *, transport: Transport = "direct", counts_writes: bool = False
) -> Iterator[ReadOnlyGuard]:
    """A guard that passes reads on as ``session`` would send them; it ends with the block. With ``counts_writes`` it
    answers writes of items as if they were done, and refuses the rest.

    Runs on a loop in a thread of its own. Costs no call until user code makes one. Raises RunError where no port of
    this machine can be had, NoCredentials where there is nothing to sign with.
    """
    guard = ReadOnlyGuard(session, transport=transport, counts_writes=counts_writes)
    ready = threading.Event()
    failure: list[BaseException] = []
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        runner = await guard.open()
        ready.set()
        try:
            await ended.wait()
        finally:
            await runner.cleanup()
            await guard.close()

    def body() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())
        except Exception as error:  # noqa: BLE001, RUF100  # it is raised on the thread that waits
            failure.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=body, name="dynasmith-guard", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_SECONDS_MAX) or failure:
            raise RunError(
                f"The guard of the dry run could not start: {failure[0] if failure else 'no answer'}.",
                hint="it needs a port of 127.0.0.1; an operations file needs no guard",
            )
        yield guard
    finally:
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(ended.set)
        thread.join()


def _calls(found: Mapping[tuple[str, str, str], int]) -> Sequence[RefusedCall]:
    return tuple(
        RefusedCall(service=service, operation=operation, table=table, times=times)
        for (service, operation, table), times in list(found.items())
    )


async def _beginning(request: web.Request, headers: Mapping[str, str]) -> bytes:
    """The beginning of a form, where the operation stands; nothing of anything else. The rest is thrown away."""
    if "form-urlencoded" not in headers.get("content-type", ""):
        return b""
    found = b""
    while len(found) < FORM_BYTES_MAX:
        more = await request.content.read(FORM_BYTES_MAX - len(found))
        if not more:
            break
        found += more
    return found


def _place(url: str) -> tuple[str, int | None]:
    """Where a URL leads; every name of this machine is one."""
    parts = urlsplit(url)
    return "loopback" if is_loopback(url) else (parts.hostname or ""), parts.port


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


async def _unpacked(exchange: Exchange, operation: str, body: bytes) -> HttpReply:
    """The answer to a request, its body not compressed. Raises BrokenExchange."""
    answer = await exchange(operation, body)
    return answer._replace(body=unpacked(answer))


def _mended(exchange: Exchange, answer: HttpReply) -> bool:
    """Whether the same request may succeed at once: with the service's clock, or with credentials that are asked for
    again."""
    verdict = failure_of(answer).verdict
    if verdict is RetryVerdict.CLOCK:
        exchange.clock_is(answer.headers.get("date", ""))
    elif verdict is RetryVerdict.CREDENTIALS:
        exchange.credentials_refused()
    return verdict in (RetryVerdict.CLOCK, RetryVerdict.CREDENTIALS)


def _refused(asked: GuardedRequest, message: str) -> web.Response:
    status, kind, body = refusal(asked.form, message)
    return web.Response(status=status, body=body, headers={"content-type": kind})


def _said(status: int, code: str, message: str) -> web.Response:
    body = encode({"__type": code, "message": message})
    return web.Response(status=status, body=body, headers={"content-type": "application/x-amz-json-1.0"})
