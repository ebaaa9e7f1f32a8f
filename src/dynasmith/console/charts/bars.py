"""Bars: how often a job was throttled, by reason, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

CAUSES: Final = {
    "ProvisionedThroughputExceeded": "by the provisioned capacity",
    "MaxOnDemandThroughputExceeded": "by the on-demand maximum",
    "KeyRangeThroughputExceeded": "in one partition (a hot range of keys)",
    "AccountLimitExceeded": "by the quota of the account",
    "": "a part of a batch came back, without a reason",
}
WAYS_OUT: Final = {
    "ProvisionedThroughputExceeded": "Raise its capacity, or lower the pace.",
    "MaxOnDemandThroughputExceeded": "Raise the on-demand maximum, or lower the pace.",
    "KeyRangeThroughputExceeded": "More capacity does not help: lower the pace, or let the table split the range.",
    "AccountLimitExceeded": "Ask for a higher quota, or lower the pace.",
}
_REASON: Final = re.compile(r"(Table|Index)(Read|Write)(\w*)")


def throttle_bars(throttles: Mapping[str, int]) -> list[dict[str, Any]]:
    """A bar for each reason of a job, the longest first: what was throttled, by which limit, what to do about it."""
    most = max(throttles.values(), default=0)
    return [
        {
            "what": what,
            "cause": cause,
            "way_out": way_out,
            "code": reason,
            "count": count,
            "width": round(100 * count / most, 1),
        }
        for reason, count in sorted(throttles.items(), key=lambda each: (-each[1], each[0]))
        for what, cause, way_out in [_words(reason)]
    ]


def _words(reason: str) -> tuple[str, str, str]:
    word, _, index = reason.partition(" ")
    found = _REASON.fullmatch(word)
    if found is None:
        return reason, "", ""
    side = "reads" if found[2] == "Read" else "writes"
    what = f"{side.title()} of index {index}" if index else f"{side.title()} of the table"
    return what, CAUSES.get(found[3], found[3]), WAYS_OUT.get(found[3], "")
