"""What a text is made of: ``USER#{id}``, as the keys of a table that holds several kinds of items."""

from __future__ import annotations

import re

from dynasmith.operations.template import template_pieces


def part_pattern(template: str) -> re.Pattern[str] | None:
    """What a text of a template looks like; None where it cannot be read, or its parts could not be told apart."""
    pieces = template_pieces(template)
    if not pieces:
        return None
    names = [name for _, name in pieces if name is not None]
    if len(set(names)) < len(names) or any(not text for text, _ in pieces[1:]):
        return None
    parts = [re.escape(text) + ("" if name is None else f"(?P<{part_group(name)}>.+?)") for text, name in pieces]
    return re.compile("".join(parts), re.DOTALL)


def part_group(name: str) -> str:
    """The group of a part in a pattern: any name may be one."""
    return f"p{name.encode().hex()}"


def part_name(group: str) -> str:
    """The name of the part that a group stands for."""
    return bytes.fromhex(group[1:]).decode()
