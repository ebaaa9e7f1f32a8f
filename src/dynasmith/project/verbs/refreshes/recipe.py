"""The recipe of a refresh as the project file has it, and the transforms of its tables."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping

from dynasmith.errors import UsageError
from dynasmith.jobs.refresh_recipe import COMMAND, RefreshRecipe, RefreshTable, check_recipe
from dynasmith.operations import parse_operations
from dynasmith.operations.text_codec import operations_text
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.project.verbs.sample_transform import sampled
from dynasmith.project.verbs.transforms import name_of
from dynasmith.tables.findings import did_you_mean


def named_recipe(settings: EnvironmentSettings, name: str) -> tuple[str, RefreshRecipe]:
    """The recipe of that name, or without one that of the environment's name. Raises UsageError for one that is not
    there or contradicts itself."""
    found: Mapping[str, RefreshRecipe] = settings.refresh
    wanted = name or settings.environment
    if wanted not in found:
        hint = did_you_mean(wanted, tuple(found)) or f"write [refresh.{wanted}] in the project file"
        raise UsageError(f"The project file has no recipe [refresh.{wanted}].", hint=hint)
    recipe = found[wanted]
    check_recipe(wanted, recipe)
    for each in recipe.after:
        if each.startswith(COMMAND):
            command_words(each.removeprefix(COMMAND))
    return wanted, recipe


def command_words(command: str) -> list[str]:
    """The words of a command. Raises UsageError for one whose program is not there."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"The command {command!r} cannot be read: {error}.", hint="close its quotes") from error
    if not words or shutil.which(words[0]) is None:
        raise UsageError(
            f"The command {command!r} begins with no program that can be found.", hint="install it, or name its path"
        )
    return words


def table_transforms(recipe: RefreshRecipe) -> dict[str, str]:
    """The text of each table's transform, its sample before it; empty for a table that is copied as it is."""
    return {name: _transform(recipe, name, table) for name, table in recipe.tables.items()}


def _transform(recipe: RefreshRecipe, name: str, table: RefreshTable) -> str:
    texts = list(table.transform)
    if table.operations:
        document = {"version": 1, "operations": list(table.operations)}
        texts.append(operations_text(parse_operations(document)))
    one = texts[0] if len(texts) == 1 else name_of(texts) if texts else None
    share, by = table.sample or recipe.sample, table.by or recipe.by
    missing = table.missing or recipe.missing
    try:
        return sampled(one, share or None, (by or None) if share else None, (missing or None) if share else None) or ""
    except UsageError as error:
        raise UsageError(f"Table {name} of the recipe: {error.message}", hint=error.hint) from error
