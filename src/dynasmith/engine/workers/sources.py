"""The modules of a transform on their way to a worker on another machine: their source files, as they stand here.

A module of an installed package is not sent: workers have the packages that the code imports, in versions of their own.
"""

import atexit
import importlib
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from dynasmith.errors import UsageError

SOURCES_BYTES_MAX: Final = 5 * 1024 * 1024
"""More is no transform: it is a package, which is installed where workers run."""


def sent_sources(modules: Iterable[str]) -> dict[str, bytes]:
    """The files of modules that are no part of an installation, by their paths below a folder of modules.

    Raises UsageError where they are larger than 5 MB.
    """
    found: dict[str, bytes] = {}
    for module in sorted(modules):
        top = module.partition(".")[0]
        if top == "dynasmith" or top in sys.stdlib_module_names:
            continue
        found |= {name: path.read_bytes() for name, path in _files(module, top) if name not in found}
        if sum(map(len, found.values())) > SOURCES_BYTES_MAX:
            raise UsageError(
                f"The code of the transform is larger than 5 MB with module {module}.",
                hint="install it as a package where the workers run",
            )
    return found


def keep_sources(sources: Mapping[str, bytes]) -> None:
    """Make modules of files that were sent, in a folder that goes with this process. They come after what is there."""
    if not sources:
        return
    folder = Path(tempfile.mkdtemp(prefix="dynasmith-code-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in sources.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise UsageError(f"The name {name!r} of a source file leads elsewhere.", hint="start the job again")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


def _files(module: str, top: str) -> list[tuple[str, Path]]:
    """The files of the package of a module, or of its folder where that is no package, each with its path there."""
    file = getattr(sys.modules.get(top), "__file__", None)
    whole = file is not None
    file = file or getattr(sys.modules.get(module), "__file__", None)
    if file is None or not file.endswith(".py") or _is_installed(Path(file)):
        return []
    path = Path(file)
    if whole and path.name != "__init__.py":
        return [(path.name, path)]
    if whole:
        return [(each.relative_to(path.parent.parent).as_posix(), each) for each in sorted(path.parent.rglob("*.py"))]
    folder = "/".join(module.split(".")[:-1])
    return [(f"{folder}/{each.name}", each) for each in sorted(path.parent.glob("*.py"))]


def _is_installed(file: Path) -> bool:
    homes = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}
    return any(file.is_relative_to(home) for home in homes if home)
