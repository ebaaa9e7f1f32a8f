"""Is the live table what its definition says? The same difference as `plan` and `check` see."""

from collections.abc import Iterator

from dynasmith.plans.diff import diff
from dynasmith.plans.explain import explain
from dynasmith.plans.make import without
from dynasmith.plans.notes import notes
from dynasmith.plans.own_arns import own_arns
from dynasmith.validate.check import Check, Problem, Subject

_REBUILT = "see dynasmith plan: this takes another table, or an index that is built again"


def _drift(subject: Subject) -> Iterator[Problem]:
    if subject.desired is None or subject.live is None:
        return
    wish = own_arns(without(subject.desired, subject.unread), subject.live)
    for change in diff(wish, subject.live.table):
        line = explain(change)
        if line.path == "access":
            continue  # DS014 says it entry by entry
        fix = _REBUILT if line.symbol == "±" else ""
        yield Problem(line.path, f"The live table differs from its definition: {line.text}.", fix=fix)


def _undefined(subject: Subject) -> Iterator[Problem]:
    if subject.desired is None or subject.live is None:
        return
    for note in notes(subject.desired, subject.live, unoffered={}, prune=False):
        if note.kind == "undefined":
            yield Problem(note.path, f"{note.text[0].upper()}{note.text[1:]}.")


def _reported(subject: Subject) -> Iterator[Problem]:
    for text in () if subject.live is None else subject.live.notices:
        yield Problem("", f"{text[0].upper()}{text[1:]}.")


CHECKS = (
    Check(
        code="DS004",
        title="The live table is as defined",
        why="One of the two was changed, and the next apply changes the table.",
        fix="dynasmith plan shows what would change, dynasmith apply does it; or change the definition",
        source="design: drift is the difference of definition and live table",
        severities=("warning",),
        look=_drift,
        live=True,
    ),
    Check(
        code="DS005",
        title="Everything that the table has is defined",
        why="Plans leave it alone, it costs money, and a table created from the definition will not have it.",
        fix="add it to the definition, or remove it with dynasmith apply --prune",
        source="design: what a definition lacks is removed only with consent",
        severities=("notice",),
        look=_undefined,
        live=True,
    ),
    Check(
        code="DS008",
        title="The table has nothing that plans leave alone",
        why="No plan changes it, and a table created from the definition will not have it.",
        fix="manage it with the tool that created it; nothing has to be done here",
        source="contracts: reported, never planned, never dropped",
        severities=("notice",),
        look=_reported,
        live=True,
    ),
)
