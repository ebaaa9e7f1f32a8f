"""docs/reference/findings.md, written from the checks."""

from dynasmith.validate.check import Check
from dynasmith.validate.checklist import CHECKLIST
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.item_checks import ITEM_CHECKS, ItemCheck

_HEAD = """# Findings of `dynasmith validate`

Written from the checks themselves (`dynasmith.validate.CHECKS`). A code never changes its meaning and is never used
again. A finding has `table`, `code`, `severity`, `path`, `why` and `fix`; the command ends with exit code 3 where a
critical finding stands. How to use it, and how to accept a finding: [validate](../guide/validate.md).

*Looks at*: "definition, live" judges the live table where there is one, otherwise, and with `--offline`, the
definition; "live" needs the service and is left out with `--offline`; "items" reads the items too.
"""

_CHECKLIST_HEAD = """
## The checklist

Thirteen best practices for tables, which check judges each, and what cannot be known from definitions
and live tables.

| Practice | Checks | What they do not say |
|---|---|---|
"""


def findings_page() -> str:
    """The page, in Markdown: every check in the order of its code, then the checklist."""
    lines = ["", "| Code | What is checked | Severity | Looks at |", "|---|---|---|---|"]
    for check in CHECKS:
        looks = "live" if check.live or check.online else "definition, live"
        lines.append(f"| [{check.code}](#{check.code.lower()}) | {check.title} | {_severities(check)} | {looks} |")
    sections = [_section(check) for check in CHECKS]
    lines += [
        f"| [{item.code}](#{item.code.lower()}) | {item.title} | {_severities(item)} | items |" for item in ITEM_CHECKS
    ]
    sections += [_section(item) for item in ITEM_CHECKS]
    practices = [f"| {p.text} | {', '.join(p.codes) or 'none'} | {p.instead} |" for p in CHECKLIST]
    return _HEAD + "\n".join(lines) + "\n" + "".join(sections) + _CHECKLIST_HEAD + "\n".join(practices) + "\n"


def _row(check: ItemCheck) -> str:
    return f"| [{check.code}](#{check.code.lower()}) | {check.title} | {_severities(check)} | items |"


def _severities(check: Check | ItemCheck) -> str:
    return " or ".join(check.severities)


def _section(check: Check | ItemCheck) -> str:
    when = f" ({check.when})" if check.when else ""
    return f"""
## {check.code}

**{check.title}.** {_severities(check).capitalize()}{when}.

- Why: {check.why}
- Fix: {check.fix}.
- Source: {check.source}.
"""
