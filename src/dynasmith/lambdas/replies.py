"""Replies, as they are made of a request."""

from __future__ import annotations

from typing import Any

from dynasmith.errors import DynasmithError
from dynasmith.remote.protocol import VERSION, Reply, ReplyError, Request, Status
from dynasmith.version import __version__


def request_reply(request: Request, status: Status, **parts: Any) -> Reply:
    """A reply to a request: what identifies it is repeated."""
    return Reply(
        v=VERSION,
        request_id=request.request_id,
        invocation=request.invocation,
        dry_run=request.dry_run,
        environment=request.environment,
        tool=__version__,
        status=status,
        **parts,
    )


def error_of(error: DynasmithError) -> ReplyError:
    """An error as a program reads it."""
    return ReplyError(code=error.code, message=error.message, hint=error.hint, exit=error.exit)
