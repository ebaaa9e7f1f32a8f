"""What words and pages are drawn on: a console whose reader may leave without the work being stopped."""

from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from dynasmith.cli.streams import fall_silent

WIDE: Final = 1_000_000


class Screen(Console):
    """A rich console that falls silent where its reader has gone (``| head``); rich itself would end the program."""

    complete: Callable[[str], str] = str
    """What is done to words before they are drawn: commands among them get the options that this run was given."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Draw them. Where no terminal is, a table is as wide as its cells: what reads a pipe gets them whole."""
        if not self.is_terminal:
            for each in objects:
                if isinstance(each, Table):
                    self.width = max(self.width, self.measure(each, options=self.options.update(width=WIDE)).maximum)
        super().print(*(self.complete(each) if isinstance(each, str) else each for each in objects), **how)

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: what is being done goes on, and its exit code stays true."""
        self.quiet = True
        fall_silent(self.file)
