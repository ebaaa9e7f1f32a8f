"""What a person asks of a verb: its options as values that a job keeps and a resume reads again."""

import sys
from typing import Any, Literal

import msgspec

from dynasmith.errors import CheckpointError, UsageError
from dynasmith.items.transform import Policy
from dynasmith.jobs.job import TOTAL_ITEMS
from dynasmith.ports.items import Mode

LOADING = "__dynasmith_main__"
"""The name of a script while a process of its transform loads it."""


class TransferOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of every verb that moves items. Units are capacity units a second; None is the verb's own choice.

    ``batch_size`` is how many items are read and transformed at a time, any number from 1. ``share`` is the part of
    provisioned capacity that a job without limits takes. ``digest`` costs about 12 us of CPU an item. ``processes``
    move the segments of a copy, or transform the pages of a populate, beside this one; 0 does it here.
    """

    mode: Mode = Mode()
    condition: str = ""
    segments: int | None = None
    batch_size: int | None = None
    max_read_units: float | None = None
    max_write_units: float | None = None
    share: float = 0.5
    consistent: bool = False
    on_error: Policy = "stop"
    expired: Literal["keep", "skip"] = "keep"
    digest: bool = True
    segments_at_once: int = 6
    lanes: int = 5
    processes: int = 0

    def __post_init__(self) -> None:
        if self.processes and LOADING in sys.modules:
            raise UsageError(
                "The script begins its job again when a process of the transform loads it.",
                hint='put what it does under if __name__ == "__main__":, or the transform into a module of its own',
            )


def kept(asked: TransferOptions, more: dict[str, Any], total_items: int | None = None) -> dict[str, Any]:
    """The parameters of a new job: the options under ``flow``, how many items there are (about; where that is known),
    and what the caller needs to find both ends again."""
    total = {} if total_items is None else {TOTAL_ITEMS: total_items}
    return {**more, **total, "flow": msgspec.to_builtins(asked)}


def asked_again(parameters: dict[str, Any]) -> TransferOptions:
    """The options of a job that is resumed. Raises CheckpointError where they cannot be read."""
    try:
        return msgspec.convert(parameters["flow"], type=TransferOptions)
    except (KeyError, msgspec.ValidationError) as error:
        raise CheckpointError(f"The options of the job cannot be read: {error}.", hint="start a new job") from error
