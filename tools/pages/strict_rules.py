"""reference/strict-rules.md of the site, written from the rules."""

from collections.abc import Iterable

from dynasmith.strict.rules.registry import GROUPS
from dynasmith.strict.rules.rule import StrictRule

_HEAD = """# The rules of the strict endpoint

Written from the rules themselves. A rule's name is what
`strict.rules.off("...")`, `rules_off=` and `off = [...]` of a rules file take. How to use it:
[the strict endpoint](../guide/strict.md).

*Certainty*: **documented** means that the service's documentation or API model says it; **observed**, that its wording
or its edge was seen on the service and published; **assumed**, that the refusal is documented or likely, and its code,
message or edge is our reading.
"""


def strict_rules_page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(title, rules) for title, rules in GROUPS)


def _section(title: str, rules: Iterable[StrictRule]) -> str:
    lines = [f"\n## {title}\n", "| Rule | Refuses | On | Certainty | Source |", "|---|---|---|---|---|"]
    for rule in rules:
        operations = "every operation" if rule.operations == ("*",) else ", ".join(rule.operations)
        cells = (f"`{rule.name}`", rule.refuses, operations, rule.certainty, rule.source)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
