"""A page as a file: what leads back to a console, or asks it something, has no place there."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final

ASKING: Final = frozenset({"form", "button", "noscript", "dialog", "script"})
"""Elements that go with everything inside them."""
VOID: Final = frozenset({"input", "br", "meta", "link", "path", "rect", "circle", "line", "hr", "img", "wbr"})


def standalone(html: str) -> str:
    """The same without forms, buttons and scripts; links to pages of a console become plain text. Everything else is
    written as it came."""
    reader = _Standalone()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _Standalone(HTMLParser):
    """Copies a document but for what asks a console."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._left: list[str] = []
        self._links: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._left or tag in ASKING:
            if tag not in VOID:
                self._left.append(tag)
            return
        if tag == "input":
            return
        if tag == "a":
            inside = dict(attrs).get("href", "") or ""
            self._links.append(inside.startswith("/"))
            if self._links[-1]:
                kind = dict(attrs).get("class") or ""
                self.parts.append(f'<span class="{escape(kind)}">' if kind else "<span>")
                return
        self.parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs  # they are kept as they came
        if not self._left and tag not in ASKING and tag != "input":
            self.parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._left:
            if self._left[-1] == tag:
                self._left.pop()
        elif tag == "a" and self._links and self._links.pop():
            self.parts.append("</span>")
        else:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._left:
            self.parts.append(text)
