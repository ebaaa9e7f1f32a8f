"""The capture runs beside everything else, in a thread of its own, which alone writes the spool."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from dynasmith.engine.replacement.capture import CaptureGap, StreamCapture
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.replacement.refusal_waits import PASSING, RefusalWaits
from dynasmith.errors import RunError
from dynasmith.ports.permit import sent_under
from dynasmith.ports.streams import StreamTurnedOff

POLL_SECONDS: Final = 0.25
"""Between two looks at a shard, which may be read five times a second (API reference, GetRecords)."""


class CaptureThread:
    """Reads the stream until it is stopped, and waits where it is throttled. What ends it early is raised by `check`.
    ``job`` is the one that hints name, ``now`` gives Unix seconds, ``allowed`` raises where the run must not go on."""

    def __init__(
        self,
        capture: StreamCapture,
        spool: MarkSpool,
        dirty: DirtySet,
        *,
        job: str,
        now: Callable[[], float],
        allowed: Callable[[], None],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self.capture = capture
        self._spool, self._dirty, self._now, self._allowed, self._failed = spool, dirty, now, allowed, failed
        self._job = job
        self._marks: SimpleQueue[tuple[Sequence[Mark], Event]] = SimpleQueue()
        self._stop, self._counts_anew = Event(), Event()
        self._error: BaseException | None = None
        self._closed = False
        self._refusals = RefusalWaits(self._stop.wait)
        self._thread = Thread(target=self._run, name="dynasmith-capture", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read nothing more. Returns when the page that is read just now is kept."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def close(self) -> None:
        """Stop, and close the spool. Closed again it is so already."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        self._spool.close()

    def check(self) -> None:
        """Raise what ended the capture."""
        if isinstance(self._error, CaptureGap):
            raise RunError(
                "The stream of the table lost records before they were read: which items changed then is not known.",
                hint=f"dynasmith replace verify {self._job} compares every item and goes on",
            )
        if isinstance(self._error, StreamTurnedOff):
            raise RunError(
                f"The stream of {self._error} was turned off: which items changed since is not known.",
                hint=f"dynasmith replace verify {self._job} turns it on, compares every item and goes on",
            )
        if self._error is not None:
            raise self._error

    def keep(self, marks: Sequence[Mark], check: Callable[[], None]) -> None:
        """Keep marks of others, and make their keys dirty. Returns when they are kept."""
        kept = Event()
        self._marks.put((marks, kept))
        while not kept.wait(0.05):
            check()

    def await_quiet(self) -> None:
        """Count pages from now on: see `StreamCapture.await_quiet`."""
        self._counts_anew.set()

    @property
    def quiet(self) -> bool:
        """Whether everything that was written before `await_quiet` was read, and nothing came since."""
        return not self._counts_anew.is_set() and self.capture.quiet

    @property
    def near(self) -> bool:
        """Whether everything that was written before `await_quiet` was read."""
        return not self._counts_anew.is_set() and self.capture.near

    def _run(self) -> None:
        try:
            with sent_under(self._allowed):  # late writes are brought over in this thread
                while not self._stop.is_set():
                    self._allowed()
                    if self._counts_anew.is_set():
                        self.capture.await_quiet()
                        self._counts_anew.clear()
                    self._round()
                    self._keep_others()
                    self._spool.idle()
                    if not self.capture.more:
                        self._stop.wait(POLL_SECONDS)
        except BaseException as error:  # it is raised where somebody waits for the capture
            self._error = error
            self._failed()

    def _round(self) -> None:
        try:
            self.capture.round()
        except PASSING as error:
            self._refusals.wait(error)
        else:
            self._refusals.clear()

    def _keep_others(self) -> None:
        while True:
            try:
                marks, kept = self._marks.get_nowait()
            except Empty:
                return
            numbered = self._dirty.numbered(marks, self._now())
            self._spool.keep(numbered, {})
            self._dirty.add(numbered)
            kept.set()
