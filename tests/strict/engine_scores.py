"""How each engine answers the table of requests: ``make engines`` prints it. No engine has to be right; strict is.

Each line is an engine: how many requests it answers as the service does, how many it accepts that the service refuses,
refuses that the service accepts, refuses with another code, and answers with a status of 500 or more or not at all.
An engine that is absent is named with the reason; one that a request ends is started again. ``--cases`` prints each
request that is answered otherwise.
"""

import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from dynasmith.errors import NotOffered
from dynasmith.local import Engine, start_dynalite, start_ministack, start_moto
from dynasmith.strict import StrictServer
from strict.expression_cases import EXPRESSION_CASES
from strict.operation_cases import OPERATION_CASES
from strict.request_case import ACCEPTED, ITEMS, NO_ANSWER, CaseClient, tables

CASES = (*EXPRESSION_CASES, *OPERATION_CASES)
WAIT_SECONDS_MAX = 60.0
_KINDS = ("as the service", "accepted", "refused", "another code", "5xx or nothing")


Opened = Callable[[], AbstractContextManager[str]]


def engines() -> Iterator[tuple[str, Opened]]:
    """(name, what starts it and gives its endpoint) of every engine, and of strict in front of two of them."""
    for name, start in (("ministack", start_ministack), ("moto", start_moto), ("dynalite", start_dynalite)):
        yield name, _bare(start)
        if name != "dynalite":
            yield f"strict on {name}", _strict(start)
    external = os.environ.get("DYNASMITH_TEST_ENDPOINT")
    if external:
        yield "external", contextmanager(lambda: iter((external,)))


def _bare(start: Callable[[], Engine]) -> Opened:
    @contextmanager
    def opened() -> Iterator[str]:
        with start() as engine:
            yield engine.endpoint

    return opened


def _strict(start: Callable[[], Engine]) -> Opened:
    @contextmanager
    def opened() -> Iterator[str]:
        with start() as engine, StrictServer(engine.endpoint, clock="fast") as server:
            yield server.endpoint

    return opened


def prepared(endpoint: str) -> CaseClient:
    """A client of an engine on which the tables are ACTIVE and hold their items."""
    prefix = f"cases-{uuid.uuid4().hex[:8]}-"
    client = CaseClient(endpoint, prefix)
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    for stand_in, body in tables(prefix).items():
        client.send("CreateTable", body)
        while client.send("DescribeTable", {"TableName": stand_in})[1].get("Table", {}).get("TableStatus") != "ACTIVE":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{endpoint}: a table is not ACTIVE within {WAIT_SECONDS_MAX:.0f} s")
            time.sleep(0.05)
    for table, item in ITEMS:
        client.send("PutItem", {"TableName": table, "Item": item})
    return client


def kind_of(expected: str, got: str) -> str:
    """How an answer compares with the service's."""
    if got == expected:
        return "as the service"
    if got == NO_ANSWER or got[:1] == "5":
        return "5xx or nothing"
    if got == ACCEPTED:
        return "accepted"
    return "refused" if expected == ACCEPTED else "another code"


def score(name: str, opened: Opened) -> Counter[str]:
    """How many of the requests an engine answers how."""
    counts: Counter[str] = Counter()
    left = list(CASES)
    while left:
        with opened() as endpoint:
            client = prepared(endpoint)
            while left:
                case = left.pop(0)
                got = client.code(case)
                counts[kind_of(case.code, got)] += 1
                if got != case.code and "--cases" in sys.argv:
                    sys.stdout.write(f"  {name}: {case.name}: {got or 'accepted'}, not {case.code or 'accepted'}\n")
                if got == NO_ANSWER:
                    break
            client.close()
    return counts


def main() -> int:
    """Print the table."""
    sys.stdout.write(f"{len(CASES)} requests\n{'engine':<22}" + "".join(f"{kind:>16}" for kind in _KINDS) + "\n")
    for name, opened in engines():
        try:
            counts = score(name, opened)
        except NotOffered as error:
            sys.stdout.write(f"{name:<22} absent: {error}\n")
        else:
            sys.stdout.write(f"{name:<22}" + "".join(f"{counts[kind]:>16}" for kind in _KINDS) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
