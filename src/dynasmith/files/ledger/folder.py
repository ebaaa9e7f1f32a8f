"""The ledger as a folder. A file is replaced whole (written beside, then renamed), so a kill leaves the old or the new.

::

    .dynasmith/jobs/copy-20261120T232713-9f3a1c/
        job.json         what it is, its state              lock       held while it runs
        control.json     what a person wants of it          dead.jsonl dead letters (populate takes them back)
        segments/00003   the checkpoint of a segment        activity.json what it did over time

A checkpoint is not forced to the disk: a machine that loses power may lose the last seconds of them, and then re-does
those pages. It never loses the order: what a checkpoint speaks of was acknowledged by the target before.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dynasmith.errors import CheckpointError, JobNotFound, RunError
from dynasmith.files.folder_removal import refuse_link, remove_folder
from dynasmith.files.ledger.dead_letters import append_dead, drop_dead, page_name, read_dead
from dynasmith.files.ledger.lock import ProcessLock, is_locked
from dynasmith.items.digest import Digest
from dynasmith.jobs.activity import JobActivity, decode_activity, encode_activity
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, decode_job, encode_job, moved, seen
from dynasmith.ports.checkpoints import JobControl
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.permit import Term


class FolderLedger:
    """All jobs under ``folder``, which is made when the first job begins.

    Jobs that begin or are claimed under a ``term``, that of the lock of migrations, are held no longer than that.
    """

    def __init__(self, folder: Path, term: Term | None = None) -> None:
        self._folder, self._term = folder, term

    @property
    def folder(self) -> Path:
        """Where the jobs are, each in a folder of its id."""
        return self._folder

    def begin(self, job: Job) -> "FolderClaim":
        """Enter a new job and hold it. A folder without a job is one whose process was killed while it began."""
        home = self._folder / job.id
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            home.mkdir(mode=0o700, exist_ok=True)  # its owner's only, and with it all that is inside
            (home / "segments").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        _refuse_known(home)
        lock = ProcessLock(home / "lock", job.id)
        try:
            _refuse_known(home)  # somebody may have entered it before the lock was held
            claim = FolderClaim(home, lock, job, self._term)
            claim.change(job)
        except BaseException:
            lock.release()
            raise
        return claim

    def claim(self, job_id: str) -> "FolderClaim":
        """Hold a job that nobody runs; one that was killed is there at once."""
        home = self._home(job_id)
        lock = ProcessLock(home / "lock", job_id)
        try:
            # Whoever takes a job up wants it to run; a pace that was asked for stays.
            if (control := _read_control(home)).wish != "run":
                self.steer(job_id, msgspec.structs.replace(control, wish="run"))
            return FolderClaim(home, lock, _settled(_read_job(home), locked=False), self._term)
        except BaseException:
            lock.release()
            raise

    def jobs(self, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job, oldest first. A folder whose job cannot be read is left out, and ``unreadable`` told of it."""
        found = []
        for home in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            if not (home / "job.json").is_file():  # one that is about to begin, or something of somebody else's
                continue
            try:
                found.append(self._shown(home))
            except CheckpointError as error:
                if unreadable is not None:
                    unreadable(f"{home.name} is left out: {error.message}")
        return sorted(found, key=lambda job: job.started_at)

    def show(self, job_id: str) -> Job:
        """One job with the counts of its checkpoints."""
        return self._shown(self._home(job_id))

    def checkpoints(self, job_id: str) -> Mapping[int, Checkpoint]:
        """The checkpoints of a job as they stand, by segment."""
        home = self._home(job_id)
        return {checkpoint.segment: checkpoint for checkpoint in _checkpoints(home, _read_job(home))}

    def dead_letters(self, job_id: str) -> Sequence[DeadLetter]:
        """The dead letters of a job."""
        return read_dead(self._home(job_id) / "dead.jsonl")

    def activity(self, job_id: str) -> JobActivity | None:
        """What the job did over time."""
        return _read_activity(self._home(job_id))

    def steer(self, job_id: str, control: JobControl) -> None:
        """Tell a job what is wanted of it."""
        _replace(self._home(job_id) / "control.json", msgspec.json.encode(control))

    def steered(self, job_id: str) -> JobControl:
        """What was last wanted of a job."""
        return _read_control(self._home(job_id))

    def prune(self, job_id: str) -> None:
        """Remove a job that is over, with its dead letters. Raises Locked when it runs, RunError if it is not over or
        its folder is a symbolic link."""
        home = self._home(job_id)
        refuse_link(home, f"The folder of job {job_id}")
        lock = ProcessLock(home / "lock", job_id)
        try:
            job = _read_job(home)
            if not job.over:
                raise RunError(
                    f"Job {job_id} is not over: it could be resumed.", hint=f"dynasmith jobs cancel {job_id} first"
                )
            remove_folder(home)
        finally:
            lock.release()

    def _home(self, job_id: str) -> Path:
        home = self._folder / job_id
        if not job_id or Path(job_id).name != job_id or not (home / "job.json").is_file():
            raise JobNotFound(f"There is no job {job_id} in {self._folder}.", hint="dynasmith jobs list shows them")
        return home

    def _shown(self, home: Path) -> Job:
        job = _settled(_read_job(home), locked=is_locked(home / "lock"))
        try:
            checkpoints = list(_checkpoints(home, job))
        except CheckpointError:  # it is shown as it was last kept; resuming it says what is damaged
            return job
        counts = sum((checkpoint.counts for checkpoint in checkpoints), Counts())
        digest = sum((checkpoint.target for checkpoint in checkpoints), Digest())
        return seen(job, counts, digest)


class FolderClaim:
    """One job in its folder, held by this process."""

    def __init__(self, home: Path, lock: ProcessLock, job: Job, term: Term | None = None) -> None:
        self._home, self._term = home, term
        self._lock = lock
        self._job = job
        self._seen: tuple[int, int] | None = None
        self._control = JobControl()
        self._gone: dict[int, set[str] | None] = {}

    @property
    def job(self) -> Job:
        """The job as it was last kept."""
        return self._job

    @property
    def lease(self) -> Term | None:
        """None: the system frees the lock when this process ends, and never before; else that of the migrations."""
        return self._term

    @property
    def dead_letters(self) -> str:
        """The path of the dead-letter file; empty while there are none."""
        self._drop()
        path = self._home / "dead.jsonl"
        return str(path) if path.exists() and path.stat().st_size else ""

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints there are, by segment."""
        return {checkpoint.segment: checkpoint for checkpoint in _checkpoints(self._home, self._job)}

    async def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint of its segment: about 50 microseconds a page."""
        _replace(self._home / "segments" / f"{checkpoint.segment:05d}", encode_checkpoint(checkpoint))

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Append dead letters."""
        self._drop()
        append_dead(self._home / "dead.jsonl", segment, page, dead)

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back the dead letters of a page, or of the whole segment, that is done again."""
        if whole:  # at once: the segment's checkpoint, which alone knows of its pages, is about to be replaced
            self._gone[segment] = None
            self._drop()
        elif (pages := self._gone.setdefault(segment, set())) is not None:
            pages.add(page_name(page))

    def _drop(self) -> None:
        """Take out what was forgotten since the last time, in one pass over the file."""
        gone, self._gone = self._gone, {}
        if gone:
            drop_dead(self._home / "dead.jsonl", gone)

    def change(self, job: Job) -> None:
        """Keep the job's new state."""
        self._drop()
        self._job = job
        _replace(self._home / "job.json", encode_job(job))

    def activity(self) -> JobActivity | None:
        """What the runs before this one did over time."""
        return _read_activity(self._home)

    async def keep_activity(self, activity: JobActivity, *, last: bool) -> None:  # noqa: ARG002 - every second is no load
        """Replace it: about 200 microseconds."""
        _replace(self._home / "activity.json", encode_activity(activity))

    def control(self) -> JobControl:
        """What a person wants; one stat while nothing changed."""
        path = self._home / "control.json"
        try:
            stat = path.stat()
        except FileNotFoundError:
            return self._control
        if (stat.st_mtime_ns, stat.st_ino) != self._seen:
            self._seen = (stat.st_mtime_ns, stat.st_ino)
            self._control = _read_control(self._home)
        return self._control

    def release(self) -> None:
        """Let others have the job."""
        self._lock.release()


def _refuse_known(home: Path) -> None:
    if (home / "job.json").exists():
        raise RunError(f"There is a job {home.name} already.", hint="run it again for another id")


def _settled(job: Job, *, locked: bool) -> Job:
    """The job as it truly is: one that says that it runs, and whose process is gone, was interrupted."""
    if locked or job.state not in ("running", "paused"):
        return job
    return moved(job, "interrupted", datetime.now(UTC), reason="its process ended unexpectedly")


def _read_job(home: Path) -> Job:
    try:
        return decode_job((home / "job.json").read_bytes())
    except OSError as error:
        raise CheckpointError(f"{home} cannot be read: {error.strerror}.", hint="check its permissions") from error


def _checkpoints(home: Path, job: Job) -> Iterator[Checkpoint]:
    for path in sorted((home / "segments").glob("[0-9]*[0-9]")):
        yield decode_checkpoint(path.read_bytes(), job=job.id, segments=job.segments, segment=int(path.name))


def _read_control(home: Path) -> JobControl:
    try:
        return msgspec.json.decode((home / "control.json").read_bytes(), type=JobControl)
    except FileNotFoundError:
        return JobControl()
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{home / 'control.json'} is damaged: {error}.", hint="remove it") from error


def _read_activity(home: Path) -> JobActivity | None:
    try:
        return decode_activity((home / "activity.json").read_bytes())
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    try:
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if os.write(file, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"{path} could not be written: {error.strerror}.",
        hint="free disk space or fix the permissions, then resume the job; nothing is lost",
    )
