"""A fresh environment of Python in which dynasmith is not installed, and what is installed into it is found."""

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

WHOLE = os.environ.get("DYNASMITH_TEST_WHEEL") == "whole"
"""Whether every package is installed from an index (`make test-wheel`), or those of this environment serve."""
_OURS = ("dynasmith", "_dynasmith", "_editable_impl_dynasmith", "__editable__")
SECONDS_MAX = 600


@dataclass(frozen=True)
class FreshPython:
    """The programs of an environment, and a shell in which they come first."""

    programs: Path

    def bash(self, line: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """A line of a page, a Dockerfile or a workflow, by bash in a folder; stdout and stderr are one."""
        path = os.pathsep.join((str(self.programs), os.environ["PATH"]))
        more = {} if WHOLE else {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # 0 turns it off
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            ["bash", "-e", "-c", line],
            cwd=folder,
            env={**kept, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
        )


def fresh_python(folder: Path) -> FreshPython:
    """An environment in ``folder``. Not `WHOLE`: it finds each package that is installed here, but dynasmith."""
    venv.create(folder, with_pip=WHOLE, symlinks=os.name != "nt")
    if not WHOLE:
        here = next(Path(entry) for entry in sys.path if (Path(entry) / "pip").is_dir())
        packages = folder / "packages"
        packages.mkdir()
        for entry in here.iterdir():
            if not entry.name.lower().startswith(_OURS):
                (packages / entry.name).symlink_to(entry)
        (site,) = (folder / "lib").glob("python3*/site-packages")
        (site / "packages.pth").write_text(f"{packages}\n", encoding="utf-8")
    return FreshPython(folder / "bin")


def interpreter(version: str) -> str:
    """The program of a version of Python that runs here; skips the test, with the reason, where there is none."""
    found = [*filter(None, [shutil.which(f"python{version}")])]
    found += [str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for program in found:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.startswith(f"Python {version}."):
            return program
    pytest.skip(f"Python {version} is not installed here")
