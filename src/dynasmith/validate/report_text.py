"""What the reports of findings for machines have in common: checks with their titles, and text that XML may hold."""

import re
from typing import Final, NamedTuple

from dynasmith.validate.checks import CHECKS
from dynasmith.validate.finding import Finding, Severity, Verdict
from dynasmith.validate.item_checks import ITEM_CHECKS

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document of XML 1.0 may have (section 2.2, Char)."""


class ReportedCheck(NamedTuple):
    """A check as reports name it."""

    code: str
    title: str
    why: str
    fix: str
    severity: Severity


def reported_checks() -> tuple[ReportedCheck, ...]:
    """Every check of tables and of items, in the order of its code."""
    of_tables = [ReportedCheck(each.code, each.title, each.why, each.fix, each.severities[0]) for each in CHECKS]
    of_items = [ReportedCheck(each.code, each.title, each.why, each.fix, each.severities[0]) for each in ITEM_CHECKS]
    return tuple(sorted([*of_tables, *of_items], key=lambda each: each.code))


def is_unknown(verdict: Verdict, finding: Finding) -> bool:
    """Whether a finding says only that its check could not judge."""
    return finding.severity == "notice" and finding.code in verdict.unknown.get(finding.table, ())


def xml_text(text: str) -> str:
    """The text with an escape (``\\x00``) in place of each character that XML cannot hold."""
    return _NOT_IN_XML.sub(lambda found: ascii(found[0])[1:-1], text)
