"""Tables in another form: `render models` of live tables, `render terraform`, `cloudformation` and
`create-table` of defined ones."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from msgspec.structs import replace

from dynasmith.bridges.live_table import live_module
from dynasmith.engine.definition_import import as_definition, left_out, without_defaults
from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import UsageError
from dynasmith.iac.files import RenderedFiles
from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.definition_import import chosen_tables
from dynasmith.project.verbs.generated_module import module_text
from dynasmith.project.verbs.model_import import ImportedText
from dynasmith.project.verbs.render_iac import render_cloudformation, render_terraform
from dynasmith.project.verbs.render_requests import render_create_table
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_of import document_of
from dynasmith.tables.render import bare_name

SAMPLE_MAX = 10_000


class Render:
    """What tables are rendered as."""

    def __init__(self, world: World) -> None:
        self._world = world

    @checked()
    def models(self, names: Sequence[str] = (), *, sample: int = 100, minimal: bool = False) -> ImportedText:
        """A module with a model class for each of these live tables; for every table of the environment without names.

        Keys, indexes and settings are those of the table, so that `tables_of` the class plans empty; ``minimal`` leaves
        out what a new table has by itself. The types of other attributes are those of the first ``sample`` items of a
        Scan, and the docstring of the class says so: an attribute that some of them lack may be None, one that has
        several types is a union, or Any. A name may be a pattern (``orders-*``); the environment's prefix and suffix
        are taken off. No value of an item is in the text. It was run and says the same tables. Nothing is written.

        Costs about eight calls a table, and a Scan of ``sample`` items. Raises TableNotFound, UsageError for a pattern
        that fits no table, for a ``sample`` above 10,000, and where pydantic is not installed, DefinitionError and
        RunError where a table cannot be said by a class.
        """
        return render_models(self._world, names, sample=sample, minimal=minimal)

    @checked()
    def terraform(
        self, names: Sequence[TableName] = (), *, provider: Literal[5, 6] = 5, imports: bool = True
    ) -> RenderedFiles:
        """Terraform's configuration of these defined tables, of all without names: `versions.tf`, `tables.tf`, and
        `imports.tf` with an import block for each resource that is there already (not with ``imports=False``, which
        costs no call).

        What a definition does not mention is in `lifecycle.ignore_changes`, so that Terraform leaves it as it is.
        ``unsaid`` lists what version ``provider`` of the AWS provider has no word for; nothing is left out in silence.
        Nothing is written.

        Costs about eight calls a table. Raises UsageError for a name that no definition has and, below version 6, for
        an index with a key of several attributes; DefinitionError.
        """
        return render_terraform(self._world, names, provider=provider, imports=imports)

    @checked()
    def cloudformation(self, names: Sequence[TableName] = (), *, imports: bool = True) -> RenderedFiles:
        """A template of CloudFormation of these defined tables, of all without names: `template.yaml`, and
        `resources-to-import.json` for a change set of type IMPORT with what is there already (not with
        ``imports=False``, which costs no call).

        A table with replicas is an `AWS::DynamoDB::GlobalTable`, another one an `AWS::DynamoDB::Table`. What a
        definition does not mention is not in the template, and an import leaves it as it is. ``unsaid`` lists what
        CloudFormation has no word for. Nothing is written.

        Costs about eight calls a table. Raises UsageError for a name that no definition has, DefinitionError.
        """
        return render_cloudformation(self._world, names, imports=imports)

    @checked()
    def create_table(self, names: Sequence[TableName] = ()) -> RenderedFiles:
        """The requests that make these defined tables, of all without names, for the AWS CLI: `commands.sh` with a
        command a line, and for each request the document that its `--cli-input-json` takes.

        They make tables that are not there: CreateTable, and then what it does not take (time to live, recovery,
        autoscaling, replicas, triggers, alarms, a backup plan, policies of roles). An id that only the service
        knows (of a stream, of a backup plan) is looked up by the command line. ``unsaid`` is what no such request can
        say. Nothing is written and nothing is made.

        Costs a call of STS where ARNs of the account are named, and one of KMS for each key that is named by an alias.
        Raises UsageError for a name that no definition has and for a table that can never be made, DefinitionError.
        """
        return render_create_table(self._world, names)


def render_models(world: World, names: Sequence[str], *, sample: int, minimal: bool) -> ImportedText:
    """See `Render.models`."""
    if not 1 <= sample <= SAMPLE_MAX:
        raise UsageError(f"A sample has 1 to {SAMPLE_MAX:,} items, not {sample:,}.", hint="the default is 100")
    chosen = chosen_tables(world, names, every_table=not names)
    with world.control.sharing(), ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        described = tuple(pool.map(world.control.describe, chosen))
        samples = tuple(pool.map(lambda name: _sample(world, name, sample), chosen))
    prefix, suffix = world.settings.prefix, world.settings.suffix
    tables, parts, missing = [], [], []
    for description, (items, is_all) in zip(described, samples, strict=True):
        table = as_definition(description)
        table = without_defaults(table) if minimal else table
        name = bare_name(table.name, prefix, suffix)
        missing += [
            f"{name}: {text}." for text in left_out(description, world.control.unoffered(tuple(description.unread)))
        ]
        document = document_of(table, name)
        parts.append((document, items, _sample_text(items, description, is_all=is_all)))
        tables.append(replace(table, name=name))
    module = live_module(parts)
    module.notes += missing
    text, notes = module_text(module, tables, "the live tables")
    return ImportedText(form="models", text=text, tables=tuple(tables), notes=notes)


def _sample(world: World, name: str, count: int) -> tuple[list[dict[str, Any]], bool]:
    """Some items of a table without the claims of unique values, which are no items of a class; whether that is all."""
    items: list[dict[str, Any]] = []
    start = None
    while len(items) < count:
        page = world.few_items.scan_page(name, limit=count - len(items), start=start)
        items += page.items
        start = page.next
        if start is None:
            break
    return [item for item in items if CLAIM_OWNER not in item], start is None


def _sample_text(items: Sequence[Any], description: TableDescription, *, is_all: bool) -> str:
    count = f"{len(items):,} item{'s' if len(items) != 1 else ''}"
    if is_all:
        return f"all {count} of the table" if len(items) != 1 else "the one item of the table"
    return f"a sample: {count}, of about {max(description.item_count_estimate, len(items)):,}"
