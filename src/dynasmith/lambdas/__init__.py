"""The function that runs verbs next to the tables. Its handler is ``dynasmith.lambdas.handler``.

It is called by ``--remote``; docs/guide/lambda.md has the protocol. ``dynasmith.lambdas.tick`` goes on with detached
applies.
"""

from __future__ import annotations

from dynasmith.lambdas.invocation import handler
from dynasmith.lambdas.tick import tick

__all__ = ["handler", "tick"]
