"""The report: what the pages of the console show, as one file for people who were not there: for CI, or to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from dynasmith.console.markup import render_blocks, surroundings
from dynasmith.console.page import PageRequest
from dynasmith.console.pages import history, jobs, plan, tables
from dynasmith.console.plan_desk import PlanChoice
from dynasmith.console.reader import TableReader
from dynasmith.console.standalone import standalone
from dynasmith.console.state import Console
from dynasmith.errors import DynasmithError
from dynasmith.project.project import world_of
from dynasmith.validate import Finding, Verdict
from dynasmith.version import __version__

PARTS: Final = (
    ("tables", "Tables"),
    ("plan", "Plan"),
    ("findings", "Findings"),
    ("jobs", "Jobs"),
    ("history", "History"),
)
TEMPLATE: Final = "report.html"
BLOCKS: Final = {
    "tables": (tables.page.template, "list"),
    "plan": (plan.page.template, "content"),
    "findings": (TEMPLATE, "findings"),
    "jobs": (jobs.page.template, "list"),
    "history": (history.page.template, "content"),
}
"""Of each part the template and the block of the page that shows it."""
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class HtmlReport:
    """A report. ``differing`` are the tables that differ from their definitions or are missing, ``critical`` counts
    critical findings, ``failures`` are sentences about what could not be read."""

    html: str = field(repr=False)
    tables: int
    differing: tuple[str, ...]
    findings: int
    critical: int
    failures: tuple[str, ...]


def report_of(console: Console) -> HtmlReport:
    """Read everything once, and write it down. Costs a few calls of the control plane for each table, and reads of the
    ledger of jobs and of the history of migrations. What cannot be read is said in its place."""
    request = PageRequest(console)
    reader = console.kept(TableReader)
    reader.read_now()
    rows = [tables.row(table) for table in reader.tables()]
    failures = [f"{row['name']}: {row['why']}" for row in rows if row["state"] == "failed"]
    verdict, parts = Verdict(), []
    for name, title in PARTS:
        data: Mapping[str, Any] = {}
        message, hint = reader.failure if name == "tables" else ("", "")
        try:
            data = _data(request, name)
        except DynasmithError as error:
            message, hint = console.masks(error.message), console.masks(error.hint)
        verdict = data.get("verdict", verdict)
        failures += [text for text in (message, data.get("message", "")) if text]
        parts.append(_part(console, name, {"id": name, "title": title, "message": message, "hint": hint}, data))
    failures += [f"{table}: {console.masks(error.message)}" for table, error in verdict.failures.items()]
    found = HtmlReport(
        html="",
        tables=len(rows),
        differing=tuple(row["name"] for row in rows if row["state"] in ("drift", "missing", "impossible")),
        findings=len(verdict.findings),
        critical=sum(each.severity == "critical" for each in verdict.findings),
        failures=tuple(dict.fromkeys(failures)),
    )
    return replace(found, html=_document(console, found, parts))


def _data(request: PageRequest, name: str) -> Mapping[str, Any]:
    """What a part shows: that of the page, made now and whole."""
    match name:
        case "plan":
            found = request.project.plan()
            return {
                "choice": PlanChoice(),
                "plan_id": "of this report",
                **plan.shown(request, found),
            }
        case "findings":
            verdict = request.project.validate()
            findings = [_near(each, world_of(request.project).settings.folder) for each in verdict.findings]
            return {
                "verdict": verdict,
                "worst": [each for each in findings if each.severity != "notice"],
                "notices": [each for each in findings if each.severity == "notice"],
                "accepted": len(verdict.accepted),
            }
        case "jobs":
            return jobs.view(request)
        case "history":
            return history.view(request)
        case _:
            return tables.view(request)


def _part(console: Console, name: str, about: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """A part with its heading, and why it could not be read."""
    inside = _block(console, *BLOCKS[name], {**about, **data}) if data else ""
    return _block(console, TEMPLATE, "part", about) + inside + _block(console, TEMPLATE, "closing", about)


def _document(console: Console, found: HtmlReport, parts: Sequence[str]) -> str:
    """The whole file, with the style inside."""
    about = {
        "parts": PARTS,
        "written_at": world_of(console.project).clock.now().isoformat(),
        "total": found.tables,
        "differing": len(found.differing),
        "critical": found.critical,
        "failed": len(found.failures),
        "version": __version__,
    }
    style = (files("dynasmith.console") / "static" / "style.css").read_text(encoding="utf-8")
    opening, ending = (_block(console, TEMPLATE, name, about) for name in ("opening", "ending"))
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            f"<title>{escape(f'Report of {console.where.environment}')}</title>\n",
            f'<style>\n{style}</style>\n</head>\n<body class="report">\n',
            standalone("".join([opening, *parts, ending])),
            "</body>\n</html>\n",
        ]
    )


def _block(console: Console, template: str, name: str, data: Mapping[str, Any]) -> str:
    """A block of a template of the console. What may be done on a page is left out later, with its forms."""
    return render_blocks(template, (name,), {**surroundings(console, None, ()), "changes": True, **data})[name]


def _near(finding: Finding, folder: str) -> Finding:
    """The finding with its file as it is called from the folder of the project."""
    path = Path(finding.file)
    base = Path(folder).absolute()
    return structs.replace(finding, file=str(path.relative_to(base))) if path.is_relative_to(base) else finding
