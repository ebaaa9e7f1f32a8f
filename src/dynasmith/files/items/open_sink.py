"""Files as a sink that a job, or a worker of it, opens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynasmith.files.items.destination import Destination
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.jobs.options import ExportOptions
from dynasmith.ports.crew import UnfitWorker
from dynasmith.ports.items import ThrottleListener


@dataclass(frozen=True, slots=True)
class OpenFileSink:
    """Opens the files of an export at ``dest``; several processes may, each for segments of its own. Sent to a worker
    it is an ``OpenSharedSink``."""

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

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenSharedSink, (self.dest, self.head, self.how)


@dataclass(frozen=True, slots=True)
class OpenSharedSink:
    """Opens, in a worker, the files of an export that its job began: the folder must be the same one."""

    dest: Path
    head: Head
    how: ExportOptions

    async def __call__(self, heard: ThrottleListener) -> FileSink:
        """Open them. Raises UnfitWorker where the mark of the export is not seen here; nothing is made then."""
        if not Destination(self.dest, self.how.export).begun:
            raise UnfitWorker(
                f"This worker does not see the folder of the export, {self.dest}.",
                hint="export to a folder that every worker shares, then start the worker again",
            )
        return await OpenFileSink(self.dest, self.head, self.how)(heard)
