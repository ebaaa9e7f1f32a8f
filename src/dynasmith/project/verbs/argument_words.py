"""Errors in the words of the caller: an option of the command line becomes the argument of Python that it stands for.

Sentences and hints are written once, with options (``--mode overwrite``). The command line shows them so; an error that
leaves a method of the public face says ``mode="overwrite"``. A command (``dynasmith jobs resume ID``) stays one: it
is run in a shell by whoever reads it.
"""

from __future__ import annotations

import re
from typing import Final

from dynasmith.errors import ConsentRequired, DynasmithError, SeveralFailed

FLAGS: Final = frozenset(
    {
        "accept-changed-transform", "all", "allow-delete-items", "create-target", "daily", "new", "out-of-order",
        "prune", "weekly", "without-indexes",
    }
)  # fmt: skip
"""Options without a value: True in Python."""

RENAMED: Final = {
    "accept-changed": "accept_changed=[VERSION]",
    "allow-personal": "consent=Consent(allow_personal=[NAME])",
    "as": "form=",
    "aws-access-key": "access_key=",
    "aws-secret-key": "secret_key=",
    "aws-session-token": "session_token=",
    "config": "path=",
    "confirm": "consent=Consent(confirm=[NAME])",
    "create": "create_target=True",
    "debug": 'logging.getLogger("dynasmith")',
    "dry-run": "project.dry",
    "from": "start=",
    "max-fence": "max_fence_seconds=",
    "no-export": "export_to=None",
    "no-journal": "journal=False",
    "no-settings": "settings=False",
    "order": "Database(order=...)",
    "param": "parameters=",
    "query": "Database(query=...)",
    "rebuild-index": "consent=Consent(rebuild_indexes=[NAME])",
    "resume": "project.jobs.resume",
    "role": "roles=",
    "rule": "rules=",
    "source-table": "Database(table=...)",
    "to": "end=",
    "type": "types=",
    "yes": "consent=Consent(yes=True)",
}
"""Options whose argument has another name, or is a part of another one."""

MAPPINGS: Final = {"key": "keys", "param": "parameters", "table": "tables"}
"""Repeatable options of ``NAME=VALUE``: one mapping in Python."""

_VERBS: Final = (
    r"dynasmith|aws|python|git|docker|local start|describe|backup (?:create|list|show|delete|prune|restore|schedule)|"
    r"(?:migrate|jobs|lambda) [a-z]+"
)
_COMMAND: Final = re.compile(rf"`[^`]*`|\b(?:{_VERBS}) [^;,)`]*")
_VALUE: Final = (
    r"'[^']*'|\"[^\"]*\"|[A-Z]\w*(?:[:,=][A-Z]\w*)*|[\w.:/-]*[\d:/][\w.:/%-]*|aws|bulk|customer_id|dead|definition|dynamodb|id|"
    r"import|keep|latest|lines|local|mongo|ours|overwrite|plain|provisioned|skip|skip-existing|stop|users"
)
_NAMING: Final = "accept-changed|allow-personal|confirm|rebuild-index"
_OPTION: Final = re.compile(
    rf"(?<![\w-])--(?:(?P<naming>{_NAMING}) (?P<any>[^\s,;)]+)"
    rf"|(?P<name>[a-z][a-z-]*[a-z])(?: (?P<value>{_VALUE})(?![\w-]))?)"
)

_TWO_CONSENTS: Final = re.compile(r"consent=Consent\(([^()]*)\),? consent=Consent\(([^()]*)\)")


def in_arguments(text: str) -> str:
    """A sentence or a hint with arguments in place of the options outside of commands."""
    found, place = [], 0
    for command in _COMMAND.finditer(text):
        found += [_OPTION.sub(_argument, text[place : command.start()]), command[0]]
        place = command.end()
    return "".join([*found, _OPTION.sub(_argument, text[place:])])


def speak_python(error: DynasmithError) -> None:
    """Let an error, and those that it collects, name arguments."""
    error.message, error.hint = in_arguments(error.message), in_arguments(error.hint)
    error.args = (error.message,)
    if isinstance(error, ConsentRequired):
        error.hint = _as_consent(error.hint)
    if isinstance(error, SeveralFailed):
        for failure in error.failures.values():
            speak_python(failure)


def _as_consent(hint: str) -> str:
    """The hint with every consent that it names in one argument."""
    hint = re.sub(r"(?<![\w(])((?:prune|allow_delete_items)=True)", r"consent=Consent(\1)", hint)
    while (joined := _TWO_CONSENTS.sub(r"consent=Consent(\1, \2)", hint)) != hint:
        hint = joined
    return hint


def _argument(option: re.Match[str]) -> str:
    if name := option["naming"]:
        return re.sub("NAME|VERSION", lambda _: f'"{option["any"]}"', RENAMED[name])
    name, value = option["name"], option["value"] or ""
    if name in FLAGS:
        return f"{name.replace('-', '_')}=True" + (f" {value}" if value else "")
    if name in MAPPINGS and "=" in value:
        part, _, said = value.partition("=")
        return f'{MAPPINGS[name]}={{"{part}": "{said}"}}'
    argument = RENAMED.get(name, f"{name.replace('-', '_')}=")
    if not argument.endswith("="):
        return argument.replace("...", f'"{value}"') if value else argument
    if not value or value[0] in "'\"":
        return argument + value
    return argument + (value if re.fullmatch(r"\d[\d.]*|[A-Z_,]+", value) else f'"{value}"')
