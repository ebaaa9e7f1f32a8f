"""reference/findings/ and reference/diagnoses/: a page for each code of `validate` and of `diagnose`.

The example of a page is a case of the tests: a table about which nothing else is found, and the finding that it raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from dynasmith.project.verbs.diagnosis.causes import CAUSES, KnownCause
from dynasmith.tables.document_of import document_of
from dynasmith.tables.render import yaml_text
from dynasmith.tables.table import Table
from dynasmith.validate import examine
from dynasmith.validate.check import Check
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.finding import Finding
from dynasmith.validate.item_checks import ITEM_CHECKS, ItemCheck
from pages.findings import findings_index
from validate.case import Case
from validate.tables import GOOD, live
from validate.test_checks import CASES

EVERY_CHECK: Final[tuple[Check | ItemCheck, ...]] = (*CHECKS, *ITEM_CHECKS)
_ITEMS: Final = "with `--items`, which reads items"
_STATES: Final = {"status", "unread", "notices"}


def finding_pages() -> Mapping[str, str]:
    """The pages of `validate`, by their place, and their list."""
    pages = {f"reference/findings/{each.code}.md": _check_page(each) for each in EVERY_CHECK}
    names = [each.code for each in EVERY_CHECK]
    return {"reference/findings/index.md": findings_index() + contents(names), **pages}


def contents(names: list[str]) -> str:
    """The pages below a list."""
    return "\n".join(["", "```{toctree}", ":hidden:", "", *names, "```", ""])


def _check_page(check: Check | ItemCheck) -> str:
    looks = _ITEMS
    if isinstance(check, Check):
        looks = (
            "the live table; left out with `--offline`" if check.live or check.online else "definition and live table"
        )
    severity = " or ".join(check.severities)
    lines = [f"# {check.code}: {check.title}", "", f"**If this does not hold**: {check.why}", ""]
    lines += [f"**What to do**: {check.fix}.", ""]
    lines += ["| | |", "|---|---|", f"| severity | {severity}{f': {check.when}' if check.when else ''} |"]
    lines += [f"| looks at | {looks} |", f"| source | {check.source} |", ""]
    lines += ["## Example", "", *_example(check), ""]
    lines += [
        "To accept it for one table, with the reason:",
        "",
        "```yaml",
        f"suppress: [{{code: {check.code}, reason: why it is meant}}]",
        "```",
        "",
        "[Validate](../../guide/validate.md) says how to use the command; its JSON and SARIF name this page.",
    ]
    return "\n".join(lines) + "\n"


def case_of(code: str) -> tuple[Case, Finding]:
    """A case of the tests in which the check finds something, and what it says; one that finds nothing else where there
    is one."""
    cases = sorted(
        (case for case in CASES if code in {found for found, _, _ in case.found}), key=lambda c: len(c.found)
    )
    case = cases[0]
    verdict = examine(case.desired, case.live, case.around, offline=case.offline)
    return case, next(each for each in verdict.findings if each.code == code)


def _example(check: Check | ItemCheck) -> Iterator[str]:
    if isinstance(check, ItemCheck):
        yield from ("```console", "$ dynasmith validate orders --items 1000", "```")
        return
    case, finding = case_of(check.code)
    yield from _shown("In the definition:", case.desired, GOOD)
    if case.live is not None:
        yield from _shown("Of the live table:", case.live.table, live().table)
        facts = {
            name: getattr(case.live, name) for name in _STATES if getattr(case.live, name) != getattr(live(), name)
        }
        if facts:
            yield from ("What the service says:", "", "```yaml", yaml_text(_plain(facts)).rstrip("\n"), "```", "")
    elif not case.offline:
        yield from ("The live table does not exist.", "")
    command = "dynasmith validate orders --offline" if case.offline else "dynasmith validate orders"
    yield from ("```text", f"$ {command}", *_printed(finding), "```")


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}


def _shown(words: str, table: Table | None, good: Table) -> Iterator[str]:
    """What of a table is not as in the good one."""
    if table is None:
        yield from ("The table has no definition.", "")
        return
    document, usual = (document_of(_typed(each), each.name) for each in (table, good))
    other = {key: value for key, value in document.items() if value != usual.get(key)}
    missing = [key for key in usual if key not in document]
    if not other and not missing:
        return
    text = yaml_text(other).rstrip("\n") if other else ""
    absent = [f"# {', '.join(missing)}: not there"] if missing else []
    yield from (words, "", "```yaml", *([text] if text else []), *absent, "```", "")


def _typed(table: Table) -> Table:
    """The table as a file would give it: a whole number of a case is a float where the type says so."""
    return msgspec.json.decode(msgspec.json.encode(table), type=Table)


def _printed(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity}  {finding.code}  {finding.table} {finding.path}".rstrip()
    yield f"  {finding.why}"
    yield f"  Fix: {finding.fix}"


_DIAGNOSES: Final = """\
# Findings of `dynasmith diagnose`

A code never changes its meaning and is never used again. A finding says what was seen, and the command that ends it;
with `--fix` those marked *fixable* are fixed after a question. How to use it: [throttling](../../guide/throttling.md),
[scheduled backups](../../guide/backup-schedules.md), [triggers](../../guide/triggers.md).
"""
_SUBJECTS: Final = {"backup": "Scheduled backups", "throttling": "Throttling", "trigger": "Triggers"}


def diagnosis_pages() -> Mapping[str, str]:
    """The pages of `diagnose`, by their place, and their list."""
    lines = [_DIAGNOSES]
    for subject, title in _SUBJECTS.items():
        lines += [f"## {title}", "", "| code | cause |", "|---|---|"]
        lines += [
            f"| [{each.code}]({each.code}.md) | {each.title}{' (*fixable*)' if each.fixable else ''} |"
            for each in CAUSES
            if each.subject == subject
        ]
        lines.append("")
    index = "\n".join(lines) + contents([each.code for each in CAUSES])
    return {
        "reference/diagnoses/index.md": index,
        **{f"reference/diagnoses/{each.code}.md": _cause_page(each) for each in CAUSES},
    }


def _cause_page(cause: KnownCause) -> str:
    why, seen, fix = cause.example
    fixes = [f"`{cause.command} --fix` fixes it, after a question.", ""] if cause.fixable else []
    return "\n".join(
        [
            f"# {cause.code}: {cause.title}",
            "",
            cause.meaning,
            "",
            f"**What to do**: {cause.to_do}",
            "",
            *fixes,
            "## Example",
            "",
            "```text",
            f"$ {cause.command}",
            f"{cause.code} {why}",
            f"  Seen: {seen}",
            f"  Fix: {fix}",
            "```",
            "",
            "The command ends with exit code 3; its [JSON](../json/tables.md#diagnosisdetails) has the same.",
            "",
        ]
    )
