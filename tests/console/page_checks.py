"""What every page must be: readable, as wide as its window, usable by keyboard; measured in the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3, for text of any size: stricter than it asks of large text."""

SIZES = ("12px", "13px", "15px", "20px")
"""The scale of type: ``--t1`` to ``--t4`` of style.css."""
LOOK = (
    (Path(__file__).parent / "page_checks.js")
    .read_text(encoding="utf-8")
    .replace("CONTRAST", str(CONTRAST_MIN))
    .replace("SIZES", json.dumps(SIZES))
    .partition("\n")[2]
)

FOCUS = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return { name: element.outerHTML.slice(0, 80), visible: outlined || style.boxShadow !== "none" };
}
"""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it is shown now; empty where nothing is."""
    found: list[str] = page.evaluate(LOOK)
    return found


def focus_faults(page: Page, presses: int = 25) -> list[str]:
    """Places that the tabulator reaches and that do not show it."""
    found = []
    seen: set[str] = set()
    for _ in range(presses):
        page.keyboard.press("Tab")
        place: dict[str, Any] | None = page.evaluate(FOCUS)
        if place is None or place["name"] in seen:
            continue
        seen.add(place["name"])
        if not place["visible"]:
            found.append(f"the focus is not seen: {place['name']}")
    return found if seen else ["nothing is reached by keyboard"]
