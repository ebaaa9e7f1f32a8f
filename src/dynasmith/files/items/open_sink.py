"""Files as a sink that a job, or a worker of it, opens."""

from dataclasses import dataclass
from pathlib import Path

from dynasmith.files.items.sink import FileSink, Head
from dynasmith.jobs.options import ExportOptions
from dynasmith.ports.items import ThrottleListener


@dataclass(frozen=True, slots=True)
class OpenFileSink:
    """Opens the files of an export at ``dest``; several processes may, each for segments of its own."""

    dest: Path
    head: Head
    how: ExportOptions

    async def __call__(self, _heard: ThrottleListener) -> FileSink:
        """Open them. Raises UsageError for a name that means another style."""
        return FileSink(
            self.dest,
            self.head,
            style=self.how.style,  # type: ignore[arg-type]  # the sink refuses another word
            compression=self.how.compression,  # type: ignore[arg-type]
            split_bytes=self.how.split_bytes,
            export=self.how.export,
        )
