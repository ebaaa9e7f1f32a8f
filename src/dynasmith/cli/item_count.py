"""`ItemCount`: how many items of a table are meant, on a command line."""

from __future__ import annotations

from typing import Any, Final, Literal

import click

from dynasmith.errors import UsageError

_DIGITS_MAX: Final = 15


class ItemCount(click.ParamType[Any]):
    """A number from 1, or all. Raises UsageError for anything else."""

    name = "count"
    range: Final = "a number from 1, or all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | Literal["all"]:
        """The number, or the word."""
        del ctx
        said = str(value)
        if said == "all":
            return "all"
        if said.isascii() and said.isdigit() and len(said) <= _DIGITS_MAX and int(said) >= 1:
            return int(said)
        option = "--items" if param is None else param.opts[0]
        raise UsageError(
            f"{option} takes {self.range}, not {said}.",
            hint=f"for example {option} 500; without a number, put {option} after the names of tables",
        )
