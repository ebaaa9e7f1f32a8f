"""A checklist of best practices for tables (a Terraform guide had it): which check answers a line, or why none can.

Every line is either judged by checks, or is not knowable from definitions and live tables alone; then ``instead`` says
what there is for it. `checklist` says of each line and table how it stands.
"""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from dynasmith.validate.finding import Finding, Verdict

PracticeState: TypeAlias = Literal["passed", "finding", "cannot be known here"]
"""How a line stands: every check of it passed (or its finding is accepted), one found something, or one could not judge
and the others found nothing."""


class Practice(Struct, frozen=True, kw_only=True):
    """One line of the checklist, the codes that judge it, and what is not knowable from here, and why."""

    text: str
    codes: tuple[str, ...] = ()
    instead: str = ""


CHECKLIST: tuple[Practice, ...] = (
    Practice(
        text="Enable encryption at rest",
        codes=("DS010", "DS012"),
        instead="Every table is encrypted, also one that shows no SSEDescription: AWS owns its key then, "
        "and that is not a finding. Only you know which key you need: set `encryption`, and DS004 finds a table that "
        "has another.",
    ),
    Practice(text="Enable point-in-time recovery for production tables", codes=("DS020", "DS021", "DS061")),
    Practice(
        text="Configure automated backups for compliance",
        codes=("DS023", "DS024", "DS025", "DS026"),
    ),
    Practice(text="Use auto-scaling for provisioned tables", codes=("DS030", "DS031", "DS032")),
    Practice(text="Enable deletion protection for critical tables", codes=("DS022", "DS062")),
    Practice(text="Tag all resources consistently", codes=("DS070", "DS071", "DS072", "DS073")),
    Practice(
        text="Monitor CloudWatch metrics regularly",
        codes=("DS035", "DS074", "DS075"),
        instead="Who looks at the metrics is not known.",
    ),
    Practice(
        text="Test restore procedures periodically",
        codes=("DS027",),
        instead="Restores that another tool made are not known: dynasmith tags the table when it verified one.",
    ),
    Practice(
        text="Use least-privilege IAM policies",
        codes=("DS011", "DS013", "DS014"),
        instead="Not knowable from here: the policies of roles and users are in IAM. That of the table is judged.",
    ),
    Practice(
        text="Enable CloudTrail for audit logging",
        codes=("DS015",),
        instead="Event data stores of CloudTrail Lake are not looked at.",
    ),
    Practice(text="Document table schema and access patterns", codes=("DS003", "DS080", "DS081")),
    Practice(
        text="Implement TTL for temporary data",
        codes=("DS054", "DS076"),
        instead="Whether items are temporary is not to be seen in a table. Say `time_to_live`, and DS004 finds a table "
        "without it; --items all says whether TTL can delete the items (DS076), and a sample only that it cannot.",
    ),
    Practice(
        text="Use appropriate billing mode for workload",
        codes=("DS030", "DS033", "DS034"),
    ),
)


class PracticeResult(Struct, frozen=True, kw_only=True):
    """How one line of the checklist stands for one table. ``point`` counts from 1; ``codes`` are its checks, ``found``
    those that found something, ``why`` is empty for a line that passed."""

    table: str
    point: int
    practice: str
    state: PracticeState
    codes: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``--checklist --json`` shows it."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def checklist(verdict: Verdict) -> tuple[PracticeResult, ...]:
    """The thirteen lines for each table that was examined, in the order of the list."""
    return tuple(_results(verdict))


def _results(verdict: Verdict) -> Iterator[PracticeResult]:
    for table, unknown in verdict.unknown.items():
        findings = [each for each in verdict.findings if each.table == table]
        for point, practice in enumerate(CHECKLIST, start=1):
            yield _result(table, point, practice, findings, unknown)


def _result(
    table: str, point: int, practice: Practice, findings: list[Finding], unknown: tuple[str, ...]
) -> PracticeResult:
    open_codes = [code for code in practice.codes if code in unknown]
    own = [each for each in findings if each.code in practice.codes]
    real = [each for each in own if each.code not in unknown]
    state: PracticeState = "passed"
    why = ""
    if real:
        state, why = "finding", " ".join(each.why for each in real)
    elif open_codes or not practice.codes:
        state = "cannot be known here"
        said = " ".join(each.why for each in own)
        why = said or practice.instead or f"{', '.join(open_codes)} could not be judged."
    return PracticeResult(
        table=table,
        point=point,
        practice=practice.text,
        state=state,
        codes=practice.codes,
        found=tuple(dict.fromkeys(each.code for each in real)),
        why=why,
    )
