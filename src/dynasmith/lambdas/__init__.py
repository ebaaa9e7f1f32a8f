"""The function that runs verbs next to the tables. Its handler is ``dynasmith.lambdas.handler``.

It is called by ``--remote``; docs/guide/lambda.md has the protocol.
"""

from __future__ import annotations

from dynasmith.lambdas.invocation import handler

__all__ = ["handler"]
