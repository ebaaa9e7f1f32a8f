"""Versions of migrations: SemVer 2 without build metadata, compared by its rules (``semver``)."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from semver import Version

from dynasmith.errors import UsageError

__all__ = ["NOTHING", "Bump", "Version", "bumped", "parse_version", "version_of"]

NOTHING: Final = Version(0, 0, 0)
"""Below every migration: nothing is applied."""
Bump: TypeAlias = Literal["major", "minor", "patch"]


def parse_version(text: str) -> Version | None:
    """The version that a text is; None for one that is none, or has build metadata (which SemVer does not order)."""
    try:
        version = Version.parse(text)
    except ValueError:
        return None
    return None if version.build else version


def version_of(text: str) -> Version:
    """The version that a person names. Raises UsageError for a text that is none."""
    version = parse_version(text)
    if version is None:
        raise UsageError(f"{text!r} is not a version.", hint="a version has three numbers: 1.4.0, or 1.4.0-rc.1")
    return version


def bumped(base: Version, bump: str) -> Version:
    """The next version after ``base``: its major, minor or patch number raised, or the version that ``bump`` is.

    Raises UsageError where ``bump`` is neither, or a version that is not above ``base``.
    """
    match bump:
        case "major":
            return base.bump_major()
        case "minor":
            return base.bump_minor()
        case "patch":
            return base.bump_patch()
    version = version_of(bump)
    if version <= base:
        raise UsageError(f"{version} is not above {base}.", hint="a new migration comes after all that there are")
    return version
