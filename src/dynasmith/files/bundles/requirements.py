"""What a bundle requires: dynasmith's own packages, and those that the project names."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.bundles.markers import normalized

OURS: Final = "dynasmith"
ONLY_FOR_THE_COMMAND_LINE: Final = frozenset(("click", "rich"))
"""What dynasmith requires for its command line alone."""
ONLY_FOR_TESTS: Final = frozenset(("ministack", "moto", "pytest", "localstack", "hypothesis"))
"""Engines and tools for tests, which have no use in a function."""
EXTRAS: Final = frozenset(("fast", "sql", "postgres", "mysql", "mongo", "models", "crypto", "onetable"))
"""The extras of dynasmith that a function can have."""
REQUIREMENTS_FILE: Final = "requirements.txt"

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?(.*)", re.DOTALL)


class Requirement(Struct, frozen=True, kw_only=True):
    """One requirement: its normalized name, its extras, its marker, and the text that pip is given."""

    name: str
    text: str
    extras: frozenset[str] = frozenset()
    marker: str = ""


class ProjectRequirements(Struct, frozen=True, kw_only=True):
    """What a project requires besides dynasmith, and the extras of dynasmith that it names; ``options`` are lines for
    pip (an index). ``source`` is the file, empty where there is none; ``left_out`` are names of packages for tests.
    """

    requirements: tuple[Requirement, ...] = ()
    extras: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    source: str = ""
    left_out: tuple[str, ...] = ()


def requirement(text: str) -> Requirement:
    """The parts of one requirement. Raises ValueError for what is not one."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    rest, _, marker = match[3].partition(" ;" if "@" in match[3] else ";")
    extras = frozenset(normalized(each.strip()) for each in (match[2] or "").split(",") if each.strip())
    if rest.strip() and not re.match(r"\s*(?:[<>=!~@(]|$)", rest):
        raise ValueError(text)
    return Requirement(name=normalized(match[1]), text=text.strip(), extras=extras, marker=marker.strip())


def own_requirements(extras: Iterable[str]) -> tuple[Requirement, ...]:
    """What dynasmith itself requires in a function, with these of its extras; markers but for those of extras stay."""
    wanted = frozenset(extras)
    found = []
    for text in importlib.metadata.requires(OURS) or ():
        each = requirement(text)
        extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", each.marker)
        if each.name in ONLY_FOR_THE_COMMAND_LINE or (extra is not None and normalized(extra[1]) not in wanted):
            continue
        marker = re.sub(r"""\s*(?:and\s+)?extra\s*==\s*["'][^"']+["']""", "", each.marker).strip()
        plain = text.partition(";")[0].strip()
        found.append(
            Requirement(
                name=each.name, text=f"{plain}; {marker}" if marker else plain, extras=each.extras, marker=marker
            )
        )
    return tuple(found)


def installed_version(name: str) -> str:
    """The version of a package that is installed here from an index; empty for others, which no index has."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    if "+" in distribution.version or distribution.read_text("direct_url.json"):
        return ""
    return distribution.version


def project_requirements(folder: Path) -> ProjectRequirements:
    """What the project in ``folder`` requires: ``requirements.txt``, or ``[project] dependencies`` of pyproject.toml
    where there is none. Raises UsageError with the line for what cannot be in a bundle."""
    file, pyproject = folder / REQUIREMENTS_FILE, folder / "pyproject.toml"
    if file.is_file():
        return _sorted_out(file.name, list(_lines(file, (file,))))
    if pyproject.is_file():
        try:
            project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{pyproject} is not valid TOML: {error}.", hint="fix the file") from error
        listed = project.get("dependencies", []) if isinstance(project, dict) else []
        return _sorted_out(pyproject.name, [("[project] dependencies", str(each)) for each in listed])
    return ProjectRequirements()


def _lines(file: Path, seen: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """The lines of a requirements file and of those that it includes, with where they are."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}.", hint="fix the file") from error
    number = 0
    for joined in re.sub(r"\\\r?\n", " \0", text).splitlines():
        number += 1
        place = f"line {number} of {file.name}"
        number += joined.count("\0")
        line = re.sub(r"(^|\s)#.*$", "", joined.replace("\0", "")).strip()
        included = re.match(r"(?:-r|--requirement)[\s=]*(\S+)$", line)
        if included:
            other = (file.parent / included[1]).resolve()
            if other in seen:
                raise UsageError(f"{place} includes a file that includes it.", hint="remove the circle")
            yield from _lines(other, (*seen, other))
        elif line:
            yield place, line


def _sorted_out(source: str, lines: list[tuple[str, str]]) -> ProjectRequirements:
    found: list[Requirement] = []
    options: list[str] = []
    left: set[str] = set()
    extras: frozenset[str] = frozenset()
    for place, line in lines:
        if line.startswith("-"):
            options.append(_option(place, line))
            continue
        try:
            each = requirement(line)
        except ValueError as error:
            raise _refused(place, "is not the name of a package") from error
        if "--hash" in line:
            raise _refused(place, "has a hash, and dynasmith's own packages have none")
        if re.search(r"@\s*(?:file:|\.|/)", line):
            raise _refused(place, "names a folder or a file")
        if each.name == OURS:
            extras |= each.extras & EXTRAS
        elif each.name in ONLY_FOR_TESTS:
            left.add(each.name)
        else:
            found.append(each)
    return ProjectRequirements(
        requirements=tuple(found), extras=extras, options=tuple(options), source=source, left_out=tuple(sorted(left))
    )


def _option(place: str, line: str) -> str:
    if re.match(r"(?:-i|--index-url|--extra-index-url|-c|--constraint|--pre|--no-binary|--only-binary)\b", line):
        if line.startswith(("-c", "--constraint", "--no-binary")):
            raise _refused(place, f"has {line.split()[0]}, which a bundle cannot keep")
        return line
    raise _refused(place, "is an editable package or an option that a bundle cannot keep")


def _refused(place: str, what: str) -> UsageError:
    return UsageError(
        f"A bundle cannot be made: {place} {what}.",
        hint="build wheels of such packages into a folder, name them with plain requirements, and give --wheels FOLDER",
    )
