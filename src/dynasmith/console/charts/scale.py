"""Axes: round steps, figures that are as short as they may be, times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import floor, log10
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_LEAST: Final = 1e-300
_TIME_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800
)  # fmt: skip
"""Seconds between two times of an axis; above a week, whole weeks."""


def figure(value: float) -> str:
    """A number with as many digits as tell something: ``12,345``, ``9.5``, ``0.012``."""
    if value == 0 or abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:,.1f}"


def counted(count: int, word: str) -> str:
    """``1 segment``, ``1,000 segments``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def round_ticks(top: float, most: int = 4) -> list[float]:
    """Round values from 0 up to the first one that is not below ``top``, at most ``most`` steps. What is too small to
    be divided is nothing."""
    if not top > _LEAST:
        return [0.0, 1.0]
    raw = top / most
    unit = 10.0 ** floor(log10(raw))
    step = next((each * unit for each in _STEPS if each * unit >= raw * 0.999999), 10.0 * unit)
    ticks = [0.0]
    while ticks[-1] < top * 0.999999:
        ticks.append(len(ticks) * step)
    return ticks


def time_ticks(first: float, last: float, most: int = 5) -> list[tuple[float, str]]:
    """Round times (UTC) between two, in seconds since 1970, each as it is written: at most ``most``."""
    span = max(last - first, 1.0)
    step = next((each for each in _TIME_STEPS if span / each <= most), 604_800 * -(-int(span) // (604_800 * most)))
    at = -(-first // step) * step
    found: list[tuple[float, str]] = []
    while at <= last:
        found.append((at, time_text(at, step)))
        at += step
    return found


def time_text(at: float, step: float = 1.0) -> str:
    """A time of day (UTC), with seconds where they tell something; a date where the step is a day."""
    moment = datetime.fromtimestamp(at, UTC)
    if step >= 86_400:
        return f"{moment:%b} {moment.day}"
    if step >= 7_200 and moment.hour == 0:
        return f"{moment:%b} {moment.day}"
    return f"{moment:%H:%M}" if step >= 60 else f"{moment:%H:%M:%S}"
