"""What `retire` does, as a list: what would outlive the table goes first, Region by Region, then replicas, the table.

A setting that would outlive its table says so itself (`Setting.retirement`) and gives its own calls; what is here is
what is no setting of one value: autoscaling, replicas, protection, and what stays by the service's own rules. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from dynasmith.plans.arrange import DIMENSIONS
from dynasmith.plans.capacity import scaling_of
from dynasmith.plans.change import Dimension
from dynasmith.plans.explain import step_text
from dynasmith.plans.step import (
    Call,
    CallDeleteReplica,
    CallDeregisterScaling,
    CallUpdateReplica,
    Step,
    WaitReplica,
    WaitReplicaGone,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings import SETTINGS, AnySetting
from dynasmith.tables.settings.base import RetirementPhase, WaitTable
from dynasmith.tables.settings.deletion_protection import CallProtection
from dynasmith.tables.table import Autoscaling, Consistency, Index, Table, known

Leftover = Literal["roles", "backup_vault", "backup_plan"]
"""What dynasmith made beside a table and may be used by others too; the plan goes last, since it says which."""
LEFTOVERS: Final[tuple[Leftover, ...]] = ("roles", "backup_vault", "backup_plan")
SYSTEM_BACKUP_DAYS: Final = 35
"""How long DynamoDB keeps the backup that it makes of a deleted table with point-in-time recovery (Developer Guide,
"Point-in-time recovery": deleting a table)."""
DELETING: Final = "DELETING"

StepState = Literal["planned", "done", "absent", "left"]
Part = tuple[str | None, Table | Index]


class RetirementStep(Struct, frozen=True, kw_only=True):
    """One thing that a retirement removes, or leaves: ``step`` is its name, ``what`` says it to people.

    ``state``: ``planned`` before it is done, then ``done``; ``absent`` where there is nothing to remove; ``left`` where
    it stays. ``why`` says the reason of the last two. ``calls`` are what it is made of; ``name`` is what is removed
    where it has a name of its own.
    """

    step: str
    region: str
    what: str
    state: StepState = "planned"
    why: str = ""
    calls: tuple[Step, ...] = ()
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract), with the Region and the words."""
        return {
            "step": self.step,
            "region": self.region,
            "state": self.state,
            "why": self.why or None,
            "what": self.what,
        }


def components(
    described: TableDescription, region: str, unoffered: Mapping[str, str], unread: Mapping[str, str]
) -> Iterator[RetirementStep]:
    """What goes before the table, in one Region. ``unoffered`` names the settings that the engine there does not have,
    ``unread`` those that could not be read and are left; both with the reason."""
    ordered = sorted((each for each in SETTINGS if each.retirement is not None), key=_rank)
    before = [each for each in ordered if _rank(each) < RetirementPhase.AUTOSCALING]
    for each in before:
        yield _setting(each, described, region, unoffered, unread)
    yield from _autoscaling(described, region, unoffered, unread)
    for each in ordered[len(before) :]:
        yield _setting(each, described, region, unoffered, unread)


def needed(setting: AnySetting) -> bool:
    """Whether a retirement must have read a setting."""
    return setting.retirement is not None


def _rank(setting: AnySetting) -> RetirementPhase:
    assert setting.retirement is not None
    return setting.retirement


def _setting(
    setting: AnySetting,
    described: TableDescription,
    region: str,
    unoffered: Mapping[str, str],
    unread: Mapping[str, str],
) -> RetirementStep:
    step = RetirementStep(step=_rank(setting).name.lower(), region=region, what=f"remove the {setting.label}")
    if setting.field in unread:
        return replace(step, state="left", why=unread[setting.field], what=f"the {setting.label} could not be read")
    calls = tuple(setting.retired(described.table))
    if not calls:
        return replace(step, state="absent", why=unoffered.get(setting.field, f"there is no {setting.label}"))
    texts = [step_text(call) for call in calls if isinstance(call, Call)]
    return replace(step, what="; ".join(dict.fromkeys(texts)), calls=calls)


def _autoscaling(
    described: TableDescription, region: str, unoffered: Mapping[str, str], unread: Mapping[str, str]
) -> Iterator[RetirementStep]:
    step = RetirementStep(step="autoscaling", region=region, what="end autoscaling")
    if "autoscaling" in unread:
        yield replace(step, state="left", why=unread["autoscaling"], what="autoscaling could not be read")
        return
    calls = tuple(
        CallDeregisterScaling(index=name, dimension=dimension)
        for name, part in _parts(described.table)
        for dimension in DIMENSIONS
        if scaling_of(part, dimension) or (name, dimension) in described.scaling_without_policy
    )
    others = tuple(_others(described))
    if calls:
        yield replace(step, what="; ".join(map(step_text, calls)), calls=calls)
    elif not others:
        why = unoffered.get("autoscaling", "there is no autoscaling")
        yield replace(step, state="absent", why=why)
    for name, dimension in others:
        of = f" of index {name}" if name else ""
        why = "it follows a scaling policy that dynasmith does not make"
        yield replace(step, what=f"autoscaling of {dimension}{of} stays", state="left", why=why)


def _parts(table: Table) -> tuple[Part, ...]:
    return ((None, table), *((index.name, index) for index in known(table.indexes, ())))


def _others(described: TableDescription) -> Iterator[tuple[str | None, Dimension]]:
    for name, part in _parts(described.table):
        if isinstance(part.autoscaling, Autoscaling):
            yield from ((name, each) for each in DIMENSIONS if isinstance(scaling_of(part, each), UnsetType))


# --- replicas and the table


def replica_steps(
    described: TableDescription, region: str, there: Mapping[str, TableDescription]
) -> Iterator[RetirementStep]:
    """Protection off in every Region, then each replica; with strong consistency all in one call, which the service
    wants. ``there`` are the descriptions of the replicas in their Regions; ``region`` is the table's own, which sends
    the calls. One that is being removed already is waited for."""
    replicas = known(described.table.replicas, ())
    for replica in replicas:
        live = there.get(replica.region)
        protected = live is not None and known(live.table.deletion_protection, False)
        step = RetirementStep(step="deletion_protection", region=replica.region, what="turn deletion protection off")
        if protected:
            calls: tuple[Step, ...] = (
                CallUpdateReplica(region=replica.region, deletion_protection=False),
                WaitReplica(region=replica.region),
            )
            yield replace(step, calls=calls)
        else:
            yield replace(step, state="absent", why="deletion protection is off")
    if not described.replicas:
        yield RetirementStep(
            step="replicas", region=region, what="remove replicas", state="absent", why="the table has no replicas"
        )
    removed = {replica.region for replica in replicas}
    calls_of = _removals(described)
    for state in described.replicas:
        words = "remove the replica in" if state.region in removed else "wait for the removal of the replica in"
        yield RetirementStep(
            step="replicas", region=state.region, what=f"{words} {state.region}", calls=calls_of[state.region]
        )


def removal_calls(described: TableDescription) -> tuple[Step, ...]:
    """The calls and waits that remove every replica of a table."""
    return tuple(each for calls in _removals(described).values() for each in calls)


def _removals(described: TableDescription) -> dict[str, tuple[Step, ...]]:
    """By Region. One that is being removed already is waited for."""
    first = _deletions([replica.region for replica in known(described.table.replicas, ())], described.table)
    return {
        state.region: (*first.get(state.region, ()), WaitReplicaGone(region=state.region))
        for state in described.replicas
    }


def _deletions(regions: Sequence[str], table: Table) -> dict[str, tuple[Step, ...]]:
    if not regions:
        return {}
    if table.consistency is not Consistency.STRONG:
        return {each: (CallDeleteReplica(region=each),) for each in regions}
    # A replica of a strongly consistent table goes with the other one, or with the witness (Developer Guide, "Delete an
    # MRSC global table").
    first, *others = regions
    together = CallDeleteReplica(region=first, others=tuple(others) or UNSET, witness_region=table.witness_region)
    return {first: (together,)}


def table_steps(described: TableDescription, region: str) -> Iterator[RetirementStep]:
    """Protection off, the table; and what of it DynamoDB keeps."""
    step = RetirementStep(step="deletion_protection", region=region, what="turn deletion protection off")
    if known(described.table.deletion_protection, False):
        yield replace(step, calls=(CallProtection(enabled=False), WaitTable()))
    else:
        yield replace(step, state="absent", why="deletion protection is off")
    yield RetirementStep(step="table", region=region, what="delete the table and all its items")
    if not isinstance(described.table.recovery, UnsetType) and described.table.recovery is not None:
        yield RetirementStep(
            step="system_backup",
            region=region,
            what="a system backup stays",
            state="left",
            why=f"DynamoDB keeps one of a table with point-in-time recovery for {SYSTEM_BACKUP_DAYS} days",
        )
