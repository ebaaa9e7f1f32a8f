"""What a path of migrations needs a consent to: a yes to the path, and the name of each table that loses items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dynasmith.errors import ConsentNeed
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.report import Rehearsal
from dynasmith.plans.consent import NO_CONSENT, Consent, named, question
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.path_choice import question_about
from dynasmith.project.verbs.migrations.step_estimates import DESTROYS
from dynasmith.project.verbs.table_items import has_items
from dynasmith.project.verbs.tables import exists

_DESTROYING: Final = re.compile(rf"\b({'|'.join(sorted(DESTROYS))})\b".encode())


def needs_of_path(path: Sequence[PathStep], rehearsal: Rehearsal | None) -> tuple[ConsentNeed, ...]:
    """The questions before a path runs; ``rehearsal`` says which tables lose items, where it was rehearsed."""
    destroys = rehearsal.destroys if rehearsal is not None else ()
    return (question(question_about(path)), *(_loses_items(table) for table in destroys))


def may_destroy(folder: Path, path: Sequence[PathStep]) -> bool:
    """Whether a step of a path may destroy items, as far as the text of its files and of their neighbours tells. A down
    that nobody wrote takes back what its up did, tables that it created too.

    What it does not find is still asked for when the step is about to begin (`StepConsent`).
    """
    if any(step.direction == "down" and not step.file.has_down for step in path):
        return True
    steps = {step.file.file for step in path}
    texts = [each for each in folder.rglob("*.py") if each.name in steps or not each.name[:1].isdigit()]
    return any(_DESTROYING.search(each.read_bytes()) for each in texts)


class StepConsent:
    """Asked when a step that destroys items is about to begin: the table must have been named. ``is_given`` is for a
    run that takes back what it did itself."""

    def __init__(self, items: ItemWorld, consent: Consent = NO_CONSENT, *, is_given: bool = False) -> None:
        self._items, self._consent, self._is_given = items, consent, is_given

    def __call__(self, table: str) -> None:
        """Raises ConsentRequired, unless the table is empty or is not there."""
        world = self._items.world
        physical = world.physical(table)
        if self._is_given or not exists(world, physical) or not has_items(self._items.world, physical):
            return
        given = Consent(yes=self._consent.yes, confirm=self._consent.confirm)
        world.granted(given, [physical], _loses_items(physical))


def _loses_items(table: str) -> ConsentNeed:
    return named(f"Items of table {table} are deleted in {{where}}.", table)
