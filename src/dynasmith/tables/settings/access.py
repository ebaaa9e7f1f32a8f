"""Which functions and roles may use the table: a statement of each in an inline policy of its role."""

from collections.abc import Iterator, Sequence

from msgspec import UnsetType, convert, to_builtins
from msgspec.structs import replace

from dynasmith.tables.access_actions import actions_of
from dynasmith.tables.access_policy import ALL, canonical, entry_id, same_access
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, DocumentKey, ListOf, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    RetirementPhase,
    Setting,
    SettingCall,
    SettingChange,
    SettingStep,
)
from dynasmith.tables.settings.encryption import SetEncryption
from dynasmith.tables.table import Access, EncryptionKind, Table, known

Accesses = tuple[Access, ...]

ENTRY = Block(
    "an access entry",
    (
        DocumentKey("function", Text(), "Name or ARN of a Lambda function; its role gets the access."),
        DocumentKey("role", Text(), "Name or ARN of a role, where no function is named. One of the two is **needed**."),
        DocumentKey(
            "allow",
            ListOf(Text(), filled=True),
            "`read`, `write`, `stream`, `describe`, or single actions such as `dynamodb:GetItem`.",
            required=True,
        ),
        DocumentKey(
            "indexes",
            ListOf(Text(), alone=True),
            "Names of the indexes that may be read, or `all`.",
            default="`all`; none with `leading_keys`",
        ),
        DocumentKey(
            "leading_keys",
            ListOf(Text(), filled=True),
            "The only partition keys that may be used, `*` for any characters. Scans are then not allowed.",
            default="every one",
        ),
    ),
    synonyms={"function_name": "function", "role_arn": "role", "actions": "allow", "permissions": "allow"},
)


class SetAccess(SettingChange, frozen=True, kw_only=True, tag="set-access"):
    """Access of functions and roles: those that differ, as they are and as they shall be."""

    before: Accesses
    after: Accesses


class CallGrant(SettingCall, frozen=True, kw_only=True, tag="put-access"):
    """PutRolePolicy: the statements of one function or role, in place of those that it has."""

    entry: Access


class CallRevoke(SettingCall, frozen=True, kw_only=True, tag="remove-access"):
    """PutRolePolicy without the statements of one function or role, or DeleteRolePolicy where no other is left."""

    entry: Access


Call = CallGrant | CallRevoke


class AccessSetting(Setting[Accesses, SetAccess, Call]):
    """The functions and roles, by name. What is there and not defined is removed with ``--prune`` only."""

    field = "access"
    label = "access"
    types = (SetAccess, CallGrant, CallRevoke)
    off: Accesses = ()
    in_create_table = False
    copied = False
    retirement = RetirementPhase.ACCESS
    key = DocumentKey(
        "access",
        ListOf(ENTRY, by="function", or_by="role"),
        "Functions and roles that may use the table.",
    )

    def of(self, table: Table) -> Accesses | UnsetType:
        return table.access

    def parse(self, written: object) -> Accesses:
        assert isinstance(written, list)
        return tuple(_with_all(convert(each, Access)) for each in written)

    def render(self, value: Accesses) -> object:
        return [_written(entry) for entry in value if entry.state != "left"]

    def difference(self, desired: Accesses, current: Accesses) -> SetAccess | None:
        there = _by_name(current)
        pairs = [(there.get(entry_id(entry)), entry) for entry in desired]
        differing = [(old, new) for old, new in pairs if old is None or not same_access(new, old)]
        if not differing:
            return None
        after = tuple(canonical(new) for _, new in differing)
        return SetAccess(before=tuple(old for old, _ in differing if old is not None), after=after)

    def removal(self, desired: Accesses, current: Accesses) -> SetAccess | None:
        gone = self._undefined(desired, current)
        return SetAccess(before=gone, after=()) if gone else None

    def undefined(self, desired: Accesses, current: Accesses) -> Iterator[tuple[str, str]]:
        for entry in self._undefined(desired, current):
            kind, name = entry_id(entry)
            text = f"access of {kind} {name}"
            if entry.state == "left":
                text += f" in the role {entry.held_by}, which the function does not have (any more)"
            yield f"{self.key.name}.{name}", text

    def _undefined(self, desired: Accesses, current: Accesses) -> Accesses:
        wanted = {entry_id(entry) for entry in desired}
        return tuple(entry for entry in current if entry.state == "left" or entry_id(entry) not in wanted)

    def changed_with(self, current: Accesses, changes: Sequence[SettingChange]) -> Accesses:
        """Another key of the table makes the statements about the old one wrong."""
        kinds = {side.kind for each in changes if isinstance(each, SetEncryption) for side in (each.before, each.after)}
        if EncryptionKind.CUSTOMER not in kinds:
            return current
        return tuple(replace(entry, state=entry.state or "changed") for entry in current)

    def steps(self, change: SetAccess) -> Iterator[tuple[Phase, SettingStep]]:
        for entry in change.after:
            yield Phase.SEND_CHANGES, CallGrant(entry=entry)
        wanted = {entry_id(entry) for entry in change.after}
        for entry in change.before:
            if entry_id(entry) not in wanted:
                yield Phase.SEND_CHANGES, CallRevoke(entry=entry)

    def after(self, step: Call, table: Table) -> Table:
        there = known(table.access, ())
        if isinstance(step, CallRevoke):
            return replace(table, access=tuple(entry for entry in there if _place(entry) != _place(step.entry)))
        name = entry_id(step.entry)
        others = [entry for entry in there if entry.state == "left" or entry_id(entry) != name]
        return replace(table, access=tuple(sorted((*others, step.entry), key=entry_id)))

    def hazard(self, change: SetAccess, table: str, facts: Facts) -> Hazard | None:
        after = {entry_id(entry): actions_of(entry.allow) for entry in change.after}
        losing = [
            entry
            for entry in change.before
            if entry.state != "left" and actions_of(entry.allow) - after.get(entry_id(entry), frozenset())
        ]
        if not losing:
            return None
        names = ", ".join(entry_id(entry)[1] for entry in losing)
        why = f"{names} can do less with the table from then on"
        if not change.after:
            return Hazard(kind="access-removed", path=self.key.name, why=why, consent="prune", flag="--prune")
        return Hazard(kind="access-reduced", path=self.key.name, why=why, consent="yes", flag="--yes")

    def price(self, change: SetAccess, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        return None

    def words(self, step: Call) -> str:
        kind, name = entry_id(step.entry)
        if isinstance(step, CallRevoke):
            return f"remove the access of {kind} {name}"
        return f"let {kind} {name} {step.entry.allowed()}"


def _with_all(entry: Access) -> Access:
    """With "all" as the word that it is, and not as the name of an index."""
    everything = isinstance(entry.indexes, tuple) and ALL in entry.indexes
    return replace(entry, indexes=ALL) if everything else entry


def _by_name(current: Accesses) -> dict[tuple[str, str], Access]:
    return {entry_id(entry): entry for entry in current if entry.state != "left"}


def _place(entry: Access) -> tuple[tuple[str, str], str]:
    """Whose statements, in which role where that is known."""
    return entry_id(entry), entry.held_by


def _written(entry: Access) -> object:
    return to_builtins(replace(entry, held_by="", state=""))
