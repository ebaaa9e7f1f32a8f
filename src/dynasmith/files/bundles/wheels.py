"""The wheels of a bundle: found by pip for another machine and another Python, and complete for it."""

from __future__ import annotations

import email
import importlib.util
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from dynasmith.errors import NotOffered, RunError, UsageError
from dynasmith.files.bundles.markers import holds, normalized, target_variables
from dynasmith.files.bundles.requirements import (
    ONLY_FOR_TESTS,
    OURS,
    Requirement,
    installed_version,
    requirement,
)
from dynasmith.masking import masked

MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
"""Lambda's architectures, and what wheels call their machines."""

_ROUNDS_MAX: Final = 20
_GLIBC_OF_AMAZON_LINUX_2: Final = 26
_GLIBC_OF_AMAZON_LINUX_2023: Final = 34


class Target(Struct, frozen=True, kw_only=True):
    """The machine of a function: its architecture as Lambda names it, and its Python ("3.12")."""

    platform: str
    python: str

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, the newest first.

        Source: Lambda's Python runtimes up to 3.11 are on Amazon Linux 2 (glibc 2.26), later ones on Amazon Linux 2023
        (glibc 2.34); PEP 600 and PEP 599 say what the tags promise.
        """
        machine = MACHINES[self.platform]
        minor = int(self.python.partition(".")[2])
        newest = _GLIBC_OF_AMAZON_LINUX_2 if minor <= 11 else _GLIBC_OF_AMAZON_LINUX_2023
        glibc = [f"manylinux_2_{each}_{machine}" for each in range(newest, 16, -1)]
        return (*glibc, f"manylinux2014_{machine}", f"linux_{machine}")


class Wheel(Struct, frozen=True, kw_only=True):
    """A wheel that was found: its file, its normalized name, its version, and what it requires."""

    path: Path
    name: str
    version: str
    requires: tuple[str, ...] = ()


def find_wheels(
    required: Sequence[Requirement], target: Target, into: Path, *, wheels: Path | None, options: Sequence[str] = ()
) -> tuple[Wheel, ...]:
    """The wheels of everything that is required on ``target``, directly or not, sorted by name; pip puts them
    ``into`` a folder.

    The versions are those that are installed here, so that what was tried here is what runs there; with ``wheels``
    those of that folder, and no index is asked. Raises NotOffered where there is no pip, RunError where a wheel is not
    found.
    """
    if importlib.util.find_spec("pip") is None:
        raise NotOffered("pip is not installed here.", hint=f"{sys.executable} -m ensurepip")
    variables = target_variables(target.python, MACHINES[target.platform])
    roots = [each for each in required if holds(each.marker, variables, frozenset())]
    wanted = [_plain(each) for each in roots]
    for _ in range(_ROUNDS_MAX):
        _download(wanted, target, into, wheels, options)
        found = {wheel.name: wheel for wheel in map(_read, sorted(into.glob("*.whl")))}
        reached, missing = _reached(roots, found, variables)
        if not missing:
            return tuple(found[name] for name in sorted(reached))
        wanted += missing
    raise RunError(f"pip does not find {missing[0]}.", hint="see `python -m pip download`")


def _plain(each: Requirement) -> str:
    """The requirement without its marker, which was judged already for the target."""
    return each.text.partition(";")[0].strip() if "@" not in each.text else each.text.partition(" ;")[0].strip()


def _reached(
    roots: Iterable[Requirement], found: dict[str, Wheel], variables: dict[str, str]
) -> tuple[set[str], list[str]]:
    """The names that the roots lead to on the target, and what is required there and was not found."""
    seen: set[tuple[str, frozenset[str]]] = set()
    missing: list[str] = []
    waiting = [(each, each.extras) for each in roots]
    while waiting:
        each, extras = waiting.pop()
        if each.name in ONLY_FOR_TESTS or each.name == OURS or (each.name, extras) in seen:
            continue
        seen.add((each.name, extras))
        if each.name not in found:
            missing.append(_plain(each))
            continue
        for text in found[each.name].requires:
            further = requirement(text)
            if holds(further.marker, variables, extras):
                waiting.append((further, further.extras))
    return {name for name, _ in seen}, missing


def _read(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        metadata = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        message = email.message_from_bytes(archive.read(metadata))
    return Wheel(
        path=path,
        name=normalized(str(message["Name"])),
        version=str(message["Version"]),
        requires=tuple(map(str, message.get_all("Requires-Dist") or ())),
    )


def _download(wanted: Sequence[str], target: Target, into: Path, wheels: Path | None, options: Sequence[str]) -> None:
    listed = into / "requirements.txt"
    listed.write_text("\n".join((*options, *wanted, "")), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={target.python}", f"--dest={into}"]
    command += [f"--platform={tag}" for tag in target.tags]
    command += [f"--requirement={listed}"]
    if wheels is not None:
        command += ["--no-index", f"--find-links={wheels.resolve()}"]
    else:
        pinned = into / "constraints.txt"
        pinned.write_text("".join(_pins(wanted)), encoding="utf-8")
        command += [f"--constraint={pinned}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _failed(f"{done.stdout}\n{done.stderr}", target, wheels)


def _pins(wanted: Iterable[str]) -> list[str]:
    """The versions that are installed here of everything that the requirements lead to here."""
    import importlib.metadata

    pins: dict[str, str] = {}
    waiting = [requirement(each).name for each in wanted]
    while waiting:
        name = waiting.pop()
        version = installed_version(name)
        if name in pins or not version:
            continue
        pins[name] = version
        waiting += [requirement(text).name for text in importlib.metadata.requires(name) or ()]
    return [f"{name}=={version}\n" for name, version in sorted(pins.items())]


def _failed(said: str, target: Target, wheels: Path | None) -> RunError:
    errors = [line.partition("ERROR:")[2].strip() for line in said.splitlines() if line.startswith("ERROR:")]
    lacking = next((match[1] for line in errors if (match := re.search(r"requirement (\S+?)(?: |$)", line))), "")
    where = f"for {target.platform} and Python {target.python}"
    if lacking:
        place = f"in {wheels}" if wheels is not None else "in the index"
        hint = (
            f"python -m pip download {lacking} --only-binary=:all: --platform {target.tags[-2]} "
            f"--python-version {target.python} --dest {wheels}"
            if wheels is not None
            else "install a version that has such a wheel, or build one into a folder and give --wheels FOLDER"
        )
        return RunError(f"There is no wheel of {lacking} {where} {place}.", hint=hint)
    if errors and errors[-1].startswith("ResolutionImpossible"):
        return RunError(
            f"pip finds no versions that go together {where}: {_conflict(said)}.",
            hint="loosen a version in requirements.txt, or put the wheels that are missing into a folder and give "
            "--wheels FOLDER",
        )
    why = masked(errors[-1] if errors else next(iter(said.strip().splitlines()[-1:]), "it does not say why"))
    return RunError(
        f"pip did not find the packages {where}: {why.rstrip('.')}.",
        hint="without a network: put the wheels into a folder, and give --wheels FOLDER",
    )


def _conflict(said: str) -> str:
    """What excludes each other, as pip says it: `picky 1.0 depends on semver<3; The user requested semver>=3.0`."""
    block = said.partition("The conflict is caused by:")[2].lstrip("\n").partition("\n\n")[0]
    lines = [line.strip().replace("The user requested", "required is") for line in block.splitlines()]
    return masked("; ".join(line for line in lines if line)[:500]) or "it does not say why"


def checked_target(platform: str, python: str) -> Target:
    """The target. Raises UsageError for an architecture or a Python that Lambda does not have."""
    if platform not in MACHINES:
        raise UsageError(f"{platform} is not an architecture of Lambda.", hint=f"it has {' and '.join(MACHINES)}")
    if python not in PYTHONS:
        raise UsageError(
            f"Python {python} is not a runtime of Lambda that dynasmith runs on.",
            hint=f"it is one of {', '.join(PYTHONS)}",
        )
    return Target(platform=platform, python=python)


PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""Source: Lambda Developer Guide, "Lambda runtimes"; dynasmith needs 3.11."""


def own_python() -> str:
    """The runtime that is the Python of this process, which is also what the embedded engine runs functions with."""
    own = "{}.{}".format(*sys.version_info)
    return own if own in PYTHONS else PYTHONS[-1]
