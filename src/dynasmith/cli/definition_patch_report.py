"""What the definition needs after a cut-over, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.cli.shared_options import Invocation

if TYPE_CHECKING:
    from dynasmith import Replacement


def show_definition(invocation: Invocation, report: Replacement) -> None:
    """The change of the definition, what is to be done about it, and what else names the old table."""
    patch = report.definition
    if patch is None:
        return
    if patch.written:
        invocation.say(f"{', '.join(patch.files)}: {patch.old_name} is called {patch.new_name} now.")
    else:
        invocation.say(f"The definition must get the new name: {patch.new_name} in place of {patch.old_name}.")
        if patch.diff:
            invocation.say(", ".join(patch.files) if invocation.redact else patch.diff.rstrip("\n"))
        for sentence in patch.by_hand:
            invocation.say(f"  {sentence}")
        if not patch.by_hand:
            switch = "cutover" if report.progress.new_in_use else "back"
            invocation.say(f"Apply this change, or run: dynasmith replace {switch} {report.job.id} --write")
        elif patch.diff:
            invocation.say("Nothing was written: change all of it together.")
    for note in patch.notes:
        invocation.say(f"  {note}")


def definition_missing(report: Replacement) -> bool:
    """Whether the definition was to be written and was not."""
    patch = report.definition
    return patch is not None and patch.requested and not patch.written
