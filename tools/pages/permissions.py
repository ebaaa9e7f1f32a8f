"""docs/reference/permissions.md: its tables of IAM actions, written from the code, between their marks."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dynasmith.aws.control import actions
from dynasmith.aws.control.migration_actions import MIGRATION_VERBS, STEPS
from dynasmith.aws.control.setting_actions import SETTING_ACTIONS, SETTING_READS
from dynasmith.aws.control.verb_actions import NO_ACTIONS, VERB_ACTIONS, VerbActions
from dynasmith.aws.errors.action_resources import ResourceNames, resources_of

PAGE = Path(__file__).parents[2] / "docs/reference/permissions.md"
_HEAD = "| {} | fails without | goes on without, and says so | used where allowed |\n|---|---|---|---|\n"


def with_lists(page: str) -> str:
    """The page with the tables between ``<!-- NAME -->`` and ``<!-- end -->`` as the code has them."""

    def filled(found: re.Match[str]) -> str:
        return f"<!-- {found['name']} -->\n\n{TABLES[found['name']]()}\n<!-- end -->"

    return re.sub(r"<!-- (?P<name>[A-Z_0-9]+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def _verbs() -> str:
    return _HEAD.format("verb") + _rows(VERB_ACTIONS)


def _migrations() -> str:
    """What each verb needs on the table of the history, and the rest."""
    rows = [f"| `{verb}` | {_code(each.history)} | {_more(each)} |\n" for verb, each in MIGRATION_VERBS.items()]
    return "| verb | on the history | besides |\n|---|---|---|\n" + "".join(rows)


def _more(row: VerbActions) -> str:
    said = [f"{name}: {_code(each)}" for name, each in row.also.items()]
    said += [f"the tables: {_code((*row.needs, *row.unread))}"] if row.needs or row.unread else []
    said += ["*reads* of their settings"] if row.reads != "none" else []
    return "; ".join((*said, *(["those of its steps"] if row.steps else [])))


def _steps() -> str:
    return _HEAD.format("step") + _rows(STEPS)


def _rows(rows: Mapping[str, VerbActions]) -> str:
    """A row for each, and one below it for what it needs besides. Those that need the same are one."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for name, row in rows.items():
        more = "".join(
            f"| … {what} | {_code(row.also.get(what, ()))} | {_code(row.also_unread.get(what, ()))} | |\n"
            for what in dict.fromkeys((*row.also, *row.also_unread))
        )
        groups.setdefault((_fails(row), _unread(row), _spare(row), more), []).append(name)
    return "".join(
        f"| {_code(names)} | {fails} | {unread} | {spare} |\n{more}"
        for (fails, unread, spare, more), names in groups.items()
    )


def _fails(row: VerbActions) -> str:
    words = "*changes* of its settings" if row.changes else ""
    return ", ".join(each for each in (_code(row.needs), words, "*prunes*" if row.prunes else "") if each)


def _unread(row: VerbActions) -> str:
    words = {"none": "", "all": "*reads* of every setting", "defined": "*reads* of its settings"}[row.reads]
    return ", ".join(each for each in (_code(row.unread), words) if each)


def _spare(row: VerbActions) -> str:
    every = {action for each in SETTING_READS.values() for action in each}
    if not every <= {*row.spare}:
        return _code(row.spare)
    rest = _code(each for each in row.spare if each not in every)
    return ", ".join(each for each in (rest, "*reads* of every setting") if each)


def _settings() -> str:
    """A row for each key, and one below it for what it may need besides."""
    head = "| key | reads | with a new table | added | changed | removed |\n|---|---|---|---|---|---|\n"
    rows = [head]
    for name, each in SETTING_ACTIONS.items():
        gone = _code(each.pruned) + " (*prunes*)" if each.pruned else _code(each.removed)
        cells = (_code(each.reads), _code(each.new), _code(each.added), _code(each.changed), gone)
        rows.append(f"| `{name}` | {' | '.join(cells)} |\n")
        rows += [f"| … {what} | | {_code(more)} | | | |\n" for what, more in each.also.items()]
    return "".join(rows)


def _others() -> str:
    listed = {
        "attributes that are encrypted with a key of KMS, on that key": actions.ENCRYPTION,
        "jobs and undo journals that are kept in S3": actions.JOBS_IN_S3,
    }
    rows = (f"| {what} | {_code(each)} |\n" for what, each in listed.items())
    return "| for | actions |\n|---|---|\n" + "".join(rows)


def _resources() -> str:
    """A row for each resource, with the actions that take it."""
    names = ResourceNames(
        region="REGION",
        account="ACCOUNT",
        table="TABLE",
        function="FUNCTION",
        role="ROLE",
        bucket="BUCKET",
        parameter="PARAMETER",
    )
    found: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(every_action()):
        found.setdefault(resources_of(action, names), []).append(action)
    ordered = sorted(found.items(), key=lambda each: (each[0] == ("*",), each[0]))
    rows = (f"| {_code(resources)} | {_code(listed)} |\n" for resources, listed in ordered)
    return "| resource | actions |\n|---|---|\n" + "".join(rows)


def every_action() -> set[str]:
    """Every action that a verb or a key takes."""
    found = {action for each in SETTING_ACTIONS.values() for action in (*each.reads, *each.changes, *each.pruned)}
    for row in (*VERB_ACTIONS.values(), *MIGRATION_VERBS.values(), *STEPS.values()):
        found |= {*row.needs, *row.unread, *row.spare, *row.history}
        found |= {each for more in (row.also, row.also_unread) for one in more.values() for each in one}
    return found


def _none() -> str:
    return f"{_code(NO_ACTIONS)}.\n"


TABLES: Mapping[str, Callable[[], str]] = {
    "VERBS": _verbs,
    "NONE": _none,
    "SETTINGS": _settings,
    "MIGRATIONS": _migrations,
    "STEPS": _steps,
    "OTHERS": _others,
    "RESOURCES": _resources,
}


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def permissions_page() -> str:
    """The page as it is, with today's tables."""
    return with_lists(PAGE.read_text("utf-8"))
