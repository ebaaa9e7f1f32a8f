"""A function that runs dynasmith next to the tables, as its client sees it."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct


class InvocationOutcome(Struct, frozen=True, kw_only=True):
    """How one invocation ended. ``answered`` with a ``body``; ``failed`` where the function's error proves that it is
    over; ``lost`` where the connection was lost, and it may run on. ``reason`` says why it was not answered."""

    kind: Literal["answered", "failed", "lost"]
    body: bytes = b""
    reason: str = ""


class RemoteFunction(Protocol):
    """A function."""

    @property
    def name(self) -> str:
        """Its name or ARN."""
        ...

    def invoke(self, body: bytes) -> InvocationOutcome:
        """Send a request once and wait for its end, at most 15 minutes. Raises DynasmithError where it was not
        invoked."""
        ...
