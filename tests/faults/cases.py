"""One case: a verb that meets faults at chosen places; and the judge of what became of it."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from faults.faults import FAULTS
from faults.messages import Request
from faults.proxy import READS, Armed, Exchange, FaultProxy
from faults.runner import Answer, Worker
from faults.verbs import PAGE, VERBS, VERIFIED_PAGE, Verb, World, needs_update

Place = Literal["first", "middle", "last"]
PLACES: tuple[Place, ...] = ("first", "middle", "last")


@dataclass(frozen=True)
class Struck:
    """A fault and the call that meets it. ``place`` is a page: of the scan, or of the items that a write holds.

    ``number`` names the call instead, among the different ones of its operation from 0, where faults share a run.
    """

    fault: str
    operation: str
    place: Place = "first"
    number: int | None = None


@dataclass(frozen=True)
class Case:
    """``always``: once it has struck, every later call of the operation meets the fault too."""

    verb: str
    struck: tuple[Struck, ...]
    always: bool = False
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As a test is called."""
        how = "always" if self.always else "once"
        faults = " + ".join(f"{each.fault} ({each.operation}, {_at(each)})" for each in self.struck)
        return " ".join([self.verb, *self.options, how, "|", faults])


def _at(struck: Struck) -> str:
    return struck.place if struck.number is None else f"call {struck.number}"


def armed(struck: Struck, verb: Verb, *, always: bool) -> Armed:
    """The fault of a case, waiting for its call."""
    fault = FAULTS[struck.fault]
    order = verb.order
    if verb.name == "backfill" and struck.operation != "Scan":
        order = [key for key in order if needs_update(key) == (struck.operation == "UpdateItem")]
    place = {"first": order[0], "middle": order[len(order) // 2], "last": order[-1]}[struck.place]
    key = _spaceless(json.dumps({"S": place}).encode())

    async def wants(exchange: Exchange) -> bool:
        request = exchange.request
        if fault.later and (exchange.before is None or (struck.operation == "Scan" and _start(request) is None)):
            return False
        if struck.number is not None:
            return exchange.number == struck.number or fault.later
        if struck.operation == "Scan":
            return await _scanned(exchange, struck.place)
        return struck.operation in READS or key in _spaceless(request.body)

    return Armed(frozenset({struck.operation}), fault.strike, wants, None if always else 1)


def _start(request: Request) -> object:
    return request.json.get("ExclusiveStartKey")


async def _scanned(exchange: Exchange, place: Place) -> bool:
    """Whether a Scan is at its place; with several segments, that of the segment that comes there first."""
    if exchange.request.json.get("Limit") not in (PAGE, VERIFIED_PAGE):  # the look of a backfill before it begins
        return False
    if place == "first":
        return _start(exchange.request) is None
    more = "LastEvaluatedKey" in (await exchange.forward()).json
    return more == (place == "middle") and _start(exchange.request) is not None


def _spaceless(body: bytes) -> bytes:
    return body.replace(b'": ', b'":')


@dataclass(frozen=True)
class Verdict:
    """What became of a case. ``wrong`` is empty where all is well; ``met`` counts the calls that met a fault."""

    case: Case
    met: int
    answer: Answer
    wrong: str

    def __str__(self) -> str:
        return f"{self.case.name}\n{self.wrong}\n{self.answer}"


def judge(case: Case, world: World, proxy: FaultProxy, worker: Worker, environment: dict[str, str]) -> Verdict:
    """Run the case. Equal with exit 0, or a sentence with another code and then equal once the job is resumed."""
    verb = VERBS[case.verb](world)
    faults = [armed(each, verb, always=case.always) for each in case.struck]
    proxy.arm(*faults)
    try:
        answer = worker.run(world.folder, environment, *verb.words(), *case.options, failing=case.always)
        proxy.calm()
        wrong = _wrong(case, verb, answer)
        if not wrong and answer.code not in verb.expected_codes() and verb.resumable:
            wrong = _after_resume(verb, world, worker, environment)
        return Verdict(case, sum(fault.hits for fault in faults), answer, wrong)
    finally:
        proxy.calm()
        verb.end()


def _wrong(case: Case, verb: Verb, answer: Answer) -> str:
    if answer.code is None:
        return "it hung"
    if answer.code in verb.expected_codes():
        return verb.wrong()
    if not answer.plain:
        return "it ended without a sentence"
    if isinstance(verb, VERBS["verify"]) and answer.code in (0, 3):
        return "it says what is not so"
    faults = [FAULTS[each.fault] for each in case.struck]
    if not case.always and not any(fault.stops for fault in faults):
        return "it ended, and a retry would have repaired it"
    if all(fault.legal for fault in faults):
        return "it ended, and nothing was wrong"
    return ""


def _after_resume(verb: Verb, world: World, worker: Worker, environment: dict[str, str]) -> str:
    listed = worker.run(world.folder, environment, "jobs", "list", "--json")
    jobs: list[dict[str, Any]] = [job for job in json.loads(listed.out) if job["state"] not in ("done", "cancelled")]
    if jobs:
        again = worker.run(world.folder, environment, "jobs", "resume", jobs[-1]["id"])
    else:  # it ended before a job was begun: there is nothing to resume, and the same command begins it
        again = worker.run(world.folder, environment, *verb.words())
    if again.code != 0:
        return f"resumed, it ended again:\n{again}"
    differs = verb.wrong()
    return f"resumed, {differs}" if differs else ""
