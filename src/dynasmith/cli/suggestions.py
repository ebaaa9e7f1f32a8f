"""What an unknown verb or option may mean: by its meaning first, by its letters second. Never one that
destroys."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

import click

from dynasmith.cli.item_count import ItemCount
from dynasmith.errors import UsageError

DESTROYING = frozenset(
    {
        "delete", "delete-item", "delete-items", "erase", "retire", "jobs prune", "jobs cancel", "jobs undo",
        "backup delete", "backup prune",
    }
)  # fmt: skip
"""Verbs that are never suggested: a person who mistypes must not be led to them."""
DESTROYING_OPTIONS = frozenset(
    {"--prune", "--allow-delete-items", "--rebuild-index", "--no-export", "--no-journal", "--yes", "--confirm"}
)
NO_DELETING = "list"
"""Words that mean deleting lead here: what there is, and nothing that removes it."""
_BY_VERB = {
    "init": "new bootstrap scaffold setup",
    "local start": "start serve server run engine emulator",
    "local status": "ping",
    "local stop": "stop shutdown halt",
    "local logs": "logs log tail",
    "doctor": "whoami health env environment environments config configure login diagnose-environment",
    "permissions": "permission policy policies iam rights least-privilege actions",
    "schema": "jsonschema spec",
    "completion": "complete autocomplete completions shell-completion",
    "help": "man manual docs usage",
    "fmt": "format prettier beautify indent tidy",
    "list": "ls tables dir show-tables list-tables",
    "check": "status drift diffs compare-definitions dirty",
    "describe": "show info inspect desc view details describe-table get-table",
    "outputs": "output arns",
    "metrics": "monitor stats statistics consumption usage load cloudwatch watch top throughput",
    "replicas": "replica regions global global-table global-tables replication lag",
    "import": "introspect reverse scaffold-from generate pull capture discover",
    "create": "make create-table mk",
    "ensure": "create-if-missing touch provision",
    "plan": "diff preview what-if whatif sync up upgrade changes dry-run terraform",
    "apply": "deploy push update-table alter alter-table reconcile converge",
    "validate": "lint test audit verify-config review",
    "get": "fetch get-item read lookup",
    "put": "insert put-item write add set update update-item edit save-item upsert",
    "scan": "cat head ls-items items sample browse print",
    "query": "find search select where",
    "count": "size wc len length count-items",
    "populate": "seed load fill upload import-data import-items load-data bulk-load ingest fixtures restore-items",
    "export": "dump download save unload extract backup-items",
    "replace": "rekey re-key swap change-key cutover recreate",
    "refresh": "sync-staging refresh-staging anonymize anonymise",
    "copy": "cp clone mv move rename duplicate replicate transfer",
    "backfill": "transform rewrite update-items migrate-items convert",
    "report": "html artifact summary overview print",
    "console": "ui web browser gui dashboard serve server page pages watch",
    "worker": "workers move cluster dask spark node",
    "verify": "compare cmp checksum digest",
    "backup create": "snapshot archive",
    "backup list": "backups snapshots list-backups",
    "lambda grant": "setup-lambda-permissions allow access",
    "lambda revoke": "deny",
    "backup schedule": "backup-plan schedule-backup",
    "backup": "restore recover pitr point-in-time",
    "migrate": "migration migrations revision upgrade downgrade down alembic",
    "lambda attach": "trigger triggers event-source-mapping subscribe attach-trigger",
    "lambda logs": "function-logs",
    "jobs list": "history ps runs tasks job",
    "jobs resume": "resume continue retry tick",
    "jobs wait": "wait await",
    "jobs pause": "pause suspend",
    "jobs": "rollback undo revert cancel kill",
    NO_DELETING: "destroy rm remove drop del rmdir delete-table drop-table teardown nuke uninstall truncate clear "
    "empty wipe purge",
}
NOT_YET = {
    "flush": "list shows the tables",
    "reset": "list shows the tables",
    "shell": "scan and query show items",
}
"""Words for what is not offered yet, each with what there is today."""
MEANINGS = {word: verb for verb, words in _BY_VERB.items() for word in words.split()}
GROUP_MEANINGS = {
    "jobs": {
        "ls": "list", "ps": "list", "status": "show", "describe": "show", "get": "show", "info": "show", "logs": "show",
        "continue": "resume", "retry": "resume", "restart": "resume", "run": "resume", "stop": "pause", "hold": "pause",
        "suspend": "pause", "unpause": "proceed", "go": "proceed", "speed": "pace", "throttle": "pace", "limit": "pace",
        "rm": "list", "remove": "list", "delete": "list", "clean": "list", "rollback": "show", "revert": "show",
    },
    "backup": {
        "ls": "list", "backups": "list", "describe": "show", "get": "show", "info": "show", "status": "show",
        "make": "create", "new": "create", "add": "create", "start": "create", "run": "create", "now": "create",
        "rm": "list", "remove": "list", "drop": "list", "clean": "list", "expire": "list", "rotate": "list",
    },
    "local": {
        "up": "start", "run": "start", "serve": "start", "down": "stop", "kill": "stop", "shutdown": "stop",
        "show": "status", "info": "status", "ps": "status", "log": "logs", "tail": "logs",
    },
}  # fmt: skip
OPTION_MEANINGS = {
    "--environment": "--env", "--stage": "--env", "--url": "--endpoint", "--endpoint-url": "--endpoint",
    "--host": "--endpoint", "--file": "--config", "--project": "--config", "--dir": "--directory", "--cwd":
    "--directory", "--aws-profile": "--profile", "--aws-region": "--region", "--verbose": "--debug", "--trace":
    "--debug", "--silent": "--quiet", "--check-only": "--dry-run", "--what-if": "--dry-run", "--noop": "--dry-run",
    "--simulate": "--dry-run", "--output": "--out", "--save": "--out", "--where": "--filter", "--condition": "--filter",
    "--rate": "--max-write-units", "--threads": "--processes", "--workers": "--processes", "--parallel": "--segments",
    "--total-segments": "--segments", "--script": "--transform", "--mapping": "--transform", "--input": "--from",
    "--database": "--from", "--rename": "--map", "--columns": "--type", "--create": "--create-target", "--if-exists":
    "--missing-ok", "--ignore-missing": "--missing-ok", "--index-name": "--index", "--max": "--limit", "--top":
    "--limit", "--literal": "--physical", "--raw": "--physical", "--logfile": "--log-file",
    "--projection": "--attributes", "--fields": "--attributes", "--output-format": "--format",
    "--begins-with": "--filter", "--between": "--filter",
}  # fmt: skip


def unknown_verb(word: str, verbs: Collection[str], group: str = "") -> UsageError:
    """The error for an unknown verb of the command line, or of one of its groups."""
    named = f"{group} {word}".strip()
    if not group and word.lower() in NOT_YET:
        return UsageError(f"{word} is not in this version yet.", hint=f"in this version {NOT_YET[word.lower()]}")
    meanings = GROUP_MEANINGS.get(group, {}) if group else MEANINGS
    meant = meanings.get(word.lower().replace("_", "-"))
    offered = [verb for verb in verbs if f"{group} {verb}".strip() not in DESTROYING]
    found = meant or _near(word, offered)
    help_line = f"Run dynasmith {f'{group} ' if group else ''}--help to list the verbs."
    return UsageError(
        f"{named} is not a verb.", hint=f"Did you mean {f'{group} {found}'.strip()}?" if found else help_line
    )


def unknown_topic(words: str, word: str, known: Collection[str]) -> UsageError:
    """The error for what is neither a topic nor a verb."""
    found = _near(word.lower(), known)
    hint = f"Did you mean {found}?" if found else "dynasmith help lists the topics and the verbs"
    return UsageError(f"{words} is neither a topic nor a verb.", hint=hint)


def unknown_option(error: click.NoSuchOption) -> UsageError:
    """The error for an option that the verb does not have."""
    context = error.ctx
    known = [] if context is None else [name for each in context.command.params for name in each.opts if "--" in name]
    meant = OPTION_MEANINGS.get(error.option_name)
    found = meant if meant in known else _near(error.option_name, [n for n in known if n not in DESTROYING_OPTIONS])
    path = "dynasmith" if context is None else context.command_path
    if error.option_name[1:2].isdigit():  # the value of an option that needs none
        ranges = [] if context is None else [f"; {each}" for each in _ranges(context.command)]
        return UsageError(
            f"No option of {path} takes the value {error.option_name}{''.join(ranges)}.", hint=f"{path} --help"
        )
    return UsageError(
        f"No such option {error.option_name!r}.", hint=f"Did you mean {found}?" if found else f"{path} --help"
    )


def _ranges(command: click.Command) -> list[str]:
    """What the options say that take a number or none: click takes a negative one after them for an option."""
    types = [(each.opts[0], each.type) for each in command.params]
    return [f"{name} takes {kind.range}" for name, kind in types if isinstance(kind, ItemCount)]


def _near(word: str, known: Iterable[str]) -> str | None:
    """The only one that begins with the word, else the one that is spelt most like it."""
    known = list(known)
    begun = [name for name in known if len(word) > 1 and name.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    close = difflib.get_close_matches(word, known, n=1)
    return close[0] if close else None


class VerbGroup(click.Group):
    """A group of verbs that says what an unknown word may mean."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb, or a UsageError that suggests one."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise unknown_verb(args[0], self.commands, self.name or "")
        return super().resolve_command(ctx, args)
