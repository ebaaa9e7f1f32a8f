"""Removing the folder of a job or of a journal: what a symbolic link points to is never touched."""

from pathlib import Path

from dynasmith.errors import RunError


def refuse_link(home: Path, what: str) -> None:
    """Raise RunError where ``home`` is a symbolic link: the folder behind it may be somebody else's."""
    if home.is_symlink():
        raise RunError(
            f"{what} is a symbolic link ({home}); nothing was removed.",
            hint=f"remove the link and the folder that it points to yourself: {home.readlink()}",
        )


def remove_folder(home: Path) -> None:
    """Remove a folder with all that is in it; a symbolic link in it is removed itself, and not followed."""
    for path in sorted(home.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    home.rmdir()
