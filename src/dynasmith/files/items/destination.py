"""The place of an export: what its name says, whose parts are there, and that nothing of another one is overwritten."""

import os
from pathlib import Path
from typing import Final, Literal, TypeAlias

from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.manifest import MANIFEST, manifest_beside, read_manifest

Style: TypeAlias = Literal["dynamodb", "plain", "plain-lossy", "csv", "tsv"]
"""``plain-lossy`` writes sets as lists and binary as text, which ``plain`` refuses. CSV and TSV are one file."""
Compression: TypeAlias = Literal["", "gz", "zst"]

DELIMITERS: Final = {"csv": ",", "tsv": "\t"}
"""What stands between the values of a style that has a header."""


class Destination:
    """Where the export named ``export`` goes: ``path`` itself, or one file, whose parts are in a folder beside it."""

    def __init__(self, path: Path, export: str) -> None:
        self.path, self.export = path, export
        self.single = is_file_name(path)
        own = f".{export}" if export else ""
        self.folder = path.with_name(f"{path.name}{own}.parts") if self.single else path
        self.whole = self.folder / "whole"
        self._renamed = self.folder / "renamed"
        self._mark = path / f".export-{export}"

    @property
    def complete(self) -> bool:
        """Whether the one file of this export is there and its manifest beside it, which is written last."""
        if not self.single or not self.path.exists():
            return False
        manifest = manifest_beside(self.path)
        return manifest is not None and manifest.export == self.export

    @property
    def named(self) -> bool:
        """Whether the one file that is there is this export's, whose manifest is not written yet."""
        if not self.path.exists():
            return False
        if self.whole.exists():
            return self.whole.samefile(self.path)
        return self._renamed.exists()

    @property
    def begun(self) -> bool:
        """Whether this export claimed the place, as it is seen from here."""
        return self.complete or (self.folder.is_dir() if self.single else self._mark.exists())

    def claim(self) -> None:
        """Make the folder of the parts. Raises RunError where it cannot be, or where another export has the place."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.single:
                if self.path.exists() and not self.named:
                    raise self._taken()
                return
            fresh = not self._mark.exists()
            self._mark.touch(0o600)
        except OSError as error:
            raise RunError(
                f"{self.path} could not be written: {error.strerror}.", hint="fix it, then resume the job"
            ) from error
        # Each export makes its mark before it looks for another one's: of two that begin at once both see it.
        if self._others() or self._finished_by_another():
            if fresh:
                self._mark.unlink()
            raise self._taken()

    def release(self) -> None:
        """The folder is finished: take away the mark."""
        self._mark.unlink(missing_ok=True)

    def name(self) -> None:
        """Give the whole file its name. Raises RunError where another file has it meanwhile, which stays."""
        try:
            os.link(self.whole, self.path)
        except FileExistsError as error:
            raise self._taken() from error
        except OSError:  # a file system without links: looked at first, and remembered before it is done
            if self.path.exists():
                raise self._taken() from None
            self._renamed.touch(0o600)
            self.whole.rename(self.path)

    def _others(self) -> bool:
        return any(mark != self._mark for mark in self.path.glob(".export-*"))

    def _finished_by_another(self) -> bool:
        manifest = self.path / MANIFEST
        return manifest.is_file() and read_manifest(manifest).export != self.export

    def _taken(self) -> RunError:
        return RunError(
            f"{self.path} belongs to another export: an export never overwrites.",
            hint="move it away and resume this job, or cancel the job"
            + (f" and remove {self.folder.name}" if self.single else ""),
        )


def check_dest(dest: str | Path) -> None:
    """Raise UsageError where an export cannot begin: something is there, or nothing may be made there."""
    path = Path(dest).absolute()
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{dest} exists already.", hint="name another place: an export never overwrites")
        there = next(each for each in (path, *path.parents) if each.exists())
    except OSError as error:
        raise UsageError(f"{dest} cannot be made: {error.strerror}.", hint="name another place") from error
    if not there.is_dir():
        raise UsageError(f"{dest} cannot be made: {there} is not a folder.", hint="name another place")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{dest} cannot be made: {there} may not be written.", hint="name another place")


def check_name(dest: Path, style: str) -> None:
    """Raise UsageError where the name of an export says another style than it has: it would be read as that one."""
    named = style_of(dest.name)
    if named is None:
        if style in DELIMITERS:
            kind = style.upper()
            raise UsageError(
                f"{kind} is one file, and {dest} names a folder.", hint=f"name it ITEMS.{style} or ITEMS.{style}.gz"
            )
        return
    if named[0] != style and (named[0] in DELIMITERS or style in DELIMITERS):
        raise UsageError(
            f"{dest.name} is a name for {named[0]}, and the format is {style}.",
            hint="name it .csv, .tsv or .jsonl by its format",
        )


def is_file_name(dest: Path) -> bool:
    """Whether ``dest`` names one file (its name has a format) and not a folder."""
    return style_of(dest.name) is not None


def style_of(name: str) -> tuple[Style, Compression] | None:
    """The style and compression that a file's name says; None where it says none, which makes it a folder's."""
    lower = name.lower()
    compression: Compression = ""
    for suffix, packed in ((".gz", "gz"), (".zst", "zst")):
        if lower.endswith(suffix):
            lower, compression = lower.removesuffix(suffix), packed  # type: ignore[assignment]  # a str of the literal
    if lower.endswith(".csv"):
        return "csv", compression
    if lower.endswith(".tsv"):
        return "tsv", compression
    if lower.endswith((".jsonl", ".ndjson", ".json")):
        return "dynamodb", compression
    return None
