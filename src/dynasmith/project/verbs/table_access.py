"""lambda grant and revoke, and who has access: the inline policies of roles, function by function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.access import ServiceAccess, place_of, policy_request, resolved_access, role_of
from dynasmith.aws.settings.live_access import account_roles, document_of_role, live_entries
from dynasmith.errors import DynasmithError, Unreachable, UsageError
from dynasmith.plans.consent import Consent, question
from dynasmith.project.world import TableName, World
from dynasmith.tables.access_actions import WORDS, actions_of, allow_problem, words_of
from dynasmith.tables.access_policy import (
    ALL,
    TablePlace,
    canonical,
    entries_of,
    entry_id,
    policy_name,
    statements_of,
    with_entry,
    without_entry,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.access import CallGrant, CallRevoke
from dynasmith.tables.table import Access, known

State = Literal["granted", "revoked", "unchanged", "failed"]
_SERVICE: Final = ServiceAccess()


class AccessChange(Struct, frozen=True, kw_only=True):
    """What became of the access of one function, or of a role by itself (``function`` is empty). ``policy`` is the
    inline policy of ``role``; ``why`` is a sentence where the state does not say all."""

    function: str
    role: str
    policy: str
    state: State
    why: str = ""


class GrantedAccess(Struct, frozen=True, kw_only=True):
    """Access that a role has by dynasmith's policy. ``indexes`` is "all" or names; ``declared`` says whether the
    definition has it just so; ``why`` is a sentence where it does not work, or not as it should."""

    function: str
    role: str
    policy: str
    allowed: tuple[str, ...]
    indexes: tuple[str, ...] | str
    leading_keys: tuple[str, ...] = ()
    declared: bool = False
    why: str = ""


class AccessTerms(Struct, frozen=True, kw_only=True):
    """Whose access is changed, and to what. ``allow`` and ``indexes`` are None where the definition says it (grant),
    or where all of it goes (revoke)."""

    functions: tuple[str, ...]
    roles: tuple[str, ...] = ()
    allow: tuple[str, ...] | None = None
    indexes: tuple[str, ...] | str | None = None


def grant(
    world: World, name: TableName, request: AccessTerms, *, consent: Consent | None = None, dry_run: bool = False
) -> tuple[AccessChange, ...]:
    """See `Lambdas.grant`."""
    described = world.control.describe(world.name_of(name), ())
    table = described.table.name
    entries = [_wanted(world, described, each, request) for each in _named(world, request)]
    place = place_of(world.session, described)
    if not dry_run:
        names = ", ".join(" ".join(entry_id(entry)) for entry in entries)
        world.granted(consent, [table], question(f"Let {names} use table {table} of {{where}}?"))
    return tuple(_granted(world, table, place, entry, dry_run) for entry in entries)


def revoke(
    world: World, name: TableName, request: AccessTerms, *, consent: Consent | None = None, dry_run: bool = False
) -> tuple[AccessChange, ...]:
    """See `Lambdas.revoke`."""
    described = world.control.describe(world.name_of(name), ())
    table = described.table.name
    _check_words(request.allow or ())
    _check_indexes(described, request.indexes)
    entries = _named(world, request)
    place = place_of(world.session, described)
    if not dry_run:
        names = ", ".join(" ".join(entry_id(entry)) for entry in entries)
        world.granted(consent, [table], question(f"Take access to table {table} of {{where}} from {names}?"))
    return tuple(
        each for entry in entries for each in _revoked(world, described, place, entry, request, dry_run=dry_run)
    )


def access_of(world: World, name: TableName) -> tuple[GrantedAccess, ...]:
    """See `Lambdas.list`: the half about access. Calls as the setting ``access`` is read."""
    described = world.control.describe(world.name_of(name), ())
    table = described.table.name
    declared = _declared(world, table)
    found = live_entries(world.session, table, lambda: place_of(world.session, described))
    return tuple(_listed(each, table, declared) for each in found)


# --- what is asked for


def _named(world: World, request: AccessTerms) -> list[Access]:
    """The functions and roles, each once, by their names. Raises UsageError where there is none."""
    stubs = [*(Access(function=each) for each in request.functions), *(Access(role=each) for each in request.roles)]
    if not stubs:
        raise UsageError("No function and no role is named.", hint="name functions, or a role with --role")
    identity = world.control.identity()
    found = [resolved_access((each,), identity.region, identity.account)[0] for each in stubs]
    return list({entry_id(each): each for each in found}.values())


def _wanted(world: World, described: TableDescription, entry: Access, request: AccessTerms) -> Access:
    """An entry with what it shall allow: as requested, or as the definition says."""
    allow, indexes = request.allow, request.indexes
    if allow is None:
        return _defined_entry(world, described.table.name, entry, indexes)
    _check_words(allow)
    _check_indexes(described, indexes)
    return canonical(replace(entry, allow=allow, indexes=UNSET if indexes is None else indexes))


def _defined_entry(world: World, table: str, entry: Access, indexes: tuple[str, ...] | str | None) -> Access:
    said = _declared(world, table).get(entry_id(entry))
    if said is None:
        who = " ".join(entry_id(entry))
        raise UsageError(
            f"Nothing says what the {who} may do with table {table}.",
            hint=f"use --allow with {', '.join(WORDS)} or single actions, or add it to access in the definition",
        )
    return said if indexes is None else canonical(replace(said, indexes=indexes))


def _declared(world: World, table: str) -> dict[tuple[str, str], Access]:
    """The entries of the table's definition; none where it has no definition, or says nothing of access."""
    identity = world.control.identity()
    entries = [entry for each in world.defined_tables() if each.name == table for entry in known(each.access, ())]
    return {entry_id(each): each for each in resolved_access(tuple(entries), identity.region, identity.account)}


def _check_words(allow: Sequence[str]) -> None:
    for word in allow:
        problem = allow_problem(word)
        if problem is not None:
            raise UsageError(f"{word} {problem[0]}.", hint=problem[1])


def _check_indexes(described: TableDescription, indexes: tuple[str, ...] | str | None) -> None:
    if indexes is None or isinstance(indexes, str):
        return
    there = _index_names(described)
    for name in indexes:
        if name not in there:
            hint = f"its indexes are {', '.join(there)}" if there else "it has none; leave --indexes out"
            raise UsageError(f"Table {described.table.name} has no index {name}.", hint=hint)


def _index_names(described: TableDescription) -> tuple[str, ...]:
    table = described.table
    names = [index.name for index in known(table.indexes, ())]
    return (*names, *(index.name for index in known(table.local_indexes, ())))


# --- one function


def _granted(world: World, table: str, place: TablePlace, entry: Access, dry_run: bool) -> AccessChange:
    session, step = world.session, CallGrant(entry=entry)
    kind, name = entry_id(entry)
    role = name if kind == "role" else ""
    try:
        role = role_of(session, step)
        there = document_of_role(session, role, policy_name(table))
        document = with_entry(there, entry, place)
        if document is not None and not dry_run:
            call = policy_request(session, role, table, document)
            session.call(call.service, call.operation, call.parameters, table=table)
        why = _sharers(there or {}, place, entry)
        return _change(entry, role, table, "unchanged" if document is None else "granted", why)
    except Unreachable:
        raise
    except DynasmithError as error:
        return _change(entry, role, table, "failed", _reason(_SERVICE.refusal(session, table, step, error)))


def _sharers(document: Mapping[str, Any], place: TablePlace, entry: Access) -> str:
    """Who else has the role, by the same policy: a role gives all of its functions what one of them is granted."""
    others = [entry_id(each)[1] for each in entries_of(document, place, "") if entry_id(each) != entry_id(entry)]
    if not others:
        return ""
    return f"the role is shared with {', '.join(others)}: each of them can do what any of them may"


def _revoked(
    world: World,
    described: TableDescription,
    place: TablePlace,
    entry: Access,
    request: AccessTerms,
    *,
    dry_run: bool,
) -> Iterator[AccessChange]:
    """Every role that has statements for the function: also one that the function has no more."""
    session, table = world.session, described.table.name
    found = False
    for policy in account_roles(session).policies(session, policy_name(table)):
        for there in entries_of(policy.document, place, policy.role):
            if entry_id(there) != entry_id(entry):
                continue
            found = True
            left = _without(there, request, described)
            if left is not None and statements_of(left, place):
                document = with_entry(policy.document, left, place)
            else:
                document = without_entry(policy.document, there, place)
            try:
                if document is not None and not dry_run:
                    call = policy_request(session, policy.role, table, document)
                    session.call(call.service, call.operation, call.parameters, table=table)
                yield _change(entry, policy.role, table, "unchanged" if document is None else "revoked", "")
            except Unreachable:
                raise
            except DynasmithError as error:
                why = _reason(_SERVICE.refusal(session, table, CallRevoke(entry=there), error))
                yield _change(entry, policy.role, table, "failed", why)
    if not found:
        kind, name = entry_id(entry)
        why = f"no role has access to {table} for the {kind} {name} by dynasmith"
        yield _change(entry, name if kind == "role" else "", table, "unchanged", why)


def _without(there: Access, request: AccessTerms, described: TableDescription) -> Access | None:
    """What is left of an entry; None where all of it goes."""
    if request.allow is None and request.indexes is None:
        return None
    actions = actions_of(there.allow) - actions_of(request.allow or ())
    indexes = there.indexes
    if request.indexes == ALL:
        indexes = ()
    elif request.indexes is not None:
        default: tuple[str, ...] | str = ALL if isinstance(there.leading_keys, UnsetType) else ()
        names = known(indexes, default)
        own = _index_names(described) if isinstance(names, str) else names
        indexes = tuple(name for name in own if name not in request.indexes)
    return canonical(replace(there, allow=words_of(actions), indexes=indexes, state="")) if actions else None


def _change(entry: Access, role: str, table: str, state: State, why: str) -> AccessChange:
    return AccessChange(function=known(entry.function, ""), role=role, policy=policy_name(table), state=state, why=why)


def _reason(error: DynasmithError) -> str:
    return f"{error.message} {error.hint[:1].upper()}{error.hint[1:]}.".strip() if error.hint else error.message


def _listed(entry: Access, table: str, declared: dict[tuple[str, str], Access]) -> GrantedAccess:
    wanted: Any = declared.get(entry_id(entry))
    whys = {
        "changed": "its statements are not those that dynasmith writes; dynasmith apply or lambda grant writes them",
        "left": f"the function is gone, or does not have the role {entry.held_by} any more",
        "": "",
    }
    plain = replace(canonical(entry), held_by="", state="")
    return GrantedAccess(
        function=known(entry.function, ""),
        role=entry.held_by,
        policy=policy_name(table),
        allowed=plain.allow,
        indexes=known(plain.indexes, ALL if isinstance(plain.leading_keys, UnsetType) else ()),
        leading_keys=known(plain.leading_keys, ()),
        declared=wanted is not None and canonical(wanted) == plain and entry.state == "",
        why=whys[entry.state],
    )
