"""The entry point: finds the verb, runs it, turns an error into one sentence, a hint and an exit code."""

import gc
import importlib
import logging
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from dynasmith.cli.error_report import show_error
from dynasmith.cli.shared_options import Invocation, shared_options, write_shared_line
from dynasmith.cli.streams import flush_streams, prepare_streams
from dynasmith.cli.suggestions import unknown_option, unknown_verb
from dynasmith.errors import DynasmithError, Interrupted, UsageError
from dynasmith.version import __version__

YOUNG_OBJECTS = 10_000
"""New objects between two collections of cycles (Python: 700). Modules are many objects that stay: looking through them
again and again while they are imported took a tenth of a start."""

# verb -> (module in cli.commands, the line that --help shows); the order is the order of the help text.
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Show the main verbs on the embedded engine, with real data."),
    "init": ("init", "Create a project: dynasmith.toml, tables/, schemas for editors, .gitignore."),
    "local": ("local", "Start, stop or inspect the embedded engine."),
    "doctor": ("doctor", "Check versions, credentials, endpoint and permissions, and say how to fix what is missing."),
    "permissions": ("permissions", "Print the IAM policy of who runs some verbs."),
    "schema": ("schema", "Print a JSON Schema for editors: of definition, project and operations files."),
    "fmt": ("fmt", "Format definition files; comments stay."),
    "completion": ("completion", "Print the script that lets a shell complete verbs, tables and jobs."),
    "help": ("help", "Print the help of a verb or of a topic: options, exit-codes, conditions, items, environments."),
    "list": ("list", "List tables."),
    "describe": ("describe", "Show one table with all its settings."),
    "outputs": ("outputs", "Print ARNs, keys and streams of tables, for programs."),
    "import": ("import_", "Write definitions for existing tables."),
    "render": ("render", "Write tables in another form: model classes, Terraform, CloudFormation."),
    "create": ("create", "Create tables from their definitions."),
    "delete": ("delete", "Delete tables with their items."),
    "ensure": ("ensure", "Create missing tables; report differences, change nothing else."),
    "plan": ("plan", "Show what would change, what it costs and how long it takes."),
    "apply": ("apply", "Apply the planned changes."),
    "check": ("check", "Compare live tables with their definitions; exit 3 on differences."),
    "retire": ("retire", "Export a table a last time, then delete it."),
    "validate": ("validate", "Check configuration and best practice; print findings with codes."),
    "get": ("get", "Show one item."),
    "put": ("put", "Write one item."),
    "delete-item": ("delete_item", "Delete one item."),
    "scan": ("scan", "Show a few items of a table."),
    "query": ("query", "Show a few items with one partition key."),
    "count": ("count", "Count the items of a table, or those with one key."),
    "populate": ("populate", "Write items from files or a database into a table."),
    "export": ("export", "Export all items of a table to files."),
    "copy": ("copy", "Copy items from one table to another."),
    "backfill": ("backfill", "Change items in place; can be undone."),
    "delete-items": ("delete_items", "Delete many items; can be undone."),
    "erase": ("erase", "Delete everything about one person, by a recipe."),
    "refresh": ("refresh", "Make tables of an environment a masked copy of another one, by a recipe."),
    "replace": ("replace", "Replace a table that is in use by one with another key, or with local indexes."),
    "migrate": ("migrate", "Run versioned migrations: status, list, up, down, to a version."),
    "lambda": ("lambda_", "Lambda functions: bundle and policy of a project, access to tables."),
    "worker": ("worker", "Move items for a job that runs on another machine."),
    "verify": ("verify", "Check that two tables, or a table and an export, hold the same items."),
    "backup": ("backup", "Back up tables; list, delete and restore backups."),
    "metrics": ("metrics", "Show what a table consumes and where it is throttled."),
    "replicas": ("replicas", "Show the replicas of a global table, their lag and what differs."),
    "diagnose": ("diagnose", "Say why a table is throttled, or its backups are not made; fix what is safe."),
    "report": ("report", "Write tables, plan, findings, jobs and history into one HTML file."),
    "console": ("console", "Show tables, plans, jobs and items in the browser."),
    "jobs": ("jobs", "List, resume, pause, pace, cancel and undo long runs."),
}


class Verbs(click.Group):
    """Imports a verb's module when it is called, so that `--help` and every verb start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of the commands, in the order of the help."""
        return list(VERBS)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs that begin so, with their lines; none is imported for it."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name, help=line) for name, (_, line) in VERBS.items() if name.startswith(incomplete)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs, and the shared options in one line."""
        self.format_commands(ctx, formatter)
        write_shared_line(formatter)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now; None where there is none."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"dynasmith.cli.commands.{VERBS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands in groups."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument; UsageError with a suggestion where there is none."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise unknown_verb(args[0], VERBS)
        return super().resolve_command(ctx, args)


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: dynasmith plan --env local --config tables_config.json",
)
@click.version_option(__version__, message="dynasmith %(version)s")
@shared_options
def cli(invocation: Invocation) -> None:
    """Manage DynamoDB tables: define, plan, apply, populate, copy and verify."""
    del invocation


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    prepare_streams()
    signal.signal(signal.SIGTERM, _on_sigterm)
    logging.getLogger("dynasmith").addHandler(logging.NullHandler())
    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(flush_streams(run(words)))


def _on_sigterm(number: int, frame: FrameType | None) -> NoReturn:
    """SIGTERM is SIGINT: a long verb stops at a point from which it can be continued."""
    del number, frame
    raise KeyboardInterrupt


def run(words: list[str]) -> int:
    """Run the command line with these words; the exit code. Nothing but ``--debug`` shows a stack trace."""
    as_json, debug = "--json" in words, "--debug" in words
    invocation = Invocation()
    try:
        code = cli.main(args=words, prog_name="dynasmith", standalone_mode=False, obj=invocation)
    except DynasmithError as error:
        _trace(debug, invocation)
        invocation.suggest(error)
        redact = invocation.redacts_errors
        shown = _shown(error, words, redact=redact)
        return show_error(shown, as_json=as_json, complete=invocation.complete, redact=redact)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.NoSuchOption as error:
        return show_error(unknown_option(error), as_json=as_json)
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # of click 8.2 and newer; before it, click printed the help
            if not as_json:
                sys.stderr.write(f"{error.format_message()}\n")
                return UsageError.exit
            return show_error(UsageError("No verb was given.", hint=_help_of(error)), as_json=True)
        wrong = UsageError(error.format_message(), hint=_help_of(error))
        return show_error(_shown(wrong, words, redact=_redacts(words)), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        _trace(debug, invocation)
        return show_error(Interrupted("Interrupted.", hint="run the same command again: it continues"), as_json=as_json)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        sys.stderr.close()
        return 0
    except Exception as error:
        _trace(debug, invocation)
        unexpected = _unexpected(error, redact=invocation.redacts_errors)
        return show_error(unexpected, as_json=as_json, complete=invocation.complete)
    return code if isinstance(code, int) else 0


def _redacts(words: list[str]) -> bool:
    return "--redact" in words


def _shown(error: DynasmithError, words: list[str], *, redact: bool) -> DynasmithError:
    """The error as it may be shown."""
    if not redact:
        return error
    from dynasmith.project.redaction import hidden_error

    return hidden_error(error, words)


def _trace(debug: bool, invocation: Invocation) -> None:
    """With ``--debug`` the stack trace goes before the sentence; the exit code stays the same. With ``--redact`` it is
    the places only: messages may repeat values."""
    if not debug:
        return
    if invocation.redacts_errors:
        sys.stderr.write("".join(traceback.format_tb(sys.exc_info()[2])))
        return
    sys.stderr.write(invocation.masked(traceback.format_exc()))


def _help_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context is not None else "dynasmith --help"


def _unexpected(error: Exception, *, redact: bool = False) -> DynasmithError:
    """A fault of ours: said as one, without a trace, with the way to get it. A full disk is not ours."""
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return DynasmithError(f"The system refused it: {error.strerror}{place}.", hint="--debug shows where")
    said = "its message is hidden (--redact)" if redact else error
    sentence = f"Unexpected {type(error).__name__}: {said}".splitlines()[0][:500]
    return DynasmithError(sentence, hint="this is a fault in dynasmith; the same command with --debug shows where")
