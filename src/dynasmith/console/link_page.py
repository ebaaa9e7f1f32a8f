"""A file that leads a browser to the link of a console: every user of a machine sees what a command line holds."""

from __future__ import annotations

import os
import shutil
import threading
import webbrowser
from collections.abc import Callable
from html import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from dynasmith.errors import RunError

PREFIX: Final = "dynasmith-console-"


class LinkPage:
    """A page in a temporary folder, both readable by their owner alone, that leads on to ``link``.

    `close` removes it, and is called once the link was used or is too old. A process that is killed leaves the file,
    whose link opens nothing then. Raises RunError where it cannot be written.
    """

    def __init__(self, link: str) -> None:
        try:
            self._folder = Path(mkdtemp(prefix=PREFIX))  # for its owner alone
            path = self._folder / "open.html"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(
                    '<!doctype html><meta name="referrer" content="no-referrer">'
                    f'<meta http-equiv="refresh" content="0;url={escape(link)}"><title>dynasmith</title>'
                )
        except OSError as error:
            raise RunError(
                f"The page for the browser cannot be written: {error.strerror}.", hint="open the link that was printed"
            ) from error
        self.address: Final = path.as_uri()

    def show(self, failed: Callable[[], None]) -> None:
        """Open it in the browser, in a thread: some browsers return when they are closed. ``failed`` is called there
        where none can be opened."""

        def opened() -> None:
            if not webbrowser.open(self.address):
                failed()

        threading.Thread(target=opened, name="console-browser", daemon=True).start()

    def close(self) -> None:
        """Remove it; twice is allowed."""
        shutil.rmtree(self._folder, ignore_errors=True)
