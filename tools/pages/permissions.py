"""docs/reference/permissions.md: its lists of IAM actions, written from the code, between their marks."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from dynasmith.aws.control import actions, function_actions

PAGE = Path(__file__).parents[2] / "docs/reference/permissions.md"


def with_lists(page: str) -> str:
    """The page with the lists between ``<!-- NAME -->`` and ``<!-- end -->`` as `actions` has them."""

    def filled(found: re.Match[str]) -> str:
        name = found["name"]
        listed = getattr(actions if hasattr(actions, name) else function_actions, name)
        text = _table(listed) if isinstance(listed, Mapping) else "".join(f"- `{action}`\n" for action in listed)
        return f"<!-- {name} -->\n\n{text}\n<!-- end -->"

    return re.sub(r"<!-- (?P<name>[A-Z_0-9]+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def _table(listed: Mapping[str, Iterable[str]]) -> str:
    """A row for the steps that need the same actions."""
    steps: dict[tuple[str, ...], list[str]] = {}
    for step, needed in listed.items():
        steps.setdefault(tuple(sorted(set(needed))), []).append(step)
    rows = (f"| {_code(each)} | {_code(needed)} |\n" for needed, each in steps.items())
    return "| step | actions on its tables |\n|---|---|\n" + "".join(rows)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def permissions_page() -> str:
    """The page as it is, with today's lists."""
    return with_lists(PAGE.read_text("utf-8"))
