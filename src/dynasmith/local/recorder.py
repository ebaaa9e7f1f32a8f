"""Around a kept ministack: every write is in a journal before it is answered, every service is saved when it must be.

ministack by itself saves only in a clean stop, so that a process that is killed loses everything since it was begun.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from dynasmith.local import state
from dynasmith.local.child_messages import EngineNotSaved, EngineSaved, EngineSaving, ReplayDone, ReplayStarted, Say
from dynasmith.local.journal import CallLog, RecordedCall, read

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
RenameId = Callable[[str, str], None]
"""Gives the table that has the first id the second one."""
GetStates = Callable[[], Mapping[str, Callable[[], Any]]]
"""The services that were used, each with the function that returns its state (None: it has none to save)."""

JOURNAL_BYTES_MAX = 64_000_000
"""A longer journal is exchanged for a save, unless it is still shorter than twice that save: about a second a 20 MB."""

SAVE_SECONDS_AFTER_CHANGE = 1.0
"""A service that has no journal is saved this long after a change of it, or later where saving takes long."""

_SAVE_SHARE_MAX = 0.05
_TARGET = b"x-amz-target"
_KEPT_HEADERS = frozenset({_TARGET, b"authorization", b"content-type", b"content-encoding", b"host", b"x-amz-date"})
_READS = ("BatchGet", "Get", "Describe", "List", "Query", "Scan", "SearchVectors", "TransactGet")
# A PartiQL statement that only reads; a batch of them is journaled, which costs and does no harm.
_SELECT = re.compile(rb'^\s*\{\s*"Statement"\s*:\s*"\s*select\b', re.IGNORECASE)
_SELECT_WITHIN_BYTES = 200
# Services whose calls change tables from inside the engine, where no journal sees it.
_CHANGE_TABLES = frozenset({"backup", "cloudformation", "cloudcontrolapi"})
# Calls that make a table, and say its id.
_MAKES = ("CreateTable", "RestoreTable")
_REPEATING_EVERY = 500


class Recorder:
    """Journals and saves for one engine over one folder; ``wrap`` its application, call ``save_all`` at its end."""

    def __init__(
        self,
        folder: Path,
        get_states: GetStates,
        say: Say,
        *,
        engine_format: Callable[[str], int],
        default: Callable[[Any], Any],
        journal_bytes_max: int = JOURNAL_BYTES_MAX,
        rename_id: RenameId | None = None,
    ) -> None:
        self._rename_id = rename_id
        self._folder = folder
        self._get_states = get_states
        self._say = say
        self._engine_format = engine_format
        self._default = default
        self._journal_bytes_max = journal_bytes_max
        self.failure = ""
        self._changed = asyncio.Event()
        self._tables_changed = False
        self._one_write = asyncio.Lock()
        self._written: dict[str, int] = {}
        self._tables_bytes = 0
        self._saver: asyncio.Task[None] | None = None
        (folder / "journal").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._number = max([state.continued_by(folder), *state.journal_numbers(folder)])
        self._journal = CallLog(state.journal_file(folder, self._number))

    def wrap(self, app: Application) -> Application:
        """The application with its writes journaled, and its start-up complete only when the journals are repeated."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, self._after_startup(app, send))
            elif scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS") or is_read(scope["headers"]):
                await app(scope, receive, send)
            elif is_table_call(scope["headers"]):
                await self._write(app, scope, receive, send)
            else:
                await app(scope, receive, send)
                self._note_change(scope)

        return wrapped

    def save_all(self, only_others: bool = False) -> bool:
        """Save every service that was used (``only_others``: all but DynamoDB); whether everything could be saved."""
        clean = True
        for service, get_state in self._get_states().items():
            if service != state.JOURNALED:
                clean = self._save(service, get_state, 0) and clean
            elif not only_others:
                clean = self._save_tables(get_state) and clean
        return clean

    def close(self) -> None:
        """Close the journal. What it holds stays for the next start, where a save has not taken its place."""
        self._journal.close()

    def _note_change(self, scope: Scope) -> None:
        service = signed_service(scope["headers"])
        self._tables_changed |= service in _CHANGE_TABLES or scope["path"] == "/_ministack/reset"
        self._changed.set()

    async def _write(self, app: Application, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole_body(receive)
        if body is None:
            return
        # One at a time: the journal must hold the writes in the order in which the engine did them.
        async with self._one_write:
            status, answer = await _ask(app, scope, body)
            if status == 200 and not _SELECT.search(body[:_SELECT_WITHIN_BYTES]):
                headers = tuple((name, value) for name, value in scope["headers"] if name in _KEPT_HEADERS)
                try:
                    made = table_id_of(scope["headers"], answer)
                    self._journal.append(
                        RecordedCall(scope["path"], scope.get("query_string", b""), headers, body, made)
                    )
                except OSError as error:
                    answer = _failure(f"The call was done, but could not be journaled: {error.strerror}.")
                self._exchange_long_journal()
        for message in answer:
            await send(message)

    def _exchange_long_journal(self) -> None:
        if self._journal.size_bytes > max(self._journal_bytes_max, 2 * self._tables_bytes):
            get_state = self._get_states().get(state.JOURNALED)
            if get_state is not None:
                self._save_tables(get_state)

    def _save_tables(self, get_state: Callable[[], Any]) -> bool:
        number = self._number + 1
        try:
            following = CallLog(state.journal_file(self._folder, number))
        except OSError as error:
            self._say(EngineNotSaved(service=state.JOURNALED, why=str(error.strerror)))
            return False
        if not self._save(state.JOURNALED, get_state, number):
            following.close()
            state.journal_file(self._folder, number).unlink(missing_ok=True)
            return False
        self._journal.close()
        self._journal, self._number = following, number
        for old in state.journal_numbers(self._folder):
            if old < number:
                state.journal_file(self._folder, old).unlink(missing_ok=True)
        return True

    def _save(self, service: str, get_state: Callable[[], Any], number: int) -> bool:
        began = time.monotonic()
        if service == state.JOURNALED:
            self._say(EngineSaving(service=service))
        try:
            held = get_state()
            if held is None:
                return True
            text = state.dump(held, engine_format=self._engine_format(service), journal=number, default=self._default)
            if hash(text) == self._written.get(service):
                return True
            state.replace(state.service_file(self._folder, service), text)
        except Exception as error:
            # Whatever a service of the engine does not manage must not keep the others from being saved.
            self._say(EngineNotSaved(service=service, why=str(error) or type(error).__name__))
            return False
        self._written[service] = hash(text)
        self._tables_bytes = len(text) if service == state.JOURNALED else self._tables_bytes
        self._say(EngineSaved(service=service, size_bytes=len(text), seconds=time.monotonic() - began))
        return True

    def _after_startup(self, app: Application, send: Send) -> Send:
        async def watching(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                unread = self._unread()
                if unread:
                    self.failure = f"The saved state of {unread} cannot be read."
                    await send({"type": "lifespan.startup.failed", "message": self.failure})
                    return
                await self._repeat(app)
                self._saver = asyncio.create_task(self._save_changes())
            elif message["type"] == "lifespan.shutdown.complete" and self._saver is not None:
                self._saver.cancel()
            await send(message)

        return watching

    def _unread(self) -> str:
        """The services whose saved state the engine did not take; going on without would overwrite it."""
        taken = self._get_states()
        saved = sorted((self._folder / "state").glob("*.json"))
        return ", ".join(path.stem for path in saved if path.stem not in taken and not state.is_empty(path))

    async def _repeat(self, app: Application) -> None:
        """Make the calls of the journals again, then save, so that they need not be repeated twice."""
        begin = state.continued_by(self._folder)
        paths = [state.journal_file(self._folder, number) for number in state.journal_numbers(self._folder)]
        paths = [path for path in paths if int(path.stem) >= begin]
        total = sum(1 for path in paths for _ in read(path))
        if not total:
            return
        done = refused = 0
        for path in paths:
            for call in read(path):
                if done % _REPEATING_EVERY == 0:
                    self._say(ReplayStarted(done=done, total=total))
                status, answer = await _ask(app, _scope(call), call.body)
                if call.table_id and self._rename_id is not None and (made := table_id_of(list(call.headers), answer)):
                    self._rename_id(made, call.table_id)
                done += 1
                refused += status != 200
        self._say(ReplayDone(calls=done, refused=refused))
        self.save_all()

    async def _save_changes(self) -> None:
        pause = SAVE_SECONDS_AFTER_CHANGE
        while True:
            await self._changed.wait()
            await asyncio.sleep(pause)
            self._changed.clear()
            began = time.monotonic()
            async with self._one_write:
                self.save_all(only_others=not self._tables_changed)
                self._tables_changed = False
            pause = max(SAVE_SECONDS_AFTER_CHANGE, (time.monotonic() - began) / _SAVE_SHARE_MAX)


def is_table_call(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether these are the headers of a DynamoDB call."""
    return target(headers).startswith("DynamoDB_20120810.")


def is_read(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the operation that the headers name changes nothing; a call that names it in its body is no read."""
    return target(headers).partition(".")[2].startswith(_READS)


def target(headers: list[tuple[bytes, bytes]]) -> str:
    """The service and operation that a JSON call names in its headers, a dot between; "" where it names none."""
    return next((value for name, value in headers if name == _TARGET), b"").decode("latin-1")


def table_id_of(headers: list[tuple[bytes, bytes]], answer: list[MutableMapping[str, Any]]) -> str:
    """The id of the table that a call made; "" where it made none."""
    if not target(headers).partition(".")[2].startswith(_MAKES):
        return ""
    body = b"".join(message.get("body", b"") for message in answer if message["type"] == "http.response.body")
    try:
        return msgspec.json.decode(body, type=_Made).description.table_id
    except msgspec.DecodeError:
        return ""


class _Description(msgspec.Struct):
    table_id: str = msgspec.field(name="TableId", default="")


class _Made(msgspec.Struct):
    description: _Description = msgspec.field(name="TableDescription", default_factory=_Description)


def signed_service(headers: list[tuple[bytes, bytes]]) -> str:
    """The service that a request was signed for ("" where it is not signed): key/date/region/SERVICE/aws4_request."""
    signature = next((value for name, value in headers if name == b"authorization"), b"").decode("latin-1")
    scope = signature.partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) > 4 else ""


async def _whole_body(receive: Receive) -> bytes | None:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None  # the client has gone: nothing was done
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _ask(app: Application, scope: Scope, body: bytes) -> tuple[int, list[MutableMapping[str, Any]]]:
    given = False
    answer: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        answer.append(message)

    await app(scope, receive, send)
    status = next((message["status"] for message in answer if message["type"] == "http.response.start"), 500)
    return status, answer


def _scope(call: RecordedCall) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": call.query,
        "root_path": "",
        "headers": list(call.headers),
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "extensions": {},
    }


def _failure(text: str) -> list[MutableMapping[str, Any]]:
    body = b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "%s"}' % text.encode()
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": 500, "headers": headers}
    return [start, {"type": "http.response.body", "body": body, "more_body": False}]
