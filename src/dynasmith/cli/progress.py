"""Progress of `apply` and its kin: a live picture on a terminal, a line a step elsewhere."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table as Grid
from rich.text import Text

from dynasmith.cli.screen import Screen
from dynasmith.plans.explain import step_text
from dynasmith.plans.step import Step
from dynasmith.ports.listener import (
    Event,
    StepDone,
    StepStarted,
    StepWaiting,
    TableDone,
    TableFailed,
    TablePostponed,
    TableStarted,
    TableUnfinished,
)
from dynasmith.project.redaction import hidden_change


class StepProgressView:
    """A listener that shows what happens to each table. Use it as a context manager; safe from several threads."""

    def __init__(self, console: Console, *, redact: bool = False) -> None:
        self._console = console
        self._redact = redact
        self._lock = threading.Lock()
        self._steps: dict[str, int] = {}
        self._now: dict[str, str] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=True) if _draws(console) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            self._take(event)
            if self._live is not None:
                self._live.start()  # not before: until then a person may be asked for consent
                self._live.update(self._picture())

    def _take(self, event: Event) -> None:
        name = event.table
        match event:
            case TableStarted():
                self._steps[name] = event.steps
            case StepStarted():
                self._now[name] = f"{event.number}/{self._steps.get(name, 0)} {self._text(event.step)}"
            case StepWaiting():
                base = f"{event.number}/{self._steps.get(name, 0)} {self._text(event.step)}"
                self._now[name] = f"{base}: {event.state}, {event.waited_seconds:.0f} s"
            case StepDone():
                took = f" ({event.seconds:.1f} s)" if event.seconds >= 0.5 else ""
                self._line("green", "✓", name, f"{self._text(event.step)}{took}")
            case TableDone():
                self._now.pop(name, None)
            case TablePostponed() | TableUnfinished():
                self._now.pop(name, None)
                self._line("yellow", "⏳", name, event.reason)
            case TableFailed():
                self._now.pop(name, None)
                self._line("red", "✗", name, "failed" if self._redact else event.message)
            case _:
                return

    def _text(self, step: Step) -> str:
        return step_text(hidden_change(step) if self._redact else step)

    def _line(self, colour: str, mark: str, table: str, text: str) -> None:
        shown = self._console.complete(text) if isinstance(self._console, Screen) else text
        self._console.print(Text.assemble((f"{mark} ", colour), (f"{table}  ", "bold"), shown))

    def _picture(self) -> Grid:
        grid = Grid.grid(padding=(0, 1))
        for table, text in sorted(self._now.items()):
            grid.add_row(Spinner("dots"), Text(table, style="bold"), Text(text, style="dim"))
        return grid


def _draws(console: Console) -> bool:
    return console.is_terminal and not console.quiet and sys.stderr.isatty()
