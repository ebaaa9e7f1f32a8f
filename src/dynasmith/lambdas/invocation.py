"""One invocation: the request is read, the project opened, the command run, and one reply given back."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace as dataclass_replace
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import DynasmithError, UsageError
from dynasmith.lambdas.deadline import Deadline, StoppableClock
from dynasmith.lambdas.jobs import PLACES, JobCommand
from dynasmith.lambdas.migrations import MigrationCommand
from dynasmith.lambdas.replies import error_of, request_reply
from dynasmith.lambdas.request_run import RequestRun
from dynasmith.lambdas.tables import EnsureCommand
from dynasmith.masking import masked
from dynasmith.project.factory import load_world
from dynasmith.project.world import SystemClock
from dynasmith.remote.protocol import REPLY_BYTES_MAX, VERSION, Reply, ReplyError, Request, decode_request
from dynasmith.version import __version__

_log = logging.getLogger("dynasmith.lambdas")

COMMANDS: Final[Mapping[str, Callable[[RequestRun], Reply]]] = {
    "migrate": lambda run: MigrationCommand(run).reply(),
    "ensure": lambda run: EnsureCommand(run).reply(),
    **dict.fromkeys(PLACES, lambda run: JobCommand(run).reply()),
}
"""What runs a command, by the first word of its name."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request of ``--remote``, or a part of it where the function's time ends before the work does.

    Never raises: an event that is no request gets a reply with an error. The project is that of the function's own
    folder (``LAMBDA_TASK_ROOT``), in the environment that the request names. When it returns nothing runs on.
    """
    try:
        request = decode_request(event)
    except UsageError as error:
        return _encoded(_refused(event, error))
    try:
        reply = _answered(request, context)
    except DynasmithError as error:
        reply = request_reply(request, "error", error=error_of(error))
    except Exception as error:  # noqa: BLE001  # the client gets a sentence, and the log the trace
        _log.exception("The request failed")
        said = masked(f"Unexpected {type(error).__name__}: {error}")
        hint = "this is a fault in dynasmith; the log of the function shows where"
        reply = request_reply(request, "error", error=ReplyError(code="error", message=said[:500], hint=hint))
    return _encoded(reply)


def _answered(request: Request, context: Any) -> Reply:
    group, _, name = request.command.partition(".")
    if group not in COMMANDS or (group == "migrate" and not name):
        raise UsageError(
            f"This function has no command {request.command}.", hint=f"there are: {', '.join(sorted(COMMANDS))}"
        )
    stop = StopRequest()
    clock = StoppableClock(SystemClock(), stop)
    folder = os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()
    opened = load_world(env=request.environment, directory=folder, clock=clock)
    world = dataclass_replace(opened, for_shell=True)  # the client that gets its errors puts them into words of its own
    try:
        with Deadline(context, stop, request.reserve_ms) as deadline:
            run = RequestRun(request=request, context=context, world=world, stop=stop, clock=clock, deadline=deadline)
            try:
                return COMMANDS[group](run)
            except DynasmithError as error:
                error.message, error.hint = world.masks(error.message), world.masks(error.hint)
                return request_reply(request, "error", error=error_of(error))
    finally:
        world.close()


def _refused(event: Any, error: DynasmithError) -> Reply:
    said = event if isinstance(event, dict) else {}
    request_id, invocation, environment = (
        str(said.get(name) or "")[:100].encode("utf-8", "replace").decode()
        for name in ("request_id", "invocation", "environment")
    )
    dry = said.get("dry_run")
    return Reply(
        v=VERSION,
        request_id=request_id,
        invocation=invocation,
        environment=environment,
        dry_run=dry if isinstance(dry, bool) else None,
        tool=__version__,
        status="error",
        error=error_of(error),
    )


def _encoded(reply: Reply) -> dict[str, Any]:
    """A reply that Lambda can carry: one that is too long goes without the lines of the migrations, else it is an
    error."""
    for each in (reply, replace(reply, log=[])):
        content = msgspec.json.encode(each)
        if len(content) <= REPLY_BYTES_MAX:
            return _plain(content)
    error = ReplyError(
        code="run",
        message=f"The answer has {len(content):,} bytes, and a function gives at most {REPLY_BYTES_MAX:,}.",
        hint="ask for less: one migration with `migrate show`; or run it without --remote",
    )
    return _plain(msgspec.json.encode(replace(reply, log=[], result=None, ask=None, status="error", error=error)))


def _plain(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(content)
    return found
