"""docs/reference/permissions.md: its lists of IAM actions, written from the code, between their marks."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from dynasmith.aws.control import actions, function_actions
from dynasmith.aws.control.verb_actions import SETTING_CHANGES, SETTING_READS, VERB_ACTIONS, VerbActions
from dynasmith.aws.errors.action_resources import ResourceNames, resources_of

PAGE = Path(__file__).parents[2] / "docs/reference/permissions.md"


def with_lists(page: str) -> str:
    """The page with the lists between ``<!-- NAME -->`` and ``<!-- end -->`` as `actions` has them."""

    def filled(found: re.Match[str]) -> str:
        name = found["name"]
        if name in _TABLES:
            return f"<!-- {name} -->\n\n{_TABLES[name]()}\n<!-- end -->"
        listed = getattr(actions if hasattr(actions, name) else function_actions, name)
        text = _table(listed) if isinstance(listed, Mapping) else "".join(f"- `{action}`\n" for action in listed)
        return f"<!-- {name} -->\n\n{text}\n<!-- end -->"

    return re.sub(r"<!-- (?P<name>[A-Z_0-9]+) -->.*?<!-- end -->", filled, page, flags=re.DOTALL)


def _table(listed: Mapping[str, Iterable[str]]) -> str:
    """A row for the steps that need the same actions."""
    steps: dict[tuple[str, ...], list[str]] = {}
    for step, needed in listed.items():
        steps.setdefault(tuple(sorted(set(needed))), []).append(step)
    rows = (f"| {_code(each)} | {_code(needed)} |\n" for needed, each in steps.items())
    return "| step | actions on its tables |\n|---|---|\n" + "".join(rows)


def _verbs() -> str:
    """A row for each verb, and one below it for what it needs besides."""
    rows = ["| verb | fails without | goes on without, and says so | used where allowed |\n|---|---|---|---|\n"]
    for verb, needed in VERB_ACTIONS.items():
        rows.append(f"| `{verb}` | {_fails(needed)} | {_unread(needed)} | {_spare(needed)} |\n")
        for what in dict.fromkeys((*needed.also, *needed.also_unread)):
            fails, unread = (_code(each.get(what, ())) for each in (needed.also, needed.also_unread))
            rows.append(f"| … {what} | {fails} | {unread} | |\n")
    return "".join(rows)


def _fails(needed: VerbActions) -> str:
    return ", ".join(
        each for each in (_code(needed.needs), "*changes* of its settings" if needed.changes else "") if each
    )


def _unread(needed: VerbActions) -> str:
    words = {"none": "", "all": "*reads* of every setting", "defined": "*reads* of its settings"}[needed.reads]
    return ", ".join(each for each in (_code(needed.unread), words) if each)


def _spare(needed: VerbActions) -> str:
    every = {action for actions_ in SETTING_READS.values() for action in actions_}
    if not every <= {*needed.spare}:
        return _code(needed.spare)
    return f"{_code(each for each in needed.spare if each not in every)}, *reads* of every setting"


def _settings() -> str:
    """A row for each setting."""
    names = sorted({*SETTING_READS, *SETTING_CHANGES})
    listed = ((name, SETTING_READS.get(name, ()), SETTING_CHANGES.get(name, ())) for name in names)
    rows = (f"| `{name}` | {_code(reads)} | {_code(changes)} |\n" for name, reads, changes in listed)
    return "| setting | reads | changes |\n|---|---|---|\n" + "".join(rows)


def _resources() -> str:
    """A row for each resource, with the actions that take it."""
    every: set[str] = set()
    for needed in VERB_ACTIONS.values():
        every |= {*needed.needs, *needed.unread, *needed.spare}
        every |= {each for more in (needed.also, needed.also_unread) for actions_ in more.values() for each in actions_}
    every |= {each for known in (SETTING_READS, SETTING_CHANGES) for actions_ in known.values() for each in actions_}
    names = ResourceNames(region="REGION", account="ACCOUNT", table="TABLE", function="FUNCTION", role="ROLE")
    found: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(every):
        found.setdefault(resources_of(action, names), []).append(action)
    ordered = sorted(found.items(), key=lambda each: (each[0] == ("*",), each[0]))
    rows = (f"| {_code(resources)} | {_code(listed)} |\n" for resources, listed in ordered)
    return "| resource | actions |\n|---|---|\n" + "".join(rows)


_TABLES = {"VERBS": _verbs, "SETTINGS": _settings, "RESOURCES": _resources}


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def permissions_page() -> str:
    """The page as it is, with today's lists."""
    return with_lists(PAGE.read_text("utf-8"))
