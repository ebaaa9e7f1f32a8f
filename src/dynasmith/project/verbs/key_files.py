"""Files of keys, wired: of a deletion that takes the items that they name."""

from __future__ import annotations

from pathlib import Path

from dynasmith.engine.transfer.key_files import KEYS_PAGE, KeyFiles
from dynasmith.errors import UsageError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.files.items.streams import STDIN
from dynasmith.items.key import KeySchema
from dynasmith.jobs.file_facts import Fingerprint
from dynasmith.ports.items import ThrottleListener
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.populate_files import fingerprints_of


def key_files(place: str, key: KeySchema) -> KeyFiles:
    """The files at ``place``, JSON lines or CSV. Raises RunError where there are none."""
    layout = layout_of([place])

    async def opened(_heard: ThrottleListener) -> FileSource:
        return FileSource(layout, key, page_items=KEYS_PAGE)

    return KeyFiles(opened, SeenKeys())


def keys_place(keys: str | Path) -> tuple[str, dict[str, Fingerprint]]:
    """Where the files of keys are, and by what they are known again. Raises UsageError for standard input, which
    cannot be read twice, and RunError where there is no file."""
    if str(keys) == STDIN:
        raise UsageError("Keys are read twice, and standard input once.", hint="write them to a file: --keys FILE")
    place = absolute(str(keys))
    return place, fingerprints_of(layout_of([place]))
