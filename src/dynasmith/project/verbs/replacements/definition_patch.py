"""The change of the definition that a replacement needs: the name of the table that is in use now."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Iterator

from msgspec import structs

from dynasmith.errors import DynasmithError
from dynasmith.files.definition_rename import DefinitionRename, shown_path, table_rename, write_rename
from dynasmith.files.text_diff import unified_diff
from dynasmith.jobs.definition_patch import DefinitionPatch
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.replacements.table_mentions import mentions
from dynasmith.project.world import World


def with_definition(items: ItemWorld, report: Replacement, *, write: bool | None = None) -> Replacement:
    """The report of a replacement with the change that the definition needs since the pointer was switched; without one
    where it was not, or no definition names the old table. ``write`` writes it; None: where the job was told to.
    Reads the definitions and the migrations; costs no call."""
    progress = report.progress
    if progress.switched_at is None:
        return report
    requested = progress.writes_definition if write is None else write
    tables = (report.source_table, report.target_table)
    former, current = tables if progress.new_in_use else tables[::-1]
    patch = definition_patch(items.world, former, current, write=requested)
    return dataclasses.replace(report, definition=patch)


def definition_patch(world: World, former: str, current: str, *, write: bool) -> DefinitionPatch | None:
    """What gives the definition of ``former`` the name ``current`` (physical names); None where none names ``former``.

    With ``write`` it is written, unless a part has to be changed by hand; a file is replaced in one step, and after a
    kill between two of them the rest is found again. Nothing is raised: what cannot be written is among ``by_hand``.
    """
    old, new = world.settings.defined_name(former), world.settings.defined_name(current)
    settings = world.settings
    rename = table_rename(settings.definitions, old, new, world.key_variables, settings.environment)
    rename = structs.replace(rename, by_hand=(*rename.by_hand, *_classes(world, old, new)))
    if not rename.files and not rename.by_hand:
        return None
    if f"{settings.prefix}{new}{settings.suffix}" != current:
        affix = f"{settings.prefix}NAME{settings.suffix}"
        sentence = f"The environment calls its tables {affix}, so that no definition can name {current}."
        rename = DefinitionRename(by_hand=(sentence,))
    patch = DefinitionPatch(
        old_name=old,
        new_name=new,
        files=tuple(shown_path(each.path) for each in rename.files),
        diff="".join(unified_diff(shown_path(each.path), each.before, each.after) for each in rename.files),
        by_hand=rename.by_hand,
        notes=(*_environments(world, old, new), *mentions(settings, world.key_variables, former)),
        requested=write,
    )
    return _written(world, patch, rename) if write and not patch.by_hand else patch


def _written(world: World, patch: DefinitionPatch, rename: DefinitionRename) -> DefinitionPatch:
    try:
        write_rename(rename)
    except DynasmithError as error:
        return structs.replace(patch, by_hand=(error.message,))
    finally:
        world.forget_definitions()
    return structs.replace(patch, written=True)


def _classes(world: World, old: str, new: str) -> Iterator[str]:
    """What has to change in the model classes of a table. A class that inherits its table is not named beside the one
    that has it."""
    try:
        models = world.definitions.models
    except DynasmithError:
        return
    if not models:
        return
    from dynasmith.models.metaclass import schema_of

    named = [model for model in models if schema_of(model).table == old]
    for model in named:
        if not any(base in named for base in model.__mro__[1:]):
            yield f'{_place(model)}: class {model.__qualname__} must say table="{new}" in place of "{old}".'


def _place(model: type) -> str:
    try:
        file, (_, line) = inspect.getsourcefile(model) or "", inspect.getsourcelines(model)
    except (OSError, TypeError):
        return model.__module__
    return f"{shown_path(os.path.realpath(file))}:{line}"


def _environments(world: World, old: str, new: str) -> Iterator[str]:
    others = world.settings.others
    if others:
        listed = ", ".join(others)
        yield (
            f"Other environments ({listed}) read the same definition: until {old} is replaced there too, their plans "
            f"create an empty {new}."
        )
