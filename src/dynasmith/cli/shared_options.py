"""What every verb takes, before or after it: where to go, what to accept, how to speak."""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from dynasmith.cli.completion import complete_arguments
from dynasmith.cli.streams import fall_silent
from dynasmith.errors import ConsentRequired, DynasmithError, TableNotFound, UsageError
from dynasmith.masking import masked

if TYPE_CHECKING:
    from rich.console import Console

    from dynasmith.jobs.job import Job
    from dynasmith.plans.consent import Consent
    from dynasmith.project.project import Project
    from dynasmith.project.world import World

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
MANY = ("confirm", "crypto")
FLAGS = ("as_json", "yes", "dry_run", "quiet", "debug", "physical")
PLACES = ("env", "config", "endpoint", "region", "profile", "role_arn", "external_id", "directory")
"""The options that say where to go. Never a key: a command that is shown is kept by shells and logs."""
_JOB_COMMAND = re.compile(r"\bdynasmith (?:jobs list\b|(?:jobs|replace) [a-z]+ [a-z]+-\d{8}T\d{6}-[0-9a-f]{6}\b)")


class Invocation:
    """One run of the command line: the shared options, said before or after the verb, and what comes of them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._project: Project | None = None
        self._protecting: str | None = None
        self._is_told = False

    def add(self, values: dict[str, Any]) -> None:
        """Take the options of one place; those after the verb come later and win."""
        for name, value in values.items():
            if name in MANY:
                self.values[name] = (*self.values.get(name, ()), *value)
            elif name in FLAGS:
                self.values[name] = bool(value) or self.values.get(name, False)
            elif value == "":
                # An unset variable of the shell: to go on would be to go to another place than the one meant.
                raise UsageError(f"{_option(name)} is empty.", hint="give it a value, or remove the option")
            elif value is not None:
                self.values[name] = value

    def text(self, name: str) -> str:
        """An option's text, empty where it was not said."""
        return str(self.values.get(name) or "")

    @property
    def as_json(self) -> bool:
        """Whether ``--json`` was given."""
        return bool(self.values.get("as_json"))

    @property
    def redact(self) -> bool:
        """Whether values of items are hidden: with ``--redact``, and in a protected environment without
        ``--no-redact``."""
        asked = self.values.get("redact")
        return bool(self.protecting) if asked is None else bool(asked)

    @property
    def hides_everything(self) -> bool:
        """Whether ``--redact`` was given: then values are hidden that were asked for, too."""
        return bool(self.values.get("redact"))

    @property
    def protecting(self) -> str:
        """The protected environment whose values the verb hides by itself; empty where it hides none. Opens the
        project."""
        if self._protecting is None:
            from dynasmith.cli.automatic_redaction import AUTOMATIC, protecting

            context = click.get_current_context(silent=True)
            verb_name = "" if context is None else context.command_path.partition(" ")[2]
            self._protecting = ""  # also while the project is opened
            if context is not None and verb_name in AUTOMATIC:
                self._protecting = protecting(self.project(), verb_name, context.params)
                self._set_log()
        return self._protecting

    @property
    def redacts_errors(self) -> bool:
        """Whether an error is shown without values. Opens nothing: before there is a project nothing was read."""
        asked = self.values.get("redact")
        return bool(self._protecting) if asked is None else bool(asked)

    def _set_log(self) -> None:
        """Nothing of an item goes into the log where values are hidden."""
        for handler in logging.getLogger("dynasmith").handlers:
            if isinstance(handler.formatter, _Format):
                handler.formatter.redact = self.redacts_errors

    def hides(self, job: Job) -> bool:
        """Whether a job is shown without values: with ``--redact``, and one of a protected environment."""
        from dynasmith.cli.automatic_redaction import protecting_job

        return self.redact or (self.values.get("redact") is None and bool(protecting_job(self.project(), job)))

    def suggest(self, error: DynasmithError) -> None:
        """Name the nearest defined table in the hint of an error about one that is not there."""
        if isinstance(error, TableNotFound) and self._project is not None:
            from dynasmith.cli.table_suggestion import suggest_table

            suggest_table(error, self._project)

    def shown_error(self, error: DynasmithError) -> DynasmithError:
        """An error as it may be shown: without what may repeat values under ``--redact``."""
        if not self.redacts_errors:
            return error
        from dynasmith.project.redaction import hidden_error

        return hidden_error(error, sys.argv[1:])

    def shown(self, value: T) -> T:
        """A report, a dry run, a plan as it may be shown: without values of items under ``--redact``, and in a dry run
        that read a protected environment."""
        shows = self.values.get("redact") is False
        if not self.redact and (shows or not getattr(value, "protected", False)):
            return value
        from dynasmith.project.redaction import hidden

        found = hidden(value)
        if found != value:
            self._tell_hidden()
        return found

    def _tell_hidden(self) -> None:
        """Say once why values are hidden that nobody asked to hide."""
        if self.values.get("redact") is None and not self._is_told:
            self._is_told = True
            self.say("Values of items are hidden, since a protected environment is read (--no-redact shows them).")

    @property
    def quiet(self) -> bool:
        """Whether ``--quiet`` was given."""
        return bool(self.values.get("quiet"))

    @property
    def dry_run(self) -> bool:
        """Whether ``--dry-run`` was given."""
        return bool(self.values.get("dry_run"))

    def project(self) -> Project:
        """The project that the options name; read once. Under ``--dry-run`` it can only read."""
        if self._project is None:
            from dynasmith.cli.project_options import open_project

            project = open_project(self)
            self._project = project.dry if self.dry_run else project
            for handler in logging.getLogger("dynasmith").handlers:
                if isinstance(handler.formatter, _Format):
                    handler.formatter.masks = self.world().masks
            _ = self.protecting  # before anything is read, and so before an error can repeat it
        return self._project

    def world(self) -> World:
        """What the project stands on."""
        from dynasmith.project.project import world_of

        return world_of(self.project())

    def masked(self, text: str) -> str:
        """A text as it may be shown: ``${NAME}`` in place of what came out of a variable, URLs without userinfo."""
        return masked(text) if self._project is None else self.world().masks(text)

    def place_options(self) -> list[str]:
        """The options of this run that say where to go, as words of a command."""
        said = [word for name in PLACES if (text := self.text(name)) for word in (_option(name), text)]
        said += [word for text in self.values.get("crypto", ()) for word in ("--crypto", text)]
        return said + (["--physical"] if self.values.get("physical") else [])

    def complete(self, words: str) -> str:
        """The words as they may be shown, with the options of this run in every command about jobs, so that as printed
        it goes to the same place."""
        words = self.masked(words)
        said = self.place_options()
        return _JOB_COMMAND.sub(lambda found: shlex.join([*found[0].split(), *said]), words) if said else words

    def warn(self) -> None:
        """Say the doubts about the definitions (errors are raised)."""
        for finding in self.world().definitions.findings:
            self.say(f"Warning: {finding.sentence}")

    def consent(self, **more: Any) -> Consent:
        """What ``--yes`` and ``--confirm`` accept, with the flags of the verb itself; what is missing is asked for."""
        from msgspec.structs import replace

        from dynasmith.plans.consent import Consent

        given = Consent(yes=bool(self.values.get("yes")), confirm=self.values.get("confirm", ()), **more)
        return replace(given, ask=lambda required: self._ask(given, required))

    def words(self) -> Console:
        """Where words go: stderr, drawn on a terminal, plain elsewhere."""
        from dynasmith.cli.screen import Screen

        screen = Screen(stderr=True, quiet=self.quiet, highlight=False, soft_wrap=not sys.stderr.isatty())
        screen.complete = self.complete
        return screen

    def page(self) -> Console:
        """Where data goes: stdout."""
        from dynasmith.cli.screen import Screen

        wide = None if sys.stdout.isatty() else 160
        return Screen(highlight=False, width=wide, soft_wrap=not sys.stdout.isatty())

    def say(self, sentence: str) -> None:
        """One sentence to the person, on stderr; nothing with ``--quiet``."""
        if self.quiet:
            return
        try:
            sys.stderr.write(self.complete(sentence) + "\n")
        except BrokenPipeError:
            fall_silent(sys.stderr)

    def _ask(self, given: Consent, required: ConsentRequired) -> Consent:
        """Ask for what the library needs: each name typed, then one yes. Raises `ConsentRequired` when refused, or when
        no terminal is there to ask on; nothing was done then."""
        from msgspec.structs import replace

        if not (sys.stdin.isatty() and sys.stderr.isatty()) or self.as_json:
            message = required.message.replace("Consent is required:", "Cannot ask without a terminal:", 1)
            raise ConsentRequired(message, hint=required.hint, needs=required.needs, where=required.where)
        questions: dict[str, list[str]] = {}
        for need in sorted(required.needs, key=lambda need: need.kind == "yes"):
            questions.setdefault(need.name, []).append(need.question)
        for name, texts in questions.items():
            text = " ".join(dict.fromkeys(texts))
            answer = click.prompt(
                f"{text} Type {name}" if name else f"{text} [y/N]", default="", show_default=False, err=True
            ).strip()
            if answer != name if name else answer.lower() not in ("y", "yes"):
                flag = f"--confirm {name}" if name else "--yes"
                raise ConsentRequired(
                    "Cancelled; nothing changed.",
                    hint=f"use {flag} to skip the question",
                    needs=required.needs,
                    where=required.where,
                )
        return replace(given, yes=True, confirm=frozenset(given.confirm) | questions.keys())


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def refuse_given(without: str, names: Sequence[str]) -> None:
    """Raise UsageError for the first of these parameters that was said on the command line: it means something together
    with ``without`` only, and an option that is accepted and ignored is a promise that is broken."""
    context = click.get_current_context()
    for parameter in context.command.params:
        said = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if parameter.name in names and said:
            raise UsageError(
                f"{parameter.opts[0]} does nothing without {without}.",
                hint=f"add {without}, or remove {parameter.opts[0]}",
            )


def print_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str, indent=2) + "\n")


OPTIONS = (
    click.option("--env", metavar="NAME", help="Environment: local, aws, or one from the project file."),
    click.option("--config", metavar="FILE", help="Use this definition file or project file."),
    click.option("--endpoint", metavar="URL", help="DynamoDB endpoint; calls to every service go there."),
    click.option("--region", metavar="REGION", help="AWS Region."),
    click.option("--profile", metavar="PROFILE", help="AWS profile. To choose an environment use --env."),
    click.option("--role-arn", metavar="ARN", help="Assume this role; it is renewed while a long run lasts."),
    click.option("--external-id", metavar="ID", help="External id of that role, where its owner asks for one."),
    click.option(
        "--directory",
        metavar="DIR",
        help="Look for the project file in DIR and above it, instead of the working directory.",
    ),
    click.option(
        "--aws-access-key", metavar="KEY", help="AWS access key. It stays in the shell history: prefer --profile."
    ),
    click.option("--aws-secret-key", metavar="SECRET", help="AWS secret key. It stays in the shell history."),
    click.option("--aws-session-token", metavar="TOKEN", help="AWS session token. It stays in the shell history."),
    click.option("--physical", is_flag=True, help="Use table names literally, without prefix or suffix."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout."),
    click.option(
        "--redact/--no-redact",
        default=None,
        help="Hide the values of items in all output and in the log; on by itself for protected environments.",
    ),
    click.option("--yes", is_flag=True, help="Answer yes to questions."),
    click.option(
        "--confirm", multiple=True, metavar="NAME", help="Confirm NAME in advance where it must be typed; repeatable."
    ),
    click.option(
        "--crypto",
        multiple=True,
        metavar="NAME:SOURCE",
        help="A key of encrypted attributes: pii:variable:PII_KEY, pii:file:PATH or pii:kms:KEY; repeatable.",
    ),
    click.option("--dry-run", is_flag=True, help="Show what would be done; change nothing."),
    click.option("--quiet", is_flag=True, help="Print only errors to stderr."),
    click.option("--debug", is_flag=True, help="Log calls and print stack traces."),
    click.option("--log-file", metavar="FILE", help="Write the log to FILE."),
)
NAMES = (
    "env", "config", "endpoint", "region", "profile", "role_arn", "external_id", "directory", "aws_access_key",
    "aws_secret_key", "aws_session_token", "physical", "as_json", "redact", "yes", "confirm", "crypto",
    "dry_run", "quiet", "debug", "log_file",
)  # fmt: skip

WITHOUT_DRY_RUN = frozenset(
    {
        "demo", "init", "local start", "local stop",
        "jobs resume", "jobs cancel", "jobs pause", "jobs proceed", "jobs pace", "jobs prune",
        "lambda bundle", "migrate generate", "migrate mark", "migrate unlock", "worker",
        "replace verify", "replace cutover", "replace back", "replace finish", "replace abort",
    }
)  # fmt: skip
"""Verbs that change something and have no dry run: they refuse the option, since to ignore it would be to do it."""


def shared_options(function: F) -> F:
    """Give a command the shared options; it gets them as one `Invocation`, its first argument."""

    @functools.wraps(function)
    def wrapper(*positional: Any, **given: Any) -> Any:
        context = click.get_current_context()
        invocation = context.find_object(Invocation)
        if invocation is None:
            invocation = Invocation()
            context.obj = invocation
        invocation.add({name: given.pop(name) for name in NAMES})
        verb_name = context.command_path.partition(" ")[2]
        if invocation.dry_run and verb_name in WITHOUT_DRY_RUN:
            raise UsageError(f"{verb_name} has no dry run; nothing changed.", hint="remove --dry-run")
        _set_up_logging(invocation)
        try:
            return function(invocation, *positional, **given)
        except BrokenPipeError:  # the reader (head, less) has seen enough; click would exit with 1
            fall_silent(sys.stdout)
            return 0

    for option in reversed(OPTIONS):
        option(wrapper)
    return wrapper  # type: ignore[return-value]


def _set_up_logging(invocation: Invocation) -> None:
    logger = logging.getLogger("dynasmith")
    begun: list[logging.Handler] = [each for each in logger.handlers if isinstance(each, logging.StreamHandler)]
    file = invocation.text("log_file")
    handler: logging.Handler | None = None
    # The options stand before and after the verb, so this runs twice; each place is written to once.
    if file and os.path.abspath(file) not in [getattr(each, "baseFilename", "") for each in begun]:
        handler = _log_file(file)
    elif invocation.values.get("debug") and not begun:
        handler = logging.StreamHandler()
    if handler is not None:
        handler.setFormatter(_Format("%(asctime)s %(name)s %(levelname)s %(message)s"))
        begun.append(handler)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    for each in begun:
        if isinstance(each.formatter, _Format):
            each.formatter.redact = invocation.redacts_errors


class _Format(logging.Formatter):
    """A line of the log, stack trace included, as it may be kept. With ``redact`` it is the sentence without what is
    put into it, since that may be a value, and without traces, which end in messages."""

    masks: Callable[[str], str] = staticmethod(masked)
    redact = False

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        if self.redact:
            record = logging.makeLogRecord({**record.__dict__, "args": (), "exc_info": None, "exc_text": None})
        return self.masks(super().format(record))


def _log_file(name: str) -> logging.Handler:
    try:
        return logging.FileHandler(name, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The log {name} cannot be written: {error.strerror}.", hint="name another file") from error


class Verb(click.Command):
    """A command whose own options have a line each in its help, and the shared ones one line for all."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the verb itself takes, and the names of what every verb takes."""
        with formatter.section("Options"):
            formatter.write_dl(_option_lines(ctx, lambda name: name not in NAMES))
        write_shared_line(formatter)


def write_shared_line(formatter: click.HelpFormatter) -> None:
    """The names of the shared options, and where they are explained."""
    names = ", ".join(name for name in map(_flag, NAMES) if not name.startswith("--aws-"))
    with formatter.section("Shared options, before or after the verb"):
        formatter.write_text(f"{names} (dynasmith help options)")


def shared_lines(context: click.Context) -> list[tuple[str, str]]:
    """The shared options with their help, as a list of definitions."""
    return _option_lines(context, lambda name: name in NAMES)


def _option_lines(context: click.Context, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for parameter in context.command.get_params(context):
        if not isinstance(parameter, click.Argument) and wanted(parameter.name or ""):
            line = parameter.get_help_record(context)
            lines += [] if line is None else [line]
    return lines


def _flag(name: str) -> str:
    return "--json" if name == "as_json" else _option(name)


def verb(name: str, *, example: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with the shared options and its one example under ``--help``."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        settings.setdefault("epilog", f"Example: {example}")
        make: Callable[[Callable[..., Any]], click.Command] = click.command(name, cls=Verb, **settings)
        return complete_arguments(make(shared_options(function)))

    return decorate
