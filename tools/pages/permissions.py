"""docs/reference/permissions.md: its lists of IAM actions, written from the code, between their marks."""

import re
from pathlib import Path

from dynasmith.aws.control import actions

PAGE = Path(__file__).parents[2] / "docs/reference/permissions.md"


def with_lists(page: str) -> str:
    """The page with the lists between ``<!-- NAME -->`` and ``<!-- end -->`` as `actions` has them."""

    def filled(found: re.Match[str]) -> str:
        listed = "".join(f"- `{action}`\n" for action in getattr(actions, found["name"]))
        return f"<!-- {found['name']} -->\n\n{listed}\n<!-- end -->"

    return re.sub(r"<!-- (?P<name>[A-Z_0-9]+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def permissions_page() -> str:
    """The page as it is, with today's lists."""
    return with_lists(PAGE.read_text("utf-8"))
