"""``import --from``: definitions and model classes out of the classes and schemas of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.bridges.onetable import OnetableModule, check_schema, onetable_document
from dynasmith.bridges.pydantic_models import (
    is_pydantic_model,
    pydantic_document,
    pydantic_module,
    pydantic_tables,
)
from dynasmith.bridges.pynamodb import PynamodbModule, is_pynamodb_model, pynamodb_documents
from dynasmith.bridges.source import Document, ModelModule
from dynasmith.errors import UsageError
from dynasmith.files.definitions import exported_table, load_definitions, read_back
from dynasmith.files.onetable_files import is_schema_file, read_onetable_schema
from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.project.modules import module_of
from dynasmith.project.verbs.document_import import definition_file, document_of, tables_of_document
from dynasmith.project.verbs.generated_module import module_text
from dynasmith.project.world import World
from dynasmith.tables.findings import did_you_mean
from dynasmith.tables.render import render_yaml
from dynasmith.tables.table import Table

ImportForm = Literal["definition", "models"]
NO_NAMES: Mapping[str, str] = MappingProxyType({})
_HINT = "write module:Class, module for every model of it, or onetable:FILE"


class ImportedText(Struct, frozen=True, kw_only=True):
    """What was made of models, of a schema or of live tables, and was read back before it is given.

    ``text`` is a definition file (YAML) or a module of model classes (Python), as ``form`` says; ``tables`` are its
    tables. ``notes`` are sentences about what the source has and the text has not, or has otherwise; they stand in the
    text too. ``unresolved`` are values that the source alone does not say; what needs them is left out.
    """

    form: ImportForm
    text: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    unresolved: tuple[UnresolvedValue, ...] = ()


def import_from(
    world: World,
    source: str,
    form: ImportForm,
    keys: Mapping[str, str],
    tables: Mapping[str, str],
    parameters: Mapping[str, str] = NO_NAMES,
) -> ImportedText:
    """See `Project.import_from`."""
    if (file := definition_file(world, source)) is not None:
        return import_definitions(file, form, {**keys, **tables, **parameters})
    if (read := document_of(world, source)) is not None:
        return import_document(*read, source, form, keys, tables, parameters)
    if parameters:
        raise UsageError(f"{source} has no parameters.", hint="remove --param, which is for templates")
    kind, _, name = source.partition(":")
    if is_schema_file(name if kind == "onetable" else source):
        return import_onetable(world, name if kind == "onetable" else source, form, keys, tables)
    only_pynamodb = kind == "pynamodb"
    if only_pynamodb:
        kind, _, name = name.partition(":")
    module_name, path = kind, name
    if not module_name or source.endswith(":"):
        raise UsageError(f"{source!r} does not name a module.", hint=_HINT)
    module = module_of(module_name, world.settings.folder, masks=world.masks)
    chosen = [_class(module, path)] if path else list(dict.fromkeys(_classes(module)))
    pynamodb = [each for each in chosen if is_pynamodb_model(each)]
    if only_pynamodb and not pynamodb:
        raise UsageError(f"{source.partition(':')[2]} has no model of PynamoDB.", hint=_HINT)
    if pynamodb:
        _no_options(source, keys, tables)
        if form == "models":
            return _models(PynamodbModule(pynamodb, source).write(), source)
        return _definition(pynamodb_documents(pynamodb), source)
    plain = [each for each in chosen if is_pydantic_model(each)]
    if plain:
        found = pydantic_tables(plain, keys, tables, is_module=not path)
        if form == "models":
            return _models(pydantic_module(found, source), source)
        return _definition([pydantic_document(each) for each in found], source)
    _no_options(source, keys, tables)
    return _own(chosen, source, form, is_class=bool(path))


def import_document(
    document: object,
    name: str,
    source: str,
    form: ImportForm,
    keys: Mapping[str, str],
    tables: Mapping[str, str],
    parameters: Mapping[str, str],
) -> ImportedText:
    """The tables of a document of another tool."""
    if keys or form == "models":
        raise UsageError(
            f"{name} defines tables, not models.",
            hint="remove --key" if keys else "--as definition; `dynasmith render models` writes classes of live tables",
        )
    found = tables_of_document(document, source, name, parameters, tables)
    left_out = tuple(f"{each.path}: {each.reference} is not known here." for each in found.unresolved)
    made = _definition(found.documents, name, (*found.notes, *left_out))
    return replace(made, unresolved=found.unresolved)


def import_definitions(file: Path, form: ImportForm, options: Mapping[str, str]) -> ImportedText:
    """The tables of a definition file, as one of the newest form: `tables_config.json` is one."""
    if options or form == "models":
        raise UsageError(
            f"{file} says its tables itself.",
            hint="remove --key, --table and --param" if options else "--as definition",
        )
    found = load_definitions([file])
    return _definition_of(found.tables, [each.message for each in found.findings])


def import_onetable(
    world: World, name: str, form: ImportForm, keys: Mapping[str, str], tables: Mapping[str, str]
) -> ImportedText:
    """The table or the classes of a OneTable schema in a file, which is looked for from the working directory, then
    from the project's folder. Raises UsageError where it is not a schema, or the table has no name."""
    file = Path(name) if Path(name).exists() else Path(world.settings.folder) / name
    if keys:
        raise UsageError("A OneTable schema says its keys itself.", hint="remove --key")
    if list(tables) != [""]:
        raise UsageError("A OneTable schema does not name its table.", hint="--table NAME")
    schema = read_onetable_schema(file)
    check_schema(schema, name)
    return onetable_text(schema, tables[""], name, form)


def onetable_text(schema: Mapping[str, Any], table: str, source: str, form: ImportForm) -> ImportedText:
    """The table or the classes of a OneTable schema that was checked."""
    if form == "models":
        return _models(OnetableModule(schema, table, source).write(), source)
    return _definition([onetable_document(schema, table)], source)


def _class(module: ModuleType, path: str) -> Any:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part, None)
    if value is None:
        near = did_you_mean(path, [name for name, each in vars(module).items() if isinstance(each, type)])
        raise UsageError(f"The module {module.__name__} has no class {path}.", hint=near or _HINT)
    return value


def _classes(module: ModuleType) -> list[Any]:
    """The classes of a module: those of PynamoDB wherever they are from, plain ones that it defines itself."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and (not is_pydantic_model(each) or each.__module__ == module.__name__)
    ]


def _no_options(source: str, keys: Mapping[str, str], tables: Mapping[str, str]) -> None:
    if keys or tables:
        raise UsageError(
            f"The models of {source} say their keys and their tables themselves.",
            hint="remove --key and --table, which are for plain pydantic models",
        )


def _own(chosen: Sequence[Any], source: str, form: ImportForm, *, is_class: bool) -> ImportedText:
    """The definition of classes of dynasmith's own Model."""
    own = [each for each in chosen if hasattr(each, "__dynasmith_expression__")]
    if own and form == "definition":
        from dynasmith.models import tables_of
        from dynasmith.models.metaclass import codec_of

        if not is_class:
            own = [each for each in own if codec_of(each).schema.table is not None]
        return _definition_of(tables_of(*own), ())
    if own:
        raise UsageError(f"The classes of {source} are models of dynasmith already.", hint="--as definition")
    what = f"The class {source} is not a model" if is_class else f"The module {source} has no model"
    raise UsageError(f"{what} of PynamoDB, pydantic or dynasmith.", hint=_HINT)


def _definition(documents: Sequence[Document], source: str, notes: Sequence[str] = ()) -> ImportedText:
    return _definition_of(tuple(_table(document, source) for document in documents), notes)


def _table(document: Document, source: str) -> Table:
    return exported_table(document, source, hint="the source cannot be a table as it is; nothing was written")


def _definition_of(tables: tuple[Table, ...], notes: Sequence[str]) -> ImportedText:
    text = render_yaml(tables, comment="\n".join(notes))
    return ImportedText(form="definition", text=text, tables=read_back(text).tables, notes=tuple(notes))


def _models(module: ModelModule, source: str) -> ImportedText:
    tables = tuple(_table(document, source) for document in module.documents)
    text, notes = module_text(module, tables, source)
    return ImportedText(form="models", text=text, tables=tables, notes=notes)
