"""`Lambdas`: what a project has to do with Lambda functions: its bundle, the policy of its role, access to tables, and
the triggers of tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dynasmith.aws.control.function_logs import FunctionLogs
from dynasmith.engine.waiter import StopFlag
from dynasmith.plans.consent import Consent
from dynasmith.ports.function_logs import LogLine
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.argument_kinds import any_of, duration, flag, is_text, optional, text
from dynasmith.project.verbs.arguments import checked, moment, named_table
from dynasmith.project.verbs.lambda_bundle import Bundle, make_bundle
from dynasmith.project.verbs.lambda_policy import FunctionPolicy, function_policy
from dynasmith.project.verbs.table_access import (
    AccessChange,
    AccessTerms,
    GrantedAccess,
    access_of,
    grant,
    revoke,
)
from dynasmith.project.verbs.table_triggers import AttachedTrigger, TableTrigger, attach, detach, list_triggers
from dynasmith.project.world import World
from dynasmith.tables.access_policy import ALL
from dynasmith.tables.table import Trigger

if TYPE_CHECKING:
    from dynasmith.models import Model

trigger = any_of("the name of a function or a Trigger", is_text, lambda value: isinstance(value, Trigger))


class Lambdas:
    """What a project has to do with Lambda functions. ``bundle`` and ``policy`` call nothing of AWS."""

    def __init__(self, world: World) -> None:
        self._world = world

    @checked(table=named_table, trigger=trigger)
    def rehearse_attach(self, table: str | type[Model], trigger: str | Trigger) -> AttachedTrigger:
        """What `attach` would do; changes nothing. Raises what `attach` raises, but for consent: ChangeConflict,
        UsageError, AccessError, NotOffered, StalePlan."""
        return attach(self._world, table, trigger, dry_run=True)

    @checked(table=named_table, trigger=trigger)
    def attach(
        self,
        table: str | type[Model],
        trigger: str | Trigger,
        *,
        consent: Consent | None = None,
        listener: Listener = silent,
    ) -> AttachedTrigger:
        """Let each change of a table call a function: one by its name, ARN or ``name:alias``, or a `Trigger` with
        options. Options that are not set are those of the definition, else as they are, else Lambda's own.

        A trigger that is there is updated in place, one on an old stream is moved to the stream that is on, and one
        that is as wanted costs no call that changes anything. Waits until it is on. About six calls.
        Raises ConsentRequired, ChangeConflict for a table without a stream, UsageError for options that Lambda does not
        take, RunError for a function that does not exist and a role that lacks permissions, AccessError, NotOffered
        where the engine has no Lambda, StalePlan where the table was made again. Stopped halfway, running it again
        continues.
        """
        return attach(self._world, table, trigger, consent=consent, listener=listener)

    @checked(table=named_table, function=text)
    def rehearse_detach(self, table: str | type[Model], function: str) -> AttachedTrigger:
        """What `detach` would do; changes nothing. Raises UsageError, AccessError, NotOffered, and what `detach`
        raises: RunError, NoEffect, WaitTimeout."""
        return detach(self._world, table, function, dry_run=True)

    @checked(table=named_table, function=text)
    def detach(
        self,
        table: str | type[Model],
        function: str,
        *,
        consent: Consent | None = None,
        stopped: StopFlag | None = None,
    ) -> AttachedTrigger:
        """End the calls of a function with the changes of a table, also of old streams of it; the function and its role
        stay. Nothing changes where there is no trigger. Raises ConsentRequired, UsageError, AccessError, NotOffered,
        RunError; WaitTimeout and NoEffect where the mapping does not go away. Stopped halfway, Lambda goes on with what
        was sent."""
        return detach(self._world, table, function, consent=consent, stopped=stopped)

    @checked(table=named_table)
    def list(self, table: str | type[Model]) -> tuple[TableTrigger, ...]:
        """The triggers of a table by function, those on old streams too. One call a hundred mappings of the account,
        and two of CloudWatch. Raises UsageError, AccessError, NotOffered where the engine has no Lambda."""
        return list_triggers(self._world, table)

    @checked(function=text, since=duration, after=optional(moment), errors=flag)
    def logs(
        self,
        function: str,
        *,
        since: timedelta = timedelta(hours=1),
        after: datetime | None = None,
        errors: bool = False,
    ) -> tuple[LogLine, ...]:
        """What a function wrote in the last ``since``, or from the time ``after`` on, oldest first; with ``errors``
        only the lines of calls that failed. One call a page of CloudWatch Logs. Raises RunError for a function that
        does not exist, UsageError."""
        begin = after if after is not None else self._world.clock.now() - since
        found = FunctionLogs(self._world.session, function).lines(begin)
        return tuple(sorted((each for each in found if each.is_error or not errors), key=lambda each: each.at))

    @checked()
    def bundle(
        self,
        dest: str | Path,
        *,
        platform: str = "x86_64",
        python: str | None = None,
        wheels: str | Path | None = None,
        services: Sequence[str] = (),
    ) -> Bundle:
        """Write the project with its packages to the zip ``dest``, for a function with the handler
        ``dynasmith.lambdas.handler``, and say what is inside.

        ``platform`` is Lambda's architecture, ``x86_64`` or ``arm64``, and ``python`` its runtime, 3.11 to 3.14:
        without one, that of this process, which is what the embedded engine runs functions with.
        Packages are dynasmith's own without those of the command line, and those of the project's ``requirements.txt``
        (or ``[project] dependencies`` of pyproject.toml), in the versions that are installed here;
        ``dynasmith[models]`` there adds the packages of an extra, as do models and keys of the project file. pip finds
        their wheels, in its index or, without any network, in the folder ``wheels`` alone. Of botocore's data those
        services are kept that dynasmith needs, that the code names in ``client("NAME")``, and ``services``.

        Of the project's folder goes in what git does not ignore. Secrets (``.env``, keys, credentials), records of
        jobs, and links that lead out are left out and named in ``left_out``. The same input makes the same bytes.
        ``dest`` is written when the zip is whole, and replaces only a zip. Takes 10 to 30 s with an index.

        Raises UsageError for what cannot be in a bundle, ProjectError, NotOffered where pip is missing, RunError where
        a wheel is not found or the content is larger than Lambda takes (250 MB).
        """
        return make_bundle(self._world, dest, platform=platform, python=python, wheels=wheels, services=services)

    @checked()
    def policy(self, verbs: Sequence[str] = (), *, account: str = "") -> FunctionPolicy:
        """The IAM policy of the role of a function that runs these verbs (``migrate``, ``ensure``, ``backfill``,
        ``copy``, ``populate``; ``migrate`` where none is named) in this environment.

        It has the actions of the calls that are made, on the tables that are made for: those that the project defines
        or its migrations name, the history, the ledger, the prefix of the bucket and the keys of ``[crypto]``. What a
        migration needs is read from the names of the steps in its source, so a policy belongs to a bundle; what the
        source does not tell, and calls of ``m.client``, are in ``notes``. ``account`` is an account id; without it that
        of the environment, or every one. The right to write logs is not in it: AWSLambdaBasicExecutionRole has it.

        Nothing is sent to AWS. Raises UsageError for other verbs, DefinitionError for a broken definition.
        """
        return function_policy(self._world, verbs, account=account)

    @checked(table=named_table)
    def rehearse_grant(
        self,
        table: str | type[Model],
        functions: Sequence[str] = (),
        *,
        roles: Sequence[str] = (),
        allow: Sequence[str] | None = None,
        indexes: Sequence[str] | None = None,
    ) -> tuple[AccessChange, ...]:
        """What `grant` would do, function by function; changes nothing. Raises TableNotFound, UsageError,
        DefinitionError."""
        return grant(self._world, table, _request(functions, roles, allow, indexes), dry_run=True)

    @checked(table=named_table)
    def grant(
        self,
        table: str | type[Model],
        functions: Sequence[str] = (),
        *,
        roles: Sequence[str] = (),
        allow: Sequence[str] | None = None,
        indexes: Sequence[str] | None = None,
        consent: Consent | None = None,
    ) -> tuple[AccessChange, ...]:
        """Let functions use a table: exactly what ``allow`` says, in place of what they may by an earlier grant.

        ``functions`` are names or ARNs; ``roles`` are roles by themselves. ``allow`` are ``read``, ``write``,
        ``stream``, ``describe`` and single actions of items and streams such as ``dynamodb:GetItem``; None is what
        the definition's ``access`` says. ``indexes`` are names, ``("all",)`` or ``()``; None is all of them.

        The statements are in the inline policy ``dynasmith-TABLE`` of each function's role, beside those of other
        functions that share the role (``why`` names them). Running it again changes nothing. Three calls a function
        and one to change its role. What fails for one function is its ``why``; the others are done.

        Raises ConsentRequired, TableNotFound, UsageError for a word, an index, or where nothing says what is allowed,
        DefinitionError for a broken definition. Stopped halfway, running it again continues.
        """
        return grant(self._world, table, _request(functions, roles, allow, indexes), consent=consent)

    @checked(table=named_table)
    def rehearse_revoke(
        self,
        table: str | type[Model],
        functions: Sequence[str] = (),
        *,
        roles: Sequence[str] = (),
        allow: Sequence[str] | None = None,
        indexes: Sequence[str] | None = None,
    ) -> tuple[AccessChange, ...]:
        """What `revoke` would do; changes nothing. Raises TableNotFound, UsageError, AccessError where the roles cannot
        be read."""
        return revoke(self._world, table, _request(functions, roles, allow, indexes), dry_run=True)

    @checked(table=named_table)
    def revoke(
        self,
        table: str | type[Model],
        functions: Sequence[str] = (),
        *,
        roles: Sequence[str] = (),
        allow: Sequence[str] | None = None,
        indexes: Sequence[str] | None = None,
        consent: Consent | None = None,
    ) -> tuple[AccessChange, ...]:
        """Take from functions the access to a table that dynasmith gave them: of ``allow`` and ``indexes`` alone, or
        all of it. What other policies of their roles allow stays.

        Every role that has statements for the function loses them, also one that the function has no more. One call
        a thousand roles, and one to change a role. Raises ConsentRequired, TableNotFound, UsageError, AccessError where
        the roles cannot be read. Stopped halfway, running it again continues.
        """
        return revoke(self._world, table, _request(functions, roles, allow, indexes), consent=consent)

    @checked(table=named_table)
    def access(self, table: str | type[Model]) -> tuple[GrantedAccess, ...]:
        """Who has access to a table by dynasmith's policies: function or role, policy, what is allowed, and whether
        the definition says so. Read from IAM: one call a thousand roles, and one of Lambda for each function.

        Raises TableNotFound, UsageError, AccessError where the roles cannot be read.
        """
        return access_of(self._world, table)


def _request(
    functions: Sequence[str], roles: Sequence[str], allow: Sequence[str] | None, indexes: Sequence[str] | None
) -> AccessTerms:
    named = None if indexes is None else tuple(indexes)
    return AccessTerms(
        functions=tuple(functions),
        roles=tuple(roles),
        allow=None if allow is None else tuple(allow),
        indexes=ALL if named == (ALL,) else named,
    )
