"""Findings as SARIF 2.1.0 (OASIS), which code scanning and editors show at the lines of definition files. Pure."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from dynasmith.documentation import code_page
from dynasmith.validate.finding import AcceptedFinding, Finding, Severity, Verdict
from dynasmith.validate.report_text import is_unknown, reported_checks
from dynasmith.version import __version__

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final[dict[Severity, str]] = {"critical": "error", "warning": "warning", "notice": "note"}


def sarif(verdict: Verdict) -> dict[str, Any]:
    """The log: one run, a rule for each check, a result for each finding. Accepted findings are suppressed results;
    those of checks that could not judge are of the kind ``open``."""
    rules = [
        {
            "id": check.code,
            "shortDescription": {"text": f"{check.title}."},
            "fullDescription": {"text": f"{check.title}. {check.why}"},
            "helpUri": code_page(check.code),
            "help": {"text": f"{check.fix[0].upper()}{check.fix[1:]}."},
            "defaultConfiguration": {"level": _LEVELS[check.severity]},
        }
        for check in reported_checks()
    ]
    numbers = {str(rule["id"]): number for number, rule in enumerate(rules)}
    driver = {"name": "dynasmith", "version": __version__, "rules": rules}
    results = [*_results(verdict, numbers), *_accepted(verdict.accepted, numbers)]
    run = {"tool": {"driver": driver}, "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _results(verdict: Verdict, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    for finding in verdict.findings:
        result = _result(finding, numbers)
        # SARIF 3.27.9 and 3.27.10: only a failure has another level than none.
        yield result | {"kind": "open", "level": "none"} if is_unknown(verdict, finding) else result


def _accepted(accepted: tuple[AcceptedFinding, ...], numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    for each in accepted:
        suppression = {"kind": "inSource", "status": "accepted", "justification": each.reason}
        yield _result(each.finding, numbers) | {"suppressions": [suppression]}


def _result(finding: Finding, numbers: dict[str, int]) -> dict[str, Any]:
    place = f"{finding.table}.{finding.path}" if finding.path else finding.table
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}]}
    if finding.file:
        artifact = {"uri": _uri(finding.file)}
        location["physicalLocation"] = {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    return {
        "ruleId": finding.code,
        "ruleIndex": numbers[finding.code],
        "kind": "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.table}: {finding.why} Fix: {finding.fix}."},
        "locations": [location],
        "partialFingerprints": {"dynasmith/v1": f"{finding.code}:{place}"},
    }


def _uri(file: str) -> str:
    path = file.replace("\\", "/")
    if path.startswith("/"):
        return f"file://{quote(path)}"
    return f"file:///{quote(path, safe='/:')}" if path[1:3] == ":/" else quote(path)
