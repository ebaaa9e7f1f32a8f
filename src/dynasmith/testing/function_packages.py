"""The packages that a test function finds: those of a bundle, as links to what is installed here.

A real bundle is 15 MB in some 2,500 files, and the engine unpacks it for every worker that it starts. Links give the
same modules for nothing.
"""

import importlib.metadata
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import dynasmith
from dynasmith.files.bundles.package_files import LEFT_OUT_PARTS
from dynasmith.files.bundles.requirements import ONLY_FOR_THE_COMMAND_LINE


def link_packages(folder: Path, extras: Iterable[str] = ("models", "crypto")) -> None:
    """Fill the empty ``folder`` with links to dynasmith and to what it requires, with ``extras`` that are installed."""
    ours = folder / "dynasmith"
    ours.mkdir(parents=True)
    for path in Path(next(iter(dynasmith.__path__))).iterdir():
        if path.name not in {*LEFT_OUT_PARTS, "__pycache__"}:
            (ours / path.name).symlink_to(path)
    for name in sorted(required_distributions("dynasmith", frozenset(extras), ONLY_FOR_THE_COMMAND_LINE)):
        for path in _top_level(name):
            link = folder / path.name
            if not link.exists():
                link.symlink_to(path)


def required_distributions(root: str, extras: frozenset[str], left_out: frozenset[str]) -> set[str]:
    """The normalized names of the installed distributions that ``root`` requires, directly or not, without itself."""
    found: set[str] = set()
    waiting = list(_requirements(root, extras))
    while waiting:
        name = waiting.pop()
        if name in found or name in left_out:
            continue
        try:
            waiting.extend(_requirements(name, frozenset()))
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform or another Python
        found.add(name)
    return found


def _requirements(name: str, extras: frozenset[str]) -> Iterator[str]:
    for requirement in importlib.metadata.requires(name) or ():
        text, _, marker = requirement.partition(";")
        extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", marker)
        if extra is None or extra[1] in extras:
            match = re.match(r"\s*([A-Za-z0-9._-]+)", text)
            assert match is not None
            yield re.sub(r"[-_.]+", "-", match[1]).lower()


def _top_level(name: str) -> set[Path]:
    """The files and folders that a distribution has directly in the folder of installed packages."""
    distribution = importlib.metadata.distribution(name)
    tops = {Path(file).parts[0] for file in distribution.files or () if ".." not in Path(file).parts}
    return {Path(str(distribution.locate_file(top))) for top in tops - {"__pycache__", "bin"}}
