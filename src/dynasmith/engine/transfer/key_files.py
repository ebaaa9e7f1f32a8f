"""Files of keys: read to their ends before a job begins, each key once."""

from dataclasses import dataclass
from typing import Final

from dynasmith.engine.transfer.event_thread import run
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import FileFormatError, UsageError
from dynasmith.items.key import KeySchema, key_bytes, key_of
from dynasmith.ports.duplicate_keys import KeyEntry, KeyStore
from dynasmith.ports.items import OpenSource, Page, Source

KEYS_PAGE = 100
"""Keys of a page: as many as one BatchGetItem takes."""
_HINT: Final = (
    "each line has the key's attributes, all as plain JSON, as DynamoDB JSON or as CSV; fix it and run it again"
)


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Files of keys, as a source of items whose other attributes are not looked at, and where keys are met."""

    files: OpenSource
    store: KeyStore


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many keys files hold, and how many different ones, in how many files."""

    read: int
    different: int
    files: int


def count_keys(keys: KeyFiles, key: KeySchema, around: RunContext) -> KeyCount:
    """Read the files to their ends. Raises FileFormatError for the first line that is no key of the table."""
    return run(lambda _stop: _counted(keys, key), loop_factory=around.loop_factory, stop=around.stop)


async def _counted(keys: KeyFiles, key: KeySchema) -> KeyCount:
    source = await keys.files(lambda _throttles: None)  # files are never throttled
    try:
        read, repeated = await meet_all(source, keys.store, key)
        return KeyCount(read, read - repeated, source.segments)
    except (FileFormatError, UsageError) as error:
        if "--format" not in error.hint:
            raise
        raise FileFormatError(error.message, hint=_HINT) from error  # the form of files of keys is always found out
    finally:
        await source.close()


async def meet_all(source: Source, store: KeyStore, key: KeySchema) -> tuple[int, int]:
    """Keep every key of the files where it stands first; how many there are, and how many of them come again."""
    read = repeated = 0
    for segment in range(source.segments):
        start: bytes | None = None
        while True:
            page = await source.read(segment, start)
            if page.dead:
                bad = page.dead[0]
                raise FileFormatError(
                    f"{bad.place} is not a key of the table: {bad.reason}.".replace("..", "."),
                    hint=_HINT,
                )
            read += len(page.items)
            repeated += len(store.meet(segment, start, page.next, key_entries(page, key)))
            if page.next is None:
                break
            start = page.next
    return read, repeated


def key_entries(page: Page, key: KeySchema) -> list[KeyEntry]:
    """The keys of a page with their places."""
    places = page.places or range(len(page.items))
    return [KeyEntry(key_bytes(key_of(item, key)), at, 0) for item, at in zip(page.items, places, strict=True)]
