"""`dynasmith completion`."""

import click
from click.shell_completion import get_completion_class

from dynasmith.cli.completion import SHELLS
from dynasmith.cli.shared_options import Invocation, print_json, verb

PROGRAM, VARIABLE = "dynasmith", "_DYNASMITH_COMPLETE"


@verb("completion", example="dynasmith completion bash > ~/.dynasmith-completion")
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
def command(invocation: Invocation, shell: str) -> int:
    """Print the script that lets a shell complete verbs, options, tables, environments and jobs.

    Write it to a file and source that in ~/.bashrc or ~/.zshrc; for fish, write it to
    ~/.config/fish/completions/dynasmith.fish. Tables come from definition files, else from an engine on this machine.
    """
    found = get_completion_class(shell)
    assert found is not None
    source = found.source_template % {
        "complete_func": f"_{PROGRAM}_completion",
        "complete_var": VARIABLE,
        "prog_name": PROGRAM,
    }
    if invocation.as_json:
        print_json({"shell": shell, "script": source})
        return 0
    click.echo(source)
    return 0
