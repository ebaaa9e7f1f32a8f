"""What words and pages are drawn on: a console whose reader may leave without the work being stopped."""

from rich.console import Console

from dynasmith.cli.shared import fall_silent


class Screen(Console):
    """A rich console that falls silent where its reader has gone (``| head``); rich itself would end the program."""

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: what is being done goes on, and its exit code stays true."""
        self.quiet = True
        fall_silent(self.file)
