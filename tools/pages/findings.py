"""The list of the findings of `validate`, written from the checks; `finding_pages` has a page for each."""

from dynasmith.validate.check import Check
from dynasmith.validate.checklist import CHECKLIST
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.item_checks import ITEM_CHECKS, ItemCheck

_HEAD = """# Findings of `dynasmith validate`

A code never changes its meaning and is never used again; its page says why it matters, what to do, and has an example.
[The JSON](../json/tables.md#findingdetails) of a finding has the same code; the command ends with exit code 3 where a
critical finding stands. How to use it, and how to accept a finding: [validate](../../guide/validate.md).

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


def findings_index() -> str:
    """The list, in Markdown: every check in the order of its code, then the checklist."""
    lines = ["", "| Code | What is checked | Severity | Looks at |", "|---|---|---|---|"]
    lines += [_row(check, "live" if check.live or check.online else "definition, live") for check in CHECKS]
    lines += [_row(item, "items") for item in ITEM_CHECKS]
    practices = [
        f"| {each.text} | {', '.join(f'[{code}]({code}.md)' for code in each.codes) or 'none'} | {each.instead} |"
        for each in CHECKLIST
    ]
    return _HEAD + "\n".join(lines) + "\n" + _CHECKLIST_HEAD + "\n".join(practices) + "\n"


def _row(check: Check | ItemCheck, looks: str) -> str:
    severities = " or ".join(check.severities)
    return f"| [{check.code}]({check.code}.md) | {check.title} | {severities} | {looks} |"
