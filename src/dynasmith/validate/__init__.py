"""Is this table as it should be? Findings with codes, and a summary of what is there. Pure.

`check_table` gives the findings, `examine` also those that the definition accepts, `summary` the state in words,
`usual_tags` what a set of tables has in common, `CHECKS` every check.
"""

from dynasmith.validate.check import Check, Problem, Subject, Surroundings
from dynasmith.validate.checklist import PracticeResult, checklist
from dynasmith.validate.checks import CHECKS
from dynasmith.validate.checks.ownership import usual_tags
from dynasmith.validate.examine import check_table, examine
from dynasmith.validate.finding import SEVERITIES, AcceptedFinding, Finding, Severity, Verdict
from dynasmith.validate.item_findings import AttributeCount, ItemCensus, ItemFinding, ItemsFinding, ItemTotals
from dynasmith.validate.summary import summary

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "AcceptedFinding",
    "AttributeCount",
    "Check",
    "Finding",
    "ItemCensus",
    "ItemFinding",
    "ItemTotals",
    "ItemsFinding",
    "PracticeResult",
    "Problem",
    "Severity",
    "Subject",
    "Surroundings",
    "Verdict",
    "check_table",
    "checklist",
    "examine",
    "summary",
    "usual_tags",
]
