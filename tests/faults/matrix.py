"""Which cases there are: a covering part for ``make test``, and the product of everything for ``make faults``."""

import itertools
from collections.abc import Iterator, Sequence

from faults.cases import PLACES, Case, Place, Struck
from faults.fault import Fault
from faults.faults import FAULTS
from faults.verbs import ITEMS, PAGE, VERBS

TRANSPORTS = ("direct", "aiohttp", "botocore")
LOOKED_UP = frozenset({"GetItem", "BatchGetItem"})
"""Reads by key: they have no place among the pages, and a run has few of them."""
FIRST_ONLY = {("copy skip-existing", "PutItem"), ("populate csv", "PutItem")}
"""Where an operation is called for the first item only, to find out whether statements can be used."""
ALWAYS_EACH = 8
"""One fault in so many meets every call of its operation in ``make test``; all do in ``make faults``."""
ENDLESS = frozenset({"a whole batch unprocessed"})
"""Faults that only slow a job down: met forever they take it to the lowest pace, where each page takes minutes."""
PAGES = -(-ITEMS // PAGE)


def verbs_of(fault: Fault) -> list[str]:
    """The verbs that call what the fault strikes."""
    return [name for name, verb in VERBS.items() if fault.operations & verb.uses]


def options_of(verb: str, transport: str) -> tuple[str, ...]:
    """The options of a case. A backfill has no transport to choose, a verification no segments."""
    chosen = () if verb == "backfill" or transport == "direct" else ("--transport", transport)
    return chosen if verb.startswith(("verify", "populate")) else ("--segments", "1", *chosen)


def packed() -> Iterator[Case]:
    """Every fault with every verb once: many in one run, each on a page of its own, over transports in turn.

    A fault that may end a job has a run of its own; whether the engine has done the call is then in turn too.
    """
    for place, name in enumerate(VERBS):
        groups: dict[tuple[str, ...], list[Struck]] = {}
        for number, fault in enumerate(FAULTS.values()):
            operations = _weighted(name, fault)
            if not operations or not _turn(name, fault, number):
                continue
            operation = operations[(number // 2 + place) % len(operations)]
            options = options_of(name, TRANSPORTS[(number + place) % len(TRANSPORTS)])
            if fault.stops:
                if fault.name.endswith(", done") == bool(place % 2) or operation == "Scan":
                    where = _place(name, operation, PLACES[number % len(PLACES)])
                    yield Case(name, (Struck(fault.name, operation, where),), options=options)
            else:
                groups.setdefault(options, []).append(Struck(fault.name, operation))
        for options, struck in groups.items():
            yield from (Case(name, each, options=options) for each in _runs(name, struck))


def _weighted(name: str, fault: Fault) -> list[str]:
    """The operations of a verb that a fault strikes; those that a run calls often more often."""
    found = [each for each in sorted(fault.operations & VERBS[name].uses) if not fault.later or _room(name, each) > 1]
    return [each for each in found for _ in range(3 if _room(name, each) == PAGES else 1)]


def _room(name: str, operation: str) -> int:
    """How many calls of an operation a run of the verb is sure to make."""
    if (name, operation) in FIRST_ONLY or operation == "GetItem":
        return 1
    if operation == "BatchGetItem":
        return 1 if name.startswith("verify") else 5
    return PAGES


def _turn(name: str, fault: Fault, number: int) -> bool:
    """Whether it is this variant's turn: every fault meets every verb, and its variants in turn."""
    family = [each for each in verbs_of(fault) if each.split()[0] == name.split()[0]]
    return family[(number // 2 if fault.stops else number) % len(family)] == name


def _runs(name: str, struck: Sequence[Struck]) -> Iterator[tuple[Struck, ...]]:
    """The faults on pages of their own, operation by operation."""
    left = list(struck)
    while left:
        taken: list[Struck] = []
        pages: dict[str, Iterator[int]] = {}
        for each in left:
            page = next(pages.setdefault(each.operation, iter(range(_room(name, each.operation)))), None)
            if page is not None:
                taken.append(Struck(each.fault, each.operation, number=page))
        names = {(each.fault, each.operation) for each in taken}
        left = [each for each in left if (each.fault, each.operation) not in names]
        yield tuple(taken)


def always() -> Iterator[Case]:
    """One fault in ALWAYS_EACH, met by every call from one place on; verbs, places, transports and segments in turn."""
    for number, fault in enumerate(FAULTS.values()):
        if number % ALWAYS_EACH:
            continue
        turn = number // ALWAYS_EACH
        verbs = verbs_of(fault)
        name = verbs[turn % len(verbs)]
        operations = sorted(fault.operations & VERBS[name].uses)
        operation = operations[turn % len(operations)]
        yield Case(
            name,
            (Struck(fault.name, operation, _place(name, operation, PLACES[turn % len(PLACES)])),),
            always=True,
            options=_segmented(
                options_of(name, TRANSPORTS[turn // 2 % len(TRANSPORTS)]), _several(name, operation, turn)
            ),
        )


def _several(name: str, operation: str, turn: int) -> bool:
    """Whether it is the turn of several segments: the calls that choose between ways are sure in one segment only."""
    return bool(turn % 2) and _room(name, operation) > 1


def _segmented(options: tuple[str, ...], several: bool = True) -> tuple[str, ...]:
    return ("--segments", "4", *options[2:]) if options[:1] == ("--segments",) and several else options


def _place(name: str, operation: str, place: Place) -> Place:
    return "first" if (name, operation) in FIRST_ONLY else place


def in_processes() -> Iterator[Case]:
    """Some faults where the segments are moved by two processes."""
    some = (
        "200 empty object", "an item dropped", "UnprocessedItems: an invented item", "Responses: one shorter",
    )  # fmt: skip
    for number, name in enumerate(some):
        fault = FAULTS[name]
        verb = "copy skip-existing" if "BatchExecuteStatement" in fault.operations and number % 2 else "copy"
        for operation in sorted(fault.operations & VERBS[verb].uses - LOOKED_UP - {"PutItem"}):
            options = ("--segments", "4", "--processes", "2", *(("--transport", "aiohttp") if number % 2 else ()))
            yield Case(verb, (Struck(name, operation, PLACES[number % 3]),), always=number == 2, options=options)


def everything() -> Iterator[Case]:
    """The product: fault, verb, operation, place, once and always, segments, processes, transport."""
    for (name, verb), fault in itertools.product(VERBS.items(), FAULTS.values()):
        for operation in sorted(fault.operations & verb.uses):
            once = operation in LOOKED_UP or (name, operation) in FIRST_ONLY
            places = PLACES[:1] if once else PLACES
            for place, ever, options in itertools.product(places, (False, True), _every_option(name, operation)):
                if ever and fault.name in ENDLESS:
                    continue
                if not (fault.later and (place == "first" or _room(name, operation) == 1)):
                    yield Case(name, (Struck(fault.name, operation, place),), ever, options)


def _every_option(name: str, operation: str) -> Iterator[tuple[str, ...]]:
    for transport in TRANSPORTS if name != "backfill" else TRANSPORTS[:1]:
        options = options_of(name, transport)
        yield options
        if options[:1] == ("--segments",) and _room(name, operation) > 1:
            yield _segmented(options)
            if name.startswith("copy") and transport != "botocore":
                yield (*_segmented(options), "--processes", "2")
