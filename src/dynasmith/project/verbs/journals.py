"""Where the undo journals of a project are, as ``[jobs] journal`` says it: a folder, or a prefix of an S3 bucket."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from dynasmith.aws.stores.s3.journal import create_s3_journal, remove_s3_journal, reopen_s3_journal
from dynasmith.aws.stores.s3.journal_reader import S3JournalReader
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.errors import UsageError
from dynasmith.files.journal.folder import FolderJournal, create_journal, journal_home, remove_journal
from dynasmith.files.journal.reader import FolderJournalReader
from dynasmith.jobs.journal import JournalHead
from dynasmith.ports.journal import SegmentedJournal
from dynasmith.project.world import World

KeptJournal: TypeAlias = FolderJournalReader | S3JournalReader
"""A journal that is read back."""


class Journals(Struct, frozen=True):
    """The journals of one place. ``create`` and ``reopen`` are for a job that runs, ``kept`` reads one back
    (and what the marks of the job's checkpoints promise of it), ``remove``
    says whether there was one. Each raises RunError where there is none, or what forbids to write it.
    """

    create: Callable[[JournalHead], SegmentedJournal]
    reopen: Callable[[str], SegmentedJournal]
    kept: Callable[[str, Mapping[int, bytes]], KeptJournal]
    remove: Callable[[str], bool]


def journals_of(world: World) -> Journals:
    """The journals of a project. Raises UsageError for a place that cannot hold any."""
    place, session = world.settings, world.session
    if place.journal.startswith("table:"):
        raise UsageError(
            f"An undo journal cannot be kept in a table ({place.journal}): an entry holds an item before and after, "
            "which may be more than the 400 KB of an item, and each KB of it would cost a write unit.",
            hint="name a folder, or s3://bucket/prefix, as journal under [jobs]",
        )
    if place.journal.startswith("s3://"):
        objects = S3Objects(session.client("s3"), place.journal, access=session.access)
        return Journals(
            create=lambda head: create_s3_journal(objects, head),
            reopen=lambda job_id: reopen_s3_journal(objects, job_id),
            kept=lambda job_id, marks: S3JournalReader(objects, job_id, marks),
            remove=lambda job_id: remove_s3_journal(objects, job_id),
        )
    folder = Path(place.folder) / (place.journal or ".dynasmith/journal")
    return Journals(
        create=lambda head: create_journal(journal_home(folder, head.job), head),
        reopen=lambda job_id: FolderJournal(journal_home(folder, job_id)),
        kept=lambda job_id, marks: FolderJournalReader(journal_home(folder, job_id), marks),
        remove=lambda job_id: remove_journal(journal_home(folder, job_id)),
    )
