"""`dynasmith local start | stop | status | logs`."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from dynasmith.cli.details import detail_lines
from dynasmith.cli.shared_options import Invocation, print_json, refuse_given, verb
from dynasmith.cli.suggestions import VerbGroup
from dynasmith.errors import UsageError
from dynasmith.local import PORT, folder_of_port
from dynasmith.local.child_messages import AnyMessage, EngineSaved, EngineSaving
from dynasmith.ports.access import is_loopback

NEWS_BYTES = 100_000


@click.group("local", cls=VerbGroup, epilog="Example: dynasmith local start")
def command() -> None:
    """Start, stop or inspect the embedded engine on 127.0.0.1. It keeps its data between runs."""


port_option = click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the engine; by default that of the environment's endpoint."
)
folder_option = click.option("--folder", metavar="DIR", help="Folder of its data; by default .dynasmith/local/PORT.")


def _port(invocation: Invocation, port: int | None) -> int:
    """The port: as given, else that of the endpoint of the environment. Raises UsageError for an environment that was
    named and is not on this machine."""
    from dynasmith.project.factory import declared_endpoint

    if port is not None:
        return port
    named = invocation.text("env") or None
    endpoint = invocation.text("endpoint")
    if not endpoint:
        endpoint = declared_endpoint(invocation.text("config") or None, invocation.text("directory") or None, named)
    if is_loopback(endpoint):
        return urlsplit(endpoint).port or 80
    if named:
        raise UsageError(
            f"The endpoint of environment {named} is not on this machine.", hint="name another --env, or a --port"
        )
    return PORT


def _folder(invocation: Invocation, folder: str | None, port: int) -> Path:
    """The data folder: as said, else beside the project file, else in the working directory."""
    from dynasmith.local import default_folder
    from dynasmith.project.factory import project_folder

    if folder:
        return Path(folder)
    start = Path(invocation.text("directory") or ".")
    return default_folder(port, project_folder(start))


def _say(invocation: Invocation, message: AnyMessage) -> None:
    """What the engine waits for; a service that had nothing to save is no news."""
    idle = isinstance(message, EngineSaving) and message.service != "dynamodb"
    empty = isinstance(message, EngineSaved) and message.size_bytes < NEWS_BYTES
    if not idle and not empty:
        invocation.say(message.sentence)


@verb("start", example="dynasmith local start --port 8000")
@port_option
@folder_option
@click.option("--strict", is_flag=True, help="Enforce the documented rules, states and throttling (strict endpoint).")
@click.option("--clock", type=click.Choice(["real", "fast"]), default="real", show_default=True,
              help="With --strict: with fast, an hour passes in a second.")  # fmt: skip
@click.option("--rules", metavar="FILE", help="With --strict: a TOML file of rules to switch off.")
def start(invocation: Invocation, port: int | None, folder: str | None, **options: Any) -> int:
    """Start the embedded engine, unless it is running already. Returns when it answers."""
    from dynasmith.local import start as begin

    port = _port(invocation, port)
    if not options["strict"]:
        refuse_given("--strict", ("clock", "rules"))
    options["rules"] = Path(options["rules"]) if options["rules"] else None
    running = begin(
        port=port,
        folder=_folder(invocation, folder, port),
        listener=lambda message: _say(invocation, message),
        **options,
    )
    if invocation.as_json:
        print_json(msgspec.to_builtins(running, enc_hook=str))
        return 0
    if not running.last_stop_clean:
        invocation.say(
            f"The last stop was not clean: {running.repeated_calls} calls since the last save were repeated"
            + (f", {running.refused_calls} were refused." if running.refused_calls else ".")
        )
    word = "Started" if running.began else "Already running"
    invocation.say(f"{word}: {running.endpoint} (process {running.pid}, data in {running.folder}).")
    invocation.say("Next: dynasmith list --env local" + (f" --endpoint {running.endpoint}" if port != PORT else ""))
    return 0


@verb("stop", example="dynasmith local stop")
@port_option
@folder_option
def stop(invocation: Invocation, port: int | None, folder: str | None) -> int:
    """Stop the engine that start began, after it has saved its data. Never stops another program."""
    from dynasmith.local import stop as end

    port = _port(invocation, port)
    stopped = end(
        port=port, folder=_folder(invocation, folder, port), listener=lambda message: _say(invocation, message)
    )
    if invocation.as_json:
        print_json(msgspec.to_builtins(stopped, enc_hook=str))
    elif not stopped.was_running:
        invocation.say(_none_here(port))
    else:
        invocation.say("Stopped; all data is saved." if stopped.clean else "Stopped, but some data was not saved.")
    return 0 if stopped.clean or not stopped.was_running else 1


def _none_here(port: int) -> str:
    other = folder_of_port(port)
    if other is None:
        return f"No engine is running on port {port}."
    return (
        f"No engine of this folder is running. The one on port {port} belongs to another folder, {other}. To stop it: "
        f"dynasmith local stop --folder {shlex.quote(str(other))}"
    )


@verb("status", example="dynasmith local status --json")
@port_option
@folder_option
def status(invocation: Invocation, port: int | None, folder: str | None) -> int:
    """Show whether the engine is running, where, and since when."""
    from dynasmith.local import status as look

    port = _port(invocation, port)
    seen = look(port=port, folder=_folder(invocation, folder, port))
    if invocation.as_json:
        print_json(msgspec.to_builtins(seen, enc_hook=str))
        return 0
    for line in detail_lines(msgspec.to_builtins(seen, enc_hook=str), datetime.now(UTC)):
        click.echo(line)
    return 0


@verb("logs", example="dynasmith local logs --follow")
@port_option
@folder_option
@click.option(
    "--lines", default=100, show_default=True, type=click.IntRange(0, 100_000), help="How many lines to show."
)
@click.option("--follow", is_flag=True, help="Keep showing new lines until Ctrl-C.")
def logs(invocation: Invocation, port: int | None, folder: str | None, *, lines: int, follow: bool) -> int:
    """Show the log of the engine."""
    from dynasmith.local import log_lines

    port = _port(invocation, port)
    if invocation.redact:
        raise UsageError("The log may hold values of items, which --redact hides.", hint="remove --redact")
    if invocation.as_json:
        if follow:
            raise UsageError("--follow has no end, and --json is one document.", hint="remove one of them")
        print_json(list(log_lines(_folder(invocation, folder, port), last=lines, follow=False)))
        return 0
    for line in log_lines(_folder(invocation, folder, port), last=lines, follow=follow):
        click.echo(line)
    return 0


command.add_command(start)
command.add_command(stop)
command.add_command(status)
command.add_command(logs)
