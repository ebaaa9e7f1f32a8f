"""`permissions`: the IAM policy of who runs some verbs of the project, by the tables of the permissions page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final

from msgspec.structs import replace

from dynasmith.aws.control.migration_actions import MIGRATION_VERBS, STEPS
from dynasmith.aws.control.setting_actions import SETTING_ACTIONS
from dynasmith.aws.control.verb_actions import NO_ACTIONS, VERB_ACTIONS, VerbActions
from dynasmith.aws.errors.action_resources import ResourceNames, resources_of
from dynasmith.aws.errors.policy_statement import partition_of
from dynasmith.errors import UsageError
from dynasmith.project.verbs.lambda_policy import FunctionPolicy
from dynasmith.project.verbs.replacements.pointer_choice import project_pointers
from dynasmith.project.world import TableName, World
from dynasmith.tables.document_of import document_of
from dynasmith.tables.findings import did_you_mean
from dynasmith.tables.table import Table, known

ROWS: Final[Mapping[str, VerbActions]] = {**VERB_ACTIONS, **MIGRATION_VERBS}
_LOOKS: Final = ("migrate status", "migrate list", "migrate outstanding", "migrate show", "migrate verify")
_READER: Final = (
    *(
        "list",
        "describe",
        "outputs",
        "import",
        "plan",
        "check",
        "validate",
        "render terraform",
        "render cloudformation",
    ),
    *("metrics", "replicas", "diagnose", "lambda list", "backup list", "backup show", "backup jobs", *_LOOKS),
)
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "reader": _READER,
    "deployer": ("list", "describe", "outputs", "plan", "check", "create", "ensure", "apply"),
    "mover": (
        *("list", "describe", "scan", "count", "export", "populate", "populate, another --mode", "copy"),
        *("copy, another --mode", "verify", "backfill", "jobs undo"),
    ),
}
"""Who needs what: looks at tables, changes tables, moves and rewrites items."""
_SSM: Final = "ssm:"
POLICY_MAX_CHARACTERS: Final = 6_144
"""Of a managed policy, without white space (IAM User Guide, "IAM and AWS STS quotas")."""


def verb_policy(
    world: World, verbs: Sequence[str], *, role: str, tables: Sequence[TableName], account: str
) -> FunctionPolicy:
    """See `Project.permissions`."""
    if account and not (account.isdecimal() and len(account) == 12):
        raise UsageError(f"{account!r} is not an account id.", hint="an account id has 12 digits")
    chosen = _chosen(verbs, role)
    access = world.session.access
    names = ResourceNames(
        partition=partition_of(access.region), region=access.region or "*", account=account or access.account or "*"
    )
    defined = {each.name: each for each in world.defined_tables()}
    physical = [world.name_of(each) for each in tables] or sorted(defined)
    wanted: dict[tuple[str, ...], set[str]] = {}
    for name in physical or ["*"]:
        for region, parameter in product(_regions(defined.get(name), names.region), _parameters(world, name)):
            there = replace(names, table=name, region=region, parameter=parameter)
            _add(wanted, _actions(chosen, defined.get(name)), there)
    history = {action for row in chosen if row.history for action in (*row.history, *_conditional(row))}
    if history:
        settings = world.settings
        _add(wanted, history, replace(names, table=settings.new_name(settings.history_table)))
    document = {"Version": "2012-10-17", "Statement": _merged(wanted)}
    return FunctionPolicy(
        document=document, notes=tuple(_notes((*ROLES.get(role, ()), *verbs), document, names, physical))
    )


def _chosen(verbs: Sequence[str], role: str) -> tuple[VerbActions, ...]:
    """The rows that are meant, with those of their options that were asked for (``replicas --probe``). A group
    (``backup``) means all of its verbs."""
    if role and role not in ROLES:
        raise UsageError(f"{role!r} is not a role.", hint=did_you_mean(role, ROLES) or f"roles are {', '.join(ROLES)}")
    return tuple(row for verb in (*ROLES.get(role, ()), *verbs) for row in _rows(verb))


def _rows(verb: str) -> tuple[VerbActions, ...]:
    if verb in ROWS:
        return (ROWS[verb],)
    name, _, option = verb.partition(" --")
    option = f"--{option}"
    if name in ROWS and option in {*ROWS[name].also, *ROWS[name].also_unread}:
        row = ROWS[name]
        asked = (*row.needs, *row.also.get(option, ()), *row.also_unread.get(option, ()))
        return (replace(row, needs=asked),)
    group = tuple(row for each, row in ROWS.items() if each.startswith(f"{verb} "))
    if not group and verb not in NO_ACTIONS:
        hint = did_you_mean(verb, ROWS) or "dynasmith help lists the verbs"
        raise UsageError(f"{verb!r} is not a verb with permissions.", hint=hint)
    return group


def _actions(rows: Iterable[VerbActions], table: Table | None) -> set[str]:
    """What verbs do to a table; of settings those that its definition has, or all where there is no definition."""
    keys = set(document_of(table)) if table is not None else set(SETTING_ACTIONS)
    found: set[str] = set()
    for row in rows:
        for each in (row, *(STEPS.values() if row.steps else ())):
            found |= {*each.needs, *each.unread, *each.spare}
            found |= set() if row.history else set(_conditional(each))
            for name, setting in SETTING_ACTIONS.items():
                mine = name in keys
                found |= {*setting.reads} if each.reads == "all" or (mine and each.reads == "defined") else set()
                found |= {*setting.changes, *setting.spare} if mine and each.changes else set()
                found |= {*setting.pruned} if mine and each.prunes else set()
    return found


def _conditional(row: VerbActions) -> tuple[str, ...]:
    """What a row may need by what there is; what an option needs is given to those who ask for it."""
    parts = ((name, actions) for more in (row.also, row.also_unread) for name, actions in more.items())
    return tuple(action for name, actions in parts if not name.startswith("--") for action in actions)


def _regions(table: Table | None, own: str) -> tuple[str, ...]:
    """The Regions of a table and its replicas."""
    replicas = known(table.replicas, ()) if table is not None else ()
    return (own, *(each.region for each in replicas))


def _parameters(world: World, table: str) -> tuple[str, ...]:
    """The parameters of Systems Manager that the project file has as the pointer of a table, else every one."""
    found = project_pointers(world.settings, table) if table != "*" else ()
    return tuple(each.removeprefix(_SSM).removeprefix("/") for each in found if each.startswith(_SSM)) or ("*",)


def _add(wanted: dict[tuple[str, ...], set[str]], actions: Iterable[str], names: ResourceNames) -> None:
    for action in actions:
        wanted.setdefault(resources_of(action, names), set()).add(action)


def _merged(wanted: Mapping[tuple[str, ...], set[str]]) -> list[dict[str, Any]]:
    """One statement for the same actions on several tables; those on every resource last."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for resources, actions in sorted(wanted.items()):
        groups.setdefault(tuple(sorted(actions)), []).extend(resources)
    ordered = sorted(groups.items(), key=lambda each: (each[1] == ["*"], each[1]))
    return [
        {
            "Effect": "Allow",
            "Action": actions[0] if len(actions) == 1 else [*actions],
            "Resource": resources[0] if len(resources) == 1 else list(dict.fromkeys(resources)),
        }
        for actions, resources in ordered
    ]


def _notes(
    verbs: Sequence[str], document: Mapping[str, Any], names: ResourceNames, tables: Sequence[str]
) -> Iterable[str]:
    for what, value in (("Region", names.region), ("account", names.account)):
        if value == "*":
            yield f"The {what} is not known, so the policy is for every one."
    if not tables:
        yield "No table is defined or named, so the policy is for every table: name some with --table."
    others = [f"{verb} {each}" for verb in verbs if verb in ROWS for each in _options(ROWS[verb])]
    others += [row for row in ROWS for verb in verbs if row.startswith((f"{verb},", f"{verb} --"))]
    if others := [each for each in dict.fromkeys(others) if each not in verbs]:
        yield f"Not in it, as they need more: {'; '.join(others)}."
    size = len(json.dumps(document, separators=(",", ":")))
    if size > POLICY_MAX_CHARACTERS:
        yield (
            f"The policy has {size:,} characters and IAM takes {POLICY_MAX_CHARACTERS:,} in a managed policy: "
            "name fewer verbs or tables, or attach its statements as several policies."
        )


def _options(row: VerbActions) -> list[str]:
    return [name for name in dict.fromkeys((*row.also, *row.also_unread)) if name.startswith("--")]
