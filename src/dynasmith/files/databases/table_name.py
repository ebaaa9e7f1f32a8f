"""The name of a table as a person wrote it, with or without a schema and quotes."""

import re
from typing import Final

from dynasmith.errors import UsageError

_QUOTED: Final = re.compile(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^."`]+)')


def names_of(text: str) -> tuple[tuple[str, ...], ...]:
    """The (schema, name) or (name,) that ``text`` may mean, likeliest first.

    ``shop.users`` is a table of a schema, or one whose name holds a dot; quotes say which.
    """
    if '"' not in text and "`" not in text:
        schema, dot, name = text.partition(".")
        return ((schema, name), (text,)) if dot and schema and name else ((text,),)
    parts = []
    at = 0
    while found := _QUOTED.match(text, at):
        quoted, ticked, plain = found.groups()
        parts.append(quoted.replace('""', '"') if quoted else ticked.replace("``", "`") if ticked else plain)
        at = found.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    if at != len(text) or text.endswith(".") or len(parts) not in (1, 2):
        raise UsageError(f"{text} is not the name of a table.", hint='--source-table \'"my schema"."my table"\'')
    return (tuple(parts),)
