"""The methods of `Project` about tables: look, plan, apply, create, delete, retire, import, validate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dynasmith.engine.ensure import Ensured
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import UsageError
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs import tables as verbs
from dynasmith.project.verbs.apply_methods import ApplyMethods, chosen_tables
from dynasmith.project.verbs.argument_kinds import mapping_of_text, one_of, text, whole
from dynasmith.project.verbs.arguments import checked, model, named_table, sample
from dynasmith.project.verbs.definition_import import import_tables
from dynasmith.project.verbs.tables import ListedTable
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.engine.retire import Retirement
    from dynasmith.models import Model
    from dynasmith.ports.tables import Identity
    from dynasmith.project.verbs.form_check import FormCheck
    from dynasmith.project.verbs.model_import import ImportedText
    from dynasmith.validate import Verdict

NO_NAMES: Final[Mapping[str, str]] = {}


class TableMethods(ApplyMethods):
    """Verbs about tables. A name is the one in the definition, or physical; a class of `Model` stands for its table.

    ``wait=False`` waits for nothing, ``wait_timeout`` at most so long in all: what can be sent is sent, and the report
    says what is not there yet (``unfinished``); running it again continues. ``stopped`` is a flag that ends all work at
    the next safe point (Interrupted). ``listener`` is told of each step.
    """

    # --- what is there

    @checked(models=model)
    def tables(self, names: Sequence[str | type[Model]] | type[Model] = (), *models: type[Model]) -> tuple[Table, ...]:
        """The defined tables with these names, or of these classes; all where none is named. Costs no call.

        Raises DefinitionError with every mistake of the definitions, UsageError for a name that no definition has.
        """
        return self._world.tables(chosen_tables(names, models))

    @checked(name=named_table)
    def physical(self, name: str | type[Model]) -> str:
        """The name in the service: with prefix and suffix where a definition has ``name``, and for a class, else
        literally.

        Raises UsageError for what is neither a string nor a class.
        """
        return self._world.name_of(name)

    def identity(self) -> Identity:
        """Account, Region and endpoint that the calls go to; one call where the account is not known yet."""
        return self._world.control.identity()

    def names(self) -> Iterator[str]:
        """Every table there is, physical names, page after page (100 a call)."""
        return self._world.control.names()

    @checked()
    def describe(self, table: str | Table | type[Model]) -> TableDescription:
        """The live table with every setting. Costs about eight calls.

        Raises TableNotFound where there is no such table, UsageError for what is not a table.
        """
        return self._world.control.describe(self._world.name_of(table))

    @checked()
    def exists(self, table: str | Table | type[Model]) -> bool:
        """Whether the table is there (in any state). Costs one call.

        Raises UsageError for what is not a table.
        """
        return verbs.exists(self._world, table)

    def list(self) -> tuple[ListedTable, ...]:
        """Every live table and every defined one that is missing, by name. Costs one call a table, ten at a time.

        A table that cannot be described has a ``failure`` in place of its description. One that is deleted between the
        listing and its description is not there.
        """
        return verbs.list_tables(self._world)

    def defined_names(self) -> frozenset[str]:
        """The physical names of the defined tables; none where there is no definition. Raises DefinitionError."""
        return frozenset(table.name for table in self._world.defined_tables())

    @checked(models=model)
    def outputs(
        self, names: Sequence[str | type[Model]] | type[Model] = (), *models: type[Model]
    ) -> tuple[dict[str, Any], ...]:
        """What other programs want to know (ARNs, keys, streams): of these tables, or of all defined ones.

        Raises TableNotFound where one does not exist, UsageError for a name that is not a string. Costs about eight
        calls a table, ten tables at a time.
        """
        return verbs.outputs(self._world, chosen_tables(names, models))

    # --- change

    @checked(models=model)
    def ensure(
        self,
        names: Sequence[str | type[Model]] | type[Model] = (),
        *models: type[Model],
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> Ensured:
        """Create what is absent, change nothing that exists, say where it differs. Safe from many processes at once.

        Needs no consent. Raises DefinitionError, UsageError and Interrupted; what one table lacks is one of the
        ``failures``. Costs one DescribeTable a table, and the calls of the creations. Stopped halfway it is run again.
        """
        return verbs.ensure(
            self._world,
            self._world.tables(chosen_tables(names, models)),
            listener=listener,
            stopped=stopped,
            wait_seconds=verbs.wait_seconds(wait, wait_timeout),
        )

    @checked()
    def ensure_tables(
        self,
        tables: Sequence[Table],
        *,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> Ensured:
        """`ensure` for tables that stand in no definition.

        Raises UsageError where ``wait_timeout`` is given with ``wait=False``, and Interrupted.
        """
        seconds = verbs.wait_seconds(wait, wait_timeout)
        return verbs.ensure(self._world, tables, listener=listener, stopped=stopped, wait_seconds=seconds)

    @checked()
    def create(
        self,
        table: str | Table | type[Model],
        *,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> TableDescription:
        """Create one table with everything around it and wait until it is ACTIVE.

        Needs no consent. Raises TableExists, UsageError for a name that no definition has, what the service refuses.
        Not waited for, ``status`` of the answer is CREATING, and `ensure` continues; so it does when this is stopped
        halfway.
        """
        seconds = verbs.wait_seconds(wait, wait_timeout)
        return verbs.create(self._world, table, listener=listener, stopped=stopped, wait_seconds=seconds)

    @checked()
    def delete(
        self,
        table: str | Table | type[Model],
        *,
        missing_ok: bool = False,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> bool:
        """Delete a table with its items and replicas and wait until it is gone; True when it was there.

        Raises ConsentRequired, TableNotFound, RunError, WaitTimeout and UsageError as `delete_tables` does of one
        table, never SeveralFailed.
        """
        return bool(
            verbs.delete(
                self._world,
                [table],
                missing_ok=missing_ok,
                consent=consent,
                stopped=stopped,
                wait_seconds=verbs.wait_seconds(wait, wait_timeout),
            )
        )

    @checked()
    def delete_tables(
        self,
        tables: Sequence[str | Table | type[Model]],
        *,
        missing_ok: bool = False,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> tuple[str, ...]:
        """Delete tables with their items and their replicas in every Region, wait until they are gone, and give the
        physical names of those that were there. One that is not waited for may still be there, DELETING: `exists`
        tells; one whose replicas are being removed is deleted when this is run again.

        Each name must be in ``consent.confirm``: ConsentRequired is raised before the first is deleted. Raises
        TableNotFound, before any is deleted, unless ``missing_ok``, and UsageError where ``wait_timeout`` is given with
        ``wait=False``. Raises WaitTimeout where a table is not gone in time. Deletion protection is not taken off: the
        service refuses then, and the hint says how; RunError is raised before any is deleted where a replica is
        protected. Of several tables the others go on after a failure, and SeveralFailed is raised at the end. What is
        around a table stays: `retire` removes it. Costs one DescribeTable a table and two calls a replica, and one
        UpdateTable a replica. Stopped halfway, it is run again.
        """
        return verbs.delete(
            self._world,
            tables,
            missing_ok=missing_ok,
            consent=consent,
            stopped=stopped,
            wait_seconds=verbs.wait_seconds(wait, wait_timeout),
        )

    @checked(table=named_table)
    def retire(
        self,
        table: str | type[Model],
        *,
        export_to: str | Path | None = None,
        backup: bool | str = False,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> dict[str, Any]:
        """Retire one table; what was done. See `retire_tables`.

        Raises ConsentRequired, UsageError, TableNotFound and RunError as that does of one table, never SeveralFailed.
        """
        exports = {self._world.name_of(table): None if export_to is None else str(export_to)}
        return next(self.retire_tables(exports, backup=backup, consent=consent, listener=listener, stopped=stopped))

    @checked()
    def retire_tables(
        self,
        exports: Mapping[str, str | None] | Mapping[type[Model], str | None],
        *,
        backup: bool | str = False,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> Iterator[dict[str, Any]]:
        """For each table a last export that is verified or a last backup, then what is around the table in every
        Region, replicas, protection, the table, and the role that dynasmith made; what was done.

        ``exports`` says for each table where to export it; None exports nothing. ``backup`` makes a last backup of
        each, with its definition, and waits for it: True, or its name where there is one table. No definition is
        needed: what is live is what goes, and what dynasmith did not make, or others use, stays (``state`` of a step:
        ``left``, and ``why``). Each name must be in ``consent.confirm``: ConsentRequired is raised before the first is
        touched; ``listener`` gets the list of each table (`RetirementFound`) before that. An iterator: each table is
        retired when it is asked for, and gives ``table``, ``export``, ``digest``, ``backup`` and ``steps``.

        Of a table that is gone with everything around it every step is ``absent``, and nothing is asked for. Raises
        TableNotFound where no definition, backup or export tells that there was such a table, and RunError where
        something that may be there cannot be read, before the first is touched; UsageError where ``exports`` is not a
        mapping of tables, or an export that is there has another key; RunError where an export differs from its table
        (somebody writes to it): that one is not deleted then. Of several tables the others go on after a failure, and
        SeveralFailed is raised at the end. Costs about ten calls a table and Region, and the export. Stopped halfway,
        the same call continues with what is left; an export that is there and equals the table is not made again.
        """
        from dynasmith.project.verbs.item_world import ItemWorld
        from dynasmith.project.verbs.retire import retire

        return retire(
            ItemWorld(self._world), exports, backup=backup, consent=consent, listener=listener, stopped=stopped
        )

    @checked()
    def retirements(
        self,
        exports: Mapping[str, str | None] | Mapping[type[Model], str | None],
        *,
        backup: bool | str = False,
    ) -> tuple[Retirement, ...]:
        """What `retire_tables` would do with these arguments, step by step; reads only.

        Raises TableNotFound, UsageError and RunError as that does before it asks. Costs about ten calls a table and
        Region.
        """
        from dynasmith.project.verbs.retire import retirements

        return retirements(self._world, exports, backup=backup)

    # --- definitions

    @checked(models=model)
    def import_tables(
        self,
        names: Sequence[str | type[Model]] | type[Model] = (),
        *models: type[Model],
        every_table: bool = False,
        minimal: bool = False,
    ) -> str:
        """A definition (YAML) of these live tables, with every setting that could be read; it plans empty.

        A name may be a pattern (``orders-*``); ``every_table`` takes all that have the environment's prefix and suffix,
        which are taken off the names. ``minimal`` leaves out what a new table has by itself. What is returned was read
        back by the parser that ``plan`` uses, and says the same. What a table has and a definition cannot say stands in
        comments on top. Costs about eight calls a table. Raises DefinitionError or RunError where a live table cannot
        be written as a definition, TableNotFound, and UsageError for a pattern that fits no table.
        """
        found = [name if isinstance(name, str) else self._world.name_of(name) for name in chosen_tables(names, models)]
        return import_tables(self._world, found, every_table=every_table, minimal=minimal)

    @checked(
        source=text,
        form=one_of("definition", "models"),
        keys=mapping_of_text,
        tables=mapping_of_text,
        parameters=mapping_of_text,
    )
    def import_from(
        self,
        source: str,
        *,
        form: Literal["definition", "models"] = "definition",
        keys: Mapping[str, str] = NO_NAMES,
        tables: Mapping[str, str] = NO_NAMES,
        parameters: Mapping[str, str] = NO_NAMES,
    ) -> ImportedText:
        """A definition (YAML) or model classes (Python) of models: ``module:Class``, all of ``module``, or
        ``onetable:FILE``; a definition of the tables of a file of another tool.

        Such a file is a template of CloudFormation, CDK, SAM or packaged serverless, what `terraform show -json`
        writes, JSON of the AWS CLI, a model of NoSQL Workbench, DMS, or `tables_config.json`. Its form is looked at, or
        named: ``cloudformation:FILE``. ``parameters`` resolve parameters and references of a template and values of a
        plan that are known after apply, ``tables`` name tables of a template by their logical ids; what stays unknown
        is left out, and is in `ImportedText.unresolved`.

        Models of PynamoDB, plain pydantic models and, for a definition, classes of `Model`. The module is imported from
        the project's folder first, which runs it. A plain pydantic model does not say its key: ``keys`` has its fields
        by the name of the class (``{"Order": "customer,number"}``), ``tables`` the names of the tables. A schema of
        dynamodb-onetable is JSON, JSON5 or a module of JavaScript, which node evaluates; ``{"": NAME}`` names its
        table. What is returned was read back and says the same tables; its notes are what it does otherwise. Nothing
        is written.

        Raises UsageError where the module or the file cannot be read or has no such class, a key or the name of a table
        is missing, or pydantic, json5 or node is needed and not there; DefinitionError and RunError where the models
        cannot be a table. Costs no call.
        """
        from dynasmith.project.verbs.model_import import import_from

        return import_from(self._world, source, form, keys, tables, parameters)

    @checked(source=text, tables=mapping_of_text, parameters=mapping_of_text)
    def check_from(
        self,
        source: str,
        names: Sequence[str] = (),
        *,
        tables: Mapping[str, str] = NO_NAMES,
        parameters: Mapping[str, str] = NO_NAMES,
        prune: bool = False,
    ) -> FormCheck:
        """Whether a file of another tool, the definitions and the live tables agree; reads only.

        ``source``, ``tables`` and ``parameters`` are those of `import_from`. ``names`` limits it to these tables; else
        all of the file and of the definitions are compared. A setting that the file or a definition does not mention is
        no difference; of its indexes a file says all. ``prune`` also compares what a list of a definition lacks.
        Each `SideDifference` names what each side says. Costs the calls of two plans. Raises UsageError and
        DefinitionError as `import_from` and `plan` do; a table that cannot be read is in ``failures``.
        """
        from dynasmith.project.verbs.form_check import check_from

        return check_from(self._world, source, names, tables=tables, parameters=parameters, prune=prune)

    @checked(models=model, limit=whole(), items=sample)
    def validate(
        self,
        names: Sequence[str | type[Model]] | type[Model] = (),
        *models: type[Model],
        offline: bool = False,
        items: bool | int | Literal["all"] = False,
        limit: int = 20,
        max_read_units: float | None = None,
        listener: Listener = silent,
    ) -> Verdict:
        """Findings about definitions and live tables; ``offline`` looks at definitions only and makes no call.

        ``items`` also reads items of each table: a number of them from random segments (True: 1,000), or ``"all"``. It
        gives an `ItemCensus` of what was read, an `ItemsFinding` for each kind of fault with up to ``limit`` keys, and
        runs the validators of model classes: for each class an `ItemTotals`, and for the first ``limit`` problems an
        `ItemFinding`. ``listener`` hears before about how many read units that takes, and how far it is. It writes
        nothing, costs the read units at ``max_read_units`` a second (half of what a provisioned table has where none
        is given), and is run again where it was stopped. What a sample does not show may be there: a check that found
        nothing in one stays in ``unknown`` of the verdict.

        CloudTrail and AWS Backup are asked about live tables; what one of them denies is a finding, no error. A table
        that cannot be described is in ``failures`` of the verdict; where none can, its error is raised. Raises
        DefinitionError, UsageError, Interrupted, TableNotFound for a table that is neither defined nor there.
        """
        from dynasmith.project.verbs.validate import validate

        chosen = chosen_tables(names, models)
        if items is False:
            return validate(self._world, chosen, offline=offline)

        if offline:
            raise UsageError("Items are in the live table, and offline makes no call.", hint="use one of them")
        from dynasmith.project.verbs.validate_items import with_items

        return with_items(
            self._world,
            chosen,
            validate(self._world, chosen, offline=False),
            items=items,
            limit=limit,
            max_read_units=max_read_units,
            listener=listener,
        )
