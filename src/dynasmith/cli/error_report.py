"""Errors as people and programs see them. One sentence, a hint, the exit code."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress

from dynasmith.documentation import code_page, error_page
from dynasmith.errors import (
    ConsentRequired,
    DefinitionError,
    DynasmithError,
    FindingText,
    ProjectError,
    SeveralFailed,
    TransformError,
)


def show_error(
    error: DynasmithError, *, as_json: bool, complete: Callable[[str], str] = str, redact: bool = False
) -> int:
    """Print ``error`` (JSON on stdout with ``--json``, words on stderr) and return its exit code.

    ``complete`` gives the commands of hints the options of this run, and masks. See `Invocation.complete`.
    """
    if as_json and _written(json.dumps({"error": error_json(error, complete)}, ensure_ascii=False) + "\n"):
        return error.exit
    lines = [f"Error: {complete(error.message)}"]
    if isinstance(error, DefinitionError):
        lines = [f"{_severity(finding)}: {complete(finding.sentence)}" for finding in error.findings]
    if isinstance(error, SeveralFailed):
        lines += [
            f"  {name}: {complete(failure.message + _hint(failure))}"
            for name, failure in sorted(error.failures.items())
        ]
    if isinstance(error, TransformError) and not redact:
        from dynasmith.project.verbs.transforms import user_traceback  # loaded by then, since a transform ran

        lines += complete(user_traceback(error)).splitlines()  # of the user's own code, which is what has to be fixed
    if error.hint:
        lines.append(f"Hint: {complete(error.hint)}")
    lines += [f"More: {page}" for page in _pages(error)]
    with suppress(OSError, ValueError):  # where standard error is full or closed too, the exit code is all there is
        sys.stderr.write("\n".join(lines) + "\n")
    return error.exit


def _pages(error: DynasmithError) -> list[str]:
    """The pages that say more: that of the error, and of a definition those of its mistakes."""
    found = error.findings if isinstance(error, DefinitionError | ProjectError) else ()
    codes = [getattr(each, "code", "") for each in found]
    return [code_page(code) for code in dict.fromkeys(filter(None, codes))] or [error_page(error.code)]


def _written(text: str) -> bool:
    """Whether standard output takes a text: on a full disk it does not, and the error is then said in words."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError):
        return False
    return True


def _severity(finding: object) -> str:
    """A doubt among the mistakes is said as a doubt."""
    return "Warning" if getattr(finding, "severity", "error") == "warning" else "Error"


def _hint(error: DynasmithError) -> str:
    return f" ({error.hint})" if error.hint else ""


def error_json(error: DynasmithError, complete: Callable[[str], str] = str) -> dict[str, object]:
    """An error as programs read it."""
    document: dict[str, object] = {
        "code": error.code,
        "message": complete(error.message),
        "hint": complete(error.hint),
        "exit": error.exit,
        "docs": error_page(error.code),
    }
    if isinstance(error, ConsentRequired):
        document |= error.where
        document["needs"] = [need._asdict() for need in error.needs]
    if isinstance(error, DefinitionError) or (isinstance(error, ProjectError) and error.findings):
        document["findings"] = [_mistake(finding, complete) for finding in error.findings]
    if isinstance(error, SeveralFailed):
        document["failures"] = {name: error_json(failure, complete) for name, failure in error.failures.items()}
    return document


def _mistake(finding: FindingText, complete: Callable[[str], str]) -> dict[str, object]:
    """A mistake as programs read it; one of an operations file has its place in its message."""
    from dynasmith.tables.findings import DefinitionFinding  # loaded by then, since it was raised

    if not isinstance(finding, DefinitionFinding):
        nowhere = dict.fromkeys(("code", "file", "line", "path"))
        return {**nowhere, "severity": "error", "message": complete(finding.sentence), "hint": "", "docs": None}
    return {
        **{name: getattr(finding, name) for name in ("code", "file", "line", "path", "severity")},
        "message": complete(finding.message),
        "hint": complete(finding.hint),
        "docs": code_page(finding.code),
    }
