"""`check_table`: what should be otherwise about one table. Pure; `examine` also says what was accepted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from msgspec.structs import replace as replaced

from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table, known
from dynasmith.validate.check import Check, FirstPass, Problem, Subject, Surroundings
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.finding import SEVERITIES, AcceptedFinding, Finding, Verdict
from dynasmith.validate.item_checks import ITEM_CHECKS
from dynasmith.validate.live_facts import LIVE_FACTS, is_known

_NOTHING_KNOWN = Surroundings()


def check_table(
    desired: Table | None,
    description: TableDescription | None,
    around: Surroundings = _NOTHING_KNOWN,
    *,
    offline: bool = False,
) -> tuple[Finding, ...]:
    """The findings that stand, worst first; empty where all is well. See `examine`."""
    return examine(desired, description, around, offline=offline).findings


def examine(
    desired: Table | None,
    description: TableDescription | None,
    around: Surroundings = _NOTHING_KNOWN,
    *,
    offline: bool = False,
) -> Verdict:
    """Every check on one table. Costs no call: what was read comes in as arguments.

    ``desired`` is None for a table that no definition has, ``description`` for one that does not exist, and a
    ValueError says so where both are. With a description the live table is judged, and its difference from the
    definition; without one the definition. ``offline`` leaves the live table and every check of it out. ``suppress``
    of the definition moves findings to ``accepted``, whatever their severity; an entry that matches nothing is a
    finding itself (DS007), unless the check could not judge here. ``unknown`` names the checks that could not, those of
    items among them: no item is read here.
    """
    subject = Subject(desired, None if offline else description, around, offline)
    table = subject.table.name
    of_items = {check.code for check in ITEM_CHECKS}
    unknown = {check.code for check in CHECKS if not _is_known(check, subject)} | of_items
    found = [finding for check in CHECKS if not check.last for finding in _findings(check, subject, table, unknown)]
    first = FirstPass(
        codes=frozenset(check.code for check in CHECKS) | of_items,
        judged=frozenset(check.code for check in CHECKS if _can_judge(check, subject)) - unknown,
        found=frozenset(finding.code for finding in found),
    )
    subject = replace(subject, first=first)
    found += [finding for check in CHECKS if check.last for finding in _findings(check, subject, table, unknown)]
    return replaced(_sorted_out(found, desired), unknown={table: tuple(sorted(unknown))})


def _findings(check: Check, subject: Subject, table: str, unknown: set[str]) -> Iterator[Finding]:
    """What a check finds; its code goes into ``unknown`` where it says that it could not judge."""
    if check.live and subject.live is None:
        return
    for problem in check.look(subject):
        if problem.unknown:
            unknown.add(check.code)
        yield _finding(check, problem, table)


def _is_known(check: Check, subject: Subject) -> bool:
    """Whether everything could be read that a check looks at."""
    # replicas.eu-west-1 is one Region of them, replicas.eu-west-1.tags the tags there.
    unread = {each.rpartition(".")[2] if each.endswith(".tags") else each.partition(".")[0] for each in subject.unread}
    if (check.live and subject.live is None) or (check.online and subject.offline):
        return False
    facts = (getattr(subject.around, part) for part in check.asks if part in LIVE_FACTS)
    return unread.isdisjoint(check.reads) and all(map(is_known, facts))


def _can_judge(check: Check, subject: Subject) -> bool:
    """Whether the silence of a check means that all is well: all that it needs to know is known, and there is some."""
    return _is_known(check, subject) and all(getattr(subject.around, part) for part in check.asks)


def _finding(check: Check, problem: Problem, table: str) -> Finding:
    return Finding(
        table=table,
        code=check.code,
        severity=problem.severity or check.severities[0],
        path=problem.path,
        why=f"{problem.what} {check.why}",
        fix=problem.fix or check.fix,
    )


def _sorted_out(found: Sequence[Finding], desired: Table | None) -> Verdict:
    reasons = {entry.code: entry.reason for entry in known(desired.suppress, ())} if desired is not None else {}
    ordered = sorted(found, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code, finding.path))
    # Only checks of the first pass can be accepted: a suppression of DS007 would hide itself.
    last = {check.code for check in CHECKS if check.last}
    accepted = [finding for finding in ordered if finding.code in reasons and finding.code not in last]
    return Verdict(
        findings=tuple(finding for finding in ordered if finding not in accepted),
        accepted=tuple(AcceptedFinding(finding=finding, reason=reasons[finding.code]) for finding in accepted),
    )
