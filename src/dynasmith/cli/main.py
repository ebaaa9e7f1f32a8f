"""The entry point: finds the verb, runs it, turns an error into one sentence, a hint and an exit code."""

import importlib
import logging
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click

from dynasmith.cli.error_report import show_error
from dynasmith.cli.shared import Invocation, shared_options
from dynasmith.cli.streams import flush_streams, prepare_streams
from dynasmith.errors import DynasmithError, Interrupted, UsageError
from dynasmith.version import __version__

# verb -> (module in cli.commands, the line that --help shows); the order is the order of the help text.
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "The main job on the embedded engine, from nothing, on real data."),
    "init": ("init", "A new project: dynasmith.toml, tables/, migrations/."),
    "local": ("local", "The embedded engine: start, stop, status."),
    "doctor": ("doctor", "Versions, credentials, endpoint, permissions: what is missing and how to mend it."),
    "schema": ("schema", "The JSON Schema of definition files."),
    "list": ("list", "The tables there are."),
    "describe": ("describe", "One table as it is."),
    "outputs": ("outputs", "ARNs, keys, streams and the like, for programs."),
    "import": ("import_", "Live tables -> a definition file that plans empty."),
    "create": ("create", "Create tables, as said."),
    "delete": ("delete", "Delete tables, and wait until they are gone."),
    "ensure": ("ensure", "Create what is absent, say what differs."),
    "plan": ("plan", "What would change, what it costs, how long it takes."),
    "apply": ("apply", "Do it."),
    "check": ("check", "Exit 3 when live and definition differ."),
    "retire": ("retire", "Final export, then the table."),
    "validate": ("validate", "Configuration and best practice, as findings with codes."),
    "get": ("get", "One item."),
    "put": ("put", "Write one item."),
    "scan": ("scan", "A few items of a table."),
    "query": ("query", "A few items of one partition."),
    "populate": ("populate", "Fill a table from a file."),
    "export": ("export", "A whole table to a file."),
    "copy": ("copy", "Copy a table's items into another, resumable."),
    "backfill": ("backfill", "Change a table's items in place, with an undo."),
    "verify": ("verify", "Prove that two tables, or a table and a file, hold the same."),
    "jobs": ("jobs", "Runs of long verbs: list, show, resume, cancel, pace."),
}


class Verbs(click.Group):
    """Imports a verb's module when it is called, so that `--help` and every verb start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"dynasmith.cli.commands.{VERBS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise UsageError(f"{args[0]} is not a verb.", hint=_near(args[0]))
        return super().resolve_command(ctx, args)


def _near(word: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, VERBS, n=1)
    return f"did you mean {close[0]}?" if close else "dynasmith --help lists the verbs"


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: dynasmith plan --env local --config tables_config.json",
)
@click.version_option(__version__, message="dynasmith %(version)s")
@shared_options
def cli(invocation: Invocation) -> None:
    """The whole life of DynamoDB tables: define, plan, apply, fill, copy, verify."""
    del invocation


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
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
        return show_error(error, as_json=as_json, complete=invocation.complete)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        return show_error(UsageError(error.format_message(), hint=_help_of(error)), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        _trace(debug, invocation)
        return show_error(Interrupted("Interrupted.", hint="run the same command again: it continues"), as_json=as_json)
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        sys.stderr.close()
        return 0
    except Exception as error:
        _trace(debug, invocation)
        return show_error(_unexpected(error), as_json=as_json, complete=invocation.complete)
    return code if isinstance(code, int) else 0


def _trace(debug: bool, invocation: Invocation) -> None:
    """With ``--debug`` the stack trace goes before the sentence; the exit code stays the same."""
    if debug:
        sys.stderr.write(invocation.masked(traceback.format_exc()))


def _help_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context is not None else "dynasmith --help"


def _unexpected(error: Exception) -> DynasmithError:
    """A fault of ours: said as one, without a trace, with the way to get it. A full disk is not ours."""
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return DynasmithError(f"The system refused it: {error.strerror}{place}.", hint="--debug shows where")
    sentence = f"Unexpected {type(error).__name__}: {error}".splitlines()[0][:500]
    return DynasmithError(sentence, hint="this is a fault in dynasmith; the same command with --debug shows where")
