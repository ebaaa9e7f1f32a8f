"""`LogLine`: one line that a Lambda function wrote."""

import re
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

_ERROR: Final = re.compile(
    r"\[ERROR\]|\bERROR\b|\bFATAL\b|Traceback|Task timed out|errorMessage|Runtime exited|(?:Error|Exception):"
)


class LogLine(Struct, frozen=True, kw_only=True):
    """What a function wrote at a time; ``stream`` is the log of one of its environments."""

    id: str
    at: datetime
    stream: str
    text: str

    @property
    def is_error(self) -> bool:
        """Whether it is of a call that failed, as Lambda and common loggers write it."""
        return _ERROR.search(self.text) is not None

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {"at": self.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "stream": self.stream, "text": self.text}
