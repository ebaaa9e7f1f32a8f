"""A database of one test, and everything that the source reads from it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec import Struct

from databases.servers import Server
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.source import SqlSource, look
from dynasmith.files.items.foreign import renaming_of
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import DeadLetter, Page

ID = KeySchema.of("id")
PAGES_MAX = 2000
"""More than any test needs: a source that does not end fails here."""


class Read(Struct, frozen=True):
    """What was read: items, dead letters, and the starts of the pages that were given."""

    items: list[dict[str, Any]]
    dead: list[DeadLetter]
    starts: list[bytes]

    def values(self, name: str) -> list[Any]:
        """One attribute of all items, in the order in which they came."""
        return [next(iter(item[name].values())) if name in item else None for item in self.items]

    @property
    def reasons(self) -> dict[str, str]:
        """Why, by place."""
        return {dead.place: dead.reason for dead in self.dead}


class Base:
    """A database of its own on a server, or a file."""

    def __init__(self, server: Server | None, folder: Path, *, create: str = "CREATE DATABASE {}") -> None:
        self.name = f"t{uuid4().hex[:12]}"
        self.folder = folder
        self.server = server
        if server is not None:
            server.execute(create.format(self.name))
            self.url = f"{server.url}/{self.name}"
        else:
            self.url = f"sqlite:///{folder / self.name}"

    def execute(self, *statements: str) -> None:
        if self.server is not None:
            self.server.execute(*statements, database=self.name)
            return
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.folder / self.name)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def client(self, query: str) -> list[str]:
        """What the database's own command line prints, a line a row."""
        assert self.server is not None
        return self.server.client(self.name, query).splitlines()

    def request(self, **what: Any) -> SqlRequest:
        return SqlRequest(url=self.url, **what)

    def reason(self, **what: Any) -> str:
        """Why pages by a key are not offered; empty where they are."""
        return look(self.request(**what)).reason

    def read(
        self,
        *,
        page_items: int = 7,
        fresh: bool = False,
        spool: Path | None = None,
        start: bytes | None = None,
        between: Callable[[int], None] | None = None,
        names: dict[str, str] | None = None,
        key: KeySchema = ID,
        **what: Any,
    ) -> Read:
        """Everything; ``fresh``: each page by a source of its own, as after kills. ``between`` runs after each page."""

        def opened() -> SqlSource:
            renaming = renaming_of({"id": "{id}x"} if names is None else names)
            return SqlSource(self.request(**what), key, renaming, page_items=page_items, spool=spool)

        return asyncio.run(_read(opened, start, between, fresh=fresh))

    def stop(self, spool: Path, **what: Any) -> Page:
        """Begin to read, and close the source before it has all rows: the page that came."""

        async def main() -> Page:
            source = SqlSource(self.request(**what), ID, renaming_of({}), spool=spool)
            try:
                return await source.read(0, None)
            finally:
                await source.close()

        return asyncio.run(main())


async def _read(
    opened: Callable[[], SqlSource], start: bytes | None, between: Callable[[int], None] | None, *, fresh: bool
) -> Read:
    found = Read([], [], [])
    source = opened()
    try:
        while len(found.starts) < PAGES_MAX:
            page = await source.read(0, start)
            found.items.extend(json.loads(bytes(item)) for item in page.items)
            found.dead.extend(page.dead)
            assert page.read == len(page.items) + len(page.dead)
            start = page.next
            if start is None:
                return found
            found.starts.append(start)
            if between is not None:
                between(len(found.starts))
            if fresh:
                await source.close()
                source = opened()
    finally:
        await source.close()
    raise AssertionError("the source does not end")
