"""`Finding`: something about a table that should be otherwise; `Verdict`: all of them, and what was accepted."""

from typing import Literal

from msgspec import Struct

from dynasmith.errors import DynasmithError

Severity = Literal["critical", "warning", "notice"]

# From what must be fixed at once to what is good to know.
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "notice")


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding: the code of its check, where in the definition it belongs, why it matters and what fixes it.

    ``msgspec.to_builtins`` gives its JSON. ``path`` is in the words of a definition and empty where the finding
    concerns the table as a whole. ``file`` and ``line`` are the place in a definition file, where one is known.
    Each code has a page of the documentation, and never changes its meaning.
    """

    table: str
    code: str
    severity: Severity
    path: str
    why: str
    fix: str
    file: str = ""
    line: int = 0

    @property
    def sentence(self) -> str:
        """``table: CODE severity at path: why``: one line for a person."""
        place = f" at {self.path}" if self.path else ""
        return f"{self.table}: {self.code} {self.severity}{place}: {self.why}"


class AcceptedFinding(Struct, frozen=True, kw_only=True):
    """A finding that the definition accepts (``suppress``), with the reason that it gives."""

    finding: Finding
    reason: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What `examine` found: the findings that stand, worst first, those that the definition accepts, and by table the
    codes of the checks that could not judge. Every table that was examined is in ``unknown``; one that could not
    be is in ``failures``, with the error."""

    findings: tuple[Finding, ...] = ()
    accepted: tuple[AcceptedFinding, ...] = ()
    unknown: dict[str, tuple[str, ...]] = {}
    failures: dict[str, DynasmithError] = {}

    @property
    def critical(self) -> bool:
        """Whether a critical finding stands: what a door ends with exit code 3 for."""
        return any(finding.severity == "critical" for finding in self.findings)
