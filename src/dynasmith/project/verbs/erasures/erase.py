"""erase, wired: run and rehearse the recipe of a project file for one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.json import encode

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.erasure.erasure import begin_erasure
from dynasmith.engine.erasure.passes import found_keys
from dynasmith.engine.run import run
from dynasmith.engine.transfer.table_details import TableEnd, index_read_rates, rates
from dynasmith.errors import UsageError
from dynasmith.items.key import KeySchema
from dynasmith.items.size import read_units
from dynasmith.jobs.erasure_recipe import ErasedTable, PersonQuery, check_erasure, person_query
from dynasmith.jobs.erasure_report import ErasureReport, TableErasureDryRun
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Erase
from dynasmith.masking import hidden_value
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.model_items import ModelItems
from dynasmith.project.verbs.erasures.remains import remaining
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.tables.findings import did_you_mean


def erase(
    items: ItemWorld,
    recipe: str,
    value: str,
    *,
    options: TransferOptions,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> ErasureReport:
    """See `Project.erase`."""
    world = _checked(items, recipe, value, options)
    names = [world.table(each)[0] for each in world.spec.erased]
    text = f"Delete everything of one {world.spec.argument} from {', '.join(names)} in {{where}}? It cannot be undone."
    items.at(world.spec.target).granted(consent, names, named(text, recipe))
    job_world = ProjectJobWorld(items, listener, erasing=world)
    claim = begin_erasure(world.spec, job_world)
    report = items.priced(run(readable(claim.job), claim, job_world))
    assert isinstance(report, ErasureReport)
    return report


def rehearse_erasure(
    items: ItemWorld, recipe: str, value: str, options: TransferOptions
) -> tuple[TableErasureDryRun, ...]:
    """See `DryRuns.erase`."""
    world = _checked(items.dry, recipe, value, options)
    return tuple(_rehearsed(world, each) for each in world.spec.erased)


def _rehearsed(world: ProjectErasureWorld, table: ErasedTable) -> TableErasureDryRun:
    if table.by.scans:
        size = world.end(table).description.size_bytes_estimate
        return TableErasureDryRun(
            table=table.table, how=table.how, found=None, read_units=2 * read_units(size, consistent=True)
        )
    found, units = found_keys(table, world)
    return TableErasureDryRun(table=table.table, how=table.how, found=found, read_units=units)


def _checked(items: ItemWorld, recipe: str, value: str, options: TransferOptions) -> ProjectErasureWorld:
    """The recipe and the value, held against the tables. Raises UsageError and TableNotFound; nothing is deleted."""
    recipes = items.world.settings.erase
    if recipe not in recipes:
        hint = did_you_mean(recipe, tuple(recipes)) or f"write [erase.{recipe}] in the project file"
        raise UsageError(f"The project file has no recipe [erase.{recipe}].", hint=hint)
    found = recipes[recipe]
    check_erasure(recipe, found)
    if not value.strip():
        raise UsageError(f"The value of {found.argument} is empty.", hint="give the value of one person")
    keys = items.world.cipher.pseudonyms()
    spec = Erase(
        target=Side(table=""),
        recipe=recipe,
        argument=found.argument,
        fingerprint=keys.digest(f"erased {items.world.settings.environment}", value).hex()[:32],
        erased=tuple(ErasedTable(table=name, by=by) for name, by in found.tables.items()),
    )
    world = ProjectErasureWorld(items, spec, value, keys, AwsModelItems(items.world.session), options)
    for each in spec.erased:
        world.query(each)
    return world


@dataclass
class ProjectErasureWorld:
    """Keeps `dynasmith.engine.transfer.erasure_world.ErasureWorld`. ``value`` is in this process alone."""

    world: ItemWorld
    spec: Erase
    value: str = field(repr=False)
    keys: Pseudonyms = field(repr=False)
    items: ModelItems
    options: TransferOptions
    _ends: dict[str, TableEnd] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        """The project's."""
        return self.world.world.clock

    def end(self, table: ErasedTable) -> TableEnd:
        """The table as it was described first."""
        if table.table not in self._ends:
            self._ends[table.table] = self.world.end(Side(table=table.table))
        return self._ends[table.table]

    def table(self, table: ErasedTable) -> tuple[str, KeySchema]:
        """The physical name and the key."""
        end = self.end(table)
        return end.name, end.key

    def rates(self, table: ErasedTable) -> tuple[float, float]:
        """The limits that were given, or a share of what is provisioned."""
        end, options = self.end(table), self.options
        if table.by.index and options.max_read_units is None:
            reads = index_read_rates(end, table.by.index, share=options.share)
        else:
            reads = rates(end, "read", options.max_read_units, share=options.share)
        return reads.ceiling, rates(end, "write", options.max_write_units, share=options.share).ceiling

    def query(self, table: ErasedTable) -> PersonQuery:
        """What is asked of the table."""
        return person_query(self.spec.argument, table.by, self.end(table).description.table, self.value)

    def hashed(self, table: str, key: Mapping[str, Any]) -> str:
        """A keyed hash of a key."""
        return self.keys.digest(f"erased key of {table}", encode(key, order="sorted").decode()).hex()[:16]

    def hidden(self, text: str) -> str:
        """A text without the value."""
        made = {template.replace(f"{{{self.spec.argument}}}", self.value) for template in self._templates()}
        return hidden_value(text, self.value, made, f"({self.spec.argument})")

    def _templates(self) -> Iterator[str]:
        for each in self.spec.erased:
            yield from filter(None, (each.by.key, each.by.sort))

    def remains(self, table: ErasedTable) -> tuple[str, ...]:
        """What may still hold the person."""
        return tuple(map(self.hidden, remaining(self.world, table.table, self.end(table).name)))
