"""Texts of key templates: attributes of an item in braces, which become fields of its class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PART: Final = re.compile(r"\{\{|\}\}|\{(\x00(?:[^\x00]*)\x00)")


def placeholder(attribute: str, spec: str = "") -> str:
    """The place of an attribute in the text of a `TemplateSource`."""
    return "{" + f"\x00{attribute}\x00" + (f":{spec}" if spec else "") + "}"


def literal_text(text: str) -> str:
    """A text that a template has as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with the names of fields for those of attributes."""

    def name(match: re.Match[str]) -> str:
        attribute = match.group(1)
        return match.group() if attribute is None else "{" + names[attribute.strip("\x00")]

    return _PART.sub(name, text)
