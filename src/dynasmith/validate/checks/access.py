"""Who may use a table by dynasmith's policies: just what is defined, and nothing beyond it."""

from collections.abc import Iterator

from msgspec import UnsetType

from dynasmith.tables.access_policy import entry_id, same_access
from dynasmith.tables.table import Access
from dynasmith.validate.check import Check, Problem, Subject, not_known


def _wide_roles(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.access_roles
    if facts is None:
        return
    if facts.unknown:
        fix = "allow iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy and iam:SimulatePrincipalPolicy"
        yield not_known("access", facts.unknown, fix)
        return
    for name, role in facts.roles.items():
        for words in role.wildcards:
            yield Problem("access", f"The role {name} has access, and {words}.")
        if role.changes:
            yield Problem("access", f"The role {name} has access, and may also {', '.join(role.changes)} on the table.")


def _differs(subject: Subject) -> Iterator[Problem]:
    live = () if subject.live is None else subject.live.table.access
    wanted = () if subject.desired is None else subject.desired.access
    if subject.live is None or isinstance(live, UnsetType):
        return
    there = {entry_id(entry): entry for entry in live if entry.state != "left"}
    for entry in () if isinstance(wanted, UnsetType) else wanted:
        kind, name = entry_id(entry)
        found = there.get((kind, name))
        if found is None or not same_access(entry, found):
            yield Problem(f"access.{name}", f"The {kind} {name} {_may(found)}; the definition says {entry.allowed()}.")
    for entry in live:
        if entry.state == "left":
            what = f"The role {entry.held_by} has access for {' '.join(entry_id(entry))}, which is gone or has another."
            yield Problem(f"access.{entry_id(entry)[1]}", what, "notice")


def _may(found: Access | None) -> str:
    if found is None:
        return "has no access"
    changed = ", in statements that dynasmith did not write" if found.state == "changed" else ""
    return f"may {found.allowed()}{changed}"


CHECKS = (
    Check(
        code="DS013",
        title="Roles with access have no wildcard, and change no tables",
        why="A function that may do everything, or create and delete tables, does so by a mistake or by an intruder.",
        fix="name actions and the table in the role's own policies, or remove them: lambda grant gives what is needed",
        source="IAM User Guide, Grant least privilege; Pay Theory's practice: no table creation at run time",
        severities=("warning", "notice"),
        when="notice where it cannot be known",
        look=_wide_roles,
        live=True,
        reads=("access",),
    ),
    Check(
        code="DS014",
        title="Access is as the definition says",
        why="A function is denied what it needs, or may do more than it should.",
        fix="run dynasmith apply --only access, with --prune for what was left; or change the definition",
        source="design: drift is the difference of definition and live table",
        severities=("warning", "notice"),
        when="notice where a role has access for a function that has another role now",
        look=_differs,
        live=True,
        reads=("access",),
    ),
)
