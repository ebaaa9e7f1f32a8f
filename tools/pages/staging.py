"""The sources of the site, laid out as Sphinx reads them: the pages of docs/, the pages beside it, and generated ones.

Pages stay where people and editors look for them; a link between two files of the repository is rewritten to where the
two are in the site. A file is written only where its text changed, so that a second build reads little.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from pages.error_pages import with_contents
from pages.site_pages import is_generated, site_pages

ROOT: Final = Path(__file__).parents[2]
_LINK: Final = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)]*)?\))")
_ERRORS: Final = "docs/reference/errors.md"
_ELSEWHERE: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    _ERRORS: "reference/errors/index.md",
}
"""Pages that are in the site under another name."""
_EXAMPLE_PAGE: Final = re.compile(r"examples/([\w-]+)/README\w*\.md")
_NEVER: Final = {".pyc", ".db"}


def stage(folder: Path) -> None:
    """Lay out every source of the site under ``folder``, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    texts: dict[str, bytes] = {}
    for source, target in sources().items():
        data = (ROOT / source).read_bytes()
        if target.endswith(".md"):
            text = linked(data.decode("utf-8"), source)
            data = (with_contents(text) if source == _ERRORS else text).encode("utf-8")
        texts[target] = data
    for target, data in (texts | {target: text.encode("utf-8") for target, text in site_pages().items()}).items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def sources() -> Mapping[str, str]:
    """Each file of the repository that is a part of the site, and its place there."""
    found = [*_files("docs"), *_files("examples"), "CONTRIBUTING.md", "CHANGELOG.md", "action.yml"]
    return {source: place(source) for source in found}


def _files(folder: str) -> Iterator[str]:
    for path in sorted((ROOT / folder).rglob("*")):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(ROOT).parts)
        if path.is_file() and path.suffix not in _NEVER and not hidden:
            yield path.relative_to(ROOT).as_posix()


def place(source: str) -> str:
    """Where a file of the repository is in the site."""
    if example := _EXAMPLE_PAGE.fullmatch(source):
        return f"examples/{example[1]}.md"
    if source in _ELSEWHERE:
        return _ELSEWHERE[source]
    path = PurePosixPath(source.removeprefix("docs/"))
    return str(path.with_name("index.md") if path.name == "README.md" else path)


def linked(text: str, source: str) -> str:
    """The text of a page whose links lead to places of the site."""
    home = PurePosixPath(place(source)).parent

    def moved(found: re.Match[str]) -> str:
        target = os.path.normpath((PurePosixPath(source).parent / found[2]).as_posix())
        if not (ROOT / target).exists() and not is_generated(target):
            return found[0]  # text of a code block
        if (ROOT / target).is_dir():
            target = "examples/README.md"
        return f"{found[1]}{os.path.relpath(place(target), home)}{found[3]}"

    return _LINK.sub(moved, text)
