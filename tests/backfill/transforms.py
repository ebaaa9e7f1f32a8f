"""Transforms of a backfill that another process can import."""

import os
from pathlib import Path
from typing import Any


def grown(item: Any, ctx: Any) -> None:
    """Depends on the job, so that a resumed run must see the same ``ctx``; one item in seven needs nothing."""
    if item["number"] % 7:
        item["seen_by"] = ctx.job
        item["twice"] = item["number"] * 2
        item.pop("name", None)


class DiesOnce:
    """The same, in a process that ends itself at item 20, once; not the one that looks at some items first."""

    def __init__(self, mark: Path) -> None:
        self.mark, self.first = mark, os.getpid()

    def __call__(self, item: Any, ctx: Any) -> None:
        if item["number"] == 20 and os.getpid() != self.first and not self.mark.exists():
            self.mark.write_text(str(os.getpid()))
            os._exit(9)
        grown(item, ctx)
