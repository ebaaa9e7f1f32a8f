"""Hypothesis strategies for legal tables: every setting, every combination that the rules of definitions allow."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.alarms import alarm_key
from dynasmith.tables.table import (
    Access,
    Alarm,
    AlarmKind,
    Autoscaling,
    BackupPlan,
    BackupRule,
    Billing,
    Capacity,
    Consistency,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Suppression,
    Table,
    TableClass,
    Trigger,
    Warm,
    known,
)

REGIONS = ("eu-west-1", "eu-central-1", "us-west-2", "ap-south-1")
# The attributes that keys draw from, each with one type, so that two keys never disagree.
ATTRIBUTES = tuple(KeyAttribute(name=f"a{number}", type="SNB"[number % 3]) for number in range(12))  # type: ignore[arg-type]

table_names = st.from_regex(r"[a-zA-Z0-9_.-]{3,30}", fullmatch=True)
units = st.integers(1, 1000)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
maybe_empty_texts = st.text(st.characters(codec="utf-8"), max_size=30)


def unset_or(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Not mentioned, or a value."""
    return st.just(UNSET) | strategy


def unset_off_or(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Not mentioned, said to be off, or a value."""
    return st.just(UNSET) | st.none() | strategy


# Strategies are made once: one that is made while another draws is validated anew with every draw.
_more = st.integers(0, 1000)
_targets = st.integers(20, 90).map(float) | st.floats(20, 90)
_cooldowns = unset_or(st.integers(0, 600))


@st.composite
def _scalings(draw: st.DrawFn) -> Scaling:
    """Target tracking with bounds in order."""
    least = draw(units)
    return Scaling(
        min=least,
        max=least + draw(_more),
        target=draw(_targets),
        scale_in_cooldown_seconds=draw(_cooldowns),
        scale_out_cooldown_seconds=draw(_cooldowns),
    )


_scaling = _scalings()
_warm = unset_or(st.builds(Warm, read=unset_or(units), write=unset_or(units)))
_bound = st.none() | units
_maximum = unset_or(st.builds(OnDemandMaximum, read=_bound, write=_bound))
_scaling_off = unset_or(st.just(Autoscaling(read=None, write=None)))
_any_scaling = unset_or(st.builds(Autoscaling, read=unset_off_or(_scaling), write=unset_off_or(_scaling)))
_scaled_writes = st.builds(Autoscaling, read=unset_off_or(_scaling), write=_scaling)
_capacities = st.builds(Capacity, read=units, write=units)
_maybe_capacities = unset_or(_capacities)


@st.composite
def throughputs(draw: st.DrawFn, billing: Any, *, scaled_writes: bool = False) -> dict[str, Any]:
    """capacity, on_demand_maximum, warm and autoscaling of a table or index, legal for that billing."""
    warm = draw(_warm)
    if billing is not Billing.PROVISIONED:
        return {"on_demand_maximum": draw(_maximum), "warm": warm, "autoscaling": draw(_scaling_off)}
    autoscaling = draw(_scaled_writes if scaled_writes else _any_scaling)
    whole = isinstance(autoscaling, Autoscaling) and all(
        isinstance(side, Scaling) for side in (autoscaling.read, autoscaling.write)
    )
    capacity = draw(_maybe_capacities if whole else _capacities)
    return {"capacity": capacity, "warm": warm, "autoscaling": autoscaling}


_throughputs = {
    (billing, scaled): throughputs(billing, scaled_writes=scaled)
    for billing in (UNSET, *Billing)
    for scaled in (False, True)
}
_kinds = st.sampled_from(ProjectionKind)
_booleans = st.booleans()
_permutations = st.permutations(ATTRIBUTES)
_first, _second = st.sampled_from((1, 1, 1, 2, 4)), st.sampled_from((0, 0, 1, 2, 4))


@st.composite
def projections(draw: st.DrawFn, keys: frozenset[str]) -> Projection:
    """A projection that names no key attribute."""
    kind = draw(_kinds)
    if kind is not ProjectionKind.INCLUDE:
        return Projection(kind=kind)
    free = st.sampled_from([name for name in ("total", "note", "x y", "a0", "a1", "größe") if name not in keys])
    return Projection(kind=kind, attributes=tuple(sorted(draw(st.sets(free, min_size=1, max_size=4)))))


@st.composite
def indexes(draw: st.DrawFn, own: Key, billing: Any, *, scaled_writes: bool, names: list[str]) -> Any:
    """Global indexes with one to four partition and up to four sort attributes, or not mentioned."""
    if draw(_booleans):
        return UNSET
    made = []
    for name in names:
        key = draw(_permutations)
        first, second = draw(_first), draw(_second)
        chosen = Key(partition=tuple(key[:first]), sort=tuple(key[first : first + second]))
        projection = draw(projections(frozenset((*own.names, *chosen.names))))
        settings = draw(_throughputs[billing, scaled_writes])
        made.append(Index(name=name, key=chosen, projection=projection, **settings))
    return tuple(made)


@st.composite
def local_indexes(draw: st.DrawFn, own: Key, names: list[str]) -> Any:
    """Local indexes, where the table has a sort key; or not mentioned."""
    if not own.sort or draw(_booleans):
        return UNSET
    others = [attribute for attribute in ATTRIBUTES if attribute.name not in own.names]
    made = []
    for name in names:
        key = Key(partition=own.partition, sort=(draw(st.sampled_from(others)),))
        projection = draw(projections(frozenset((*own.names, *key.names))))
        made.append(LocalIndex(name=name, key=key, projection=projection))
    return tuple(made)


keys = st.builds(
    lambda order, sorted_: Key(partition=(order[0],), sort=(order[1],) if sorted_ else ()),
    st.permutations(ATTRIBUTES),
    st.booleans(),
)
tags = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
        lambda name: not name.lower().startswith("aws:")
    ),
    maybe_empty_texts,
    max_size=4,
)
encryptions = st.builds(Encryption, kind=st.sampled_from((EncryptionKind.AWS_OWNED, EncryptionKind.AWS_MANAGED))) | (
    st.builds(Encryption, kind=st.just(EncryptionKind.CUSTOMER), key=st.just("alias/orders"))
)
policies = st.builds(
    lambda sid: json.dumps(
        {"Statement": [{"Effect": "Deny", "Principal": "*", "Sid": sid}], "Version": "2012-10-17"},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ),
    texts,
)
triggers = st.builds(
    Trigger,
    function=st.sampled_from(("f1", "f2")),
    batch_size=st.integers(1, 1000),
    starting_position=st.sampled_from(("LATEST", "TRIM_HORIZON")),
    enabled=st.booleans(),
    filters=unset_or(st.just(('{"eventName":["INSERT"]}',))),
)
_allowed = st.lists(st.sampled_from(("read", "write", "describe", "dynamodb:GetItem")), min_size=1, max_size=2).map(
    tuple
)
accesses = st.builds(
    Access,
    function=st.sampled_from(("f1", "f2")),
    allow=_allowed,
    indexes=unset_or(st.sampled_from(("all", (), ("one of the table's",)))),
) | st.builds(Access, role=st.sampled_from(("app", "team-app")), allow=_allowed)
backup_rules = st.builds(
    BackupRule,
    name=st.sampled_from(("daily", "weekly")),
    schedule=st.just("cron(0 2 * * ? *)"),
    keep_days=st.none() | st.integers(130, 400),
    cold_storage_after_days=st.none() | st.integers(1, 40),
    start_window_minutes=unset_or(st.sampled_from((60, 480))),
    completion_window_minutes=unset_or(st.sampled_from((600, 10_080))),
)
backup_plans = st.builds(
    BackupPlan,
    rules=st.lists(backup_rules, min_size=1, max_size=2, unique_by=lambda rule: rule.name).map(tuple),
    vault=unset_or(st.sampled_from(("safe", "other-safe"))),
    role=unset_or(st.just("arn:aws:iam::123456789012:role/backups")),
)


alarms = st.builds(
    lambda minutes, more, **rest: Alarm(minutes=minutes, of_minutes=minutes + more, **rest),
    kind=st.sampled_from((AlarmKind.WRITE_THROTTLED, AlarmKind.READ_THROTTLED)),
    minutes=st.integers(1, 30),
    more=st.integers(0, 9),
    threshold=st.sampled_from((0.0, 10.0, 0.5)),
    notify=unset_or(st.just(("arn:aws:sns:us-east-1:123456789012:oncall",))),
    name=unset_or(st.just("team-alarm")),
)


_streams = unset_off_or(st.sampled_from(StreamView))
_expiries = unset_off_or(st.just("expires_at"))
_shapes = st.sampled_from(("none", "none", "empty", "eventual", "strong", "witness"))
_counts = st.integers(1, 3)
_flags = unset_or(st.booleans())
_classes = unset_or(st.sampled_from(TableClass))
_replica_tags = unset_or(st.sampled_from(({}, {"env": "prod"}, {"env": "", "team": "a"})))
_eventual = unset_or(st.just(Consistency.EVENTUAL))
_unset_or_off = st.just(UNSET) | st.none()


@st.composite
def replica_settings(draw: st.DrawFn, local: Any) -> dict[str, Any]:
    """replicas, consistency, witness_region and what they demand of stream and time to live."""
    stream = draw(_streams)
    expiry = draw(_expiries)
    shape = draw(_shapes)
    if shape in ("none", "empty") or (shape in ("strong", "witness") and local is not UNSET):
        some = () if shape == "empty" else UNSET
        return {"replicas": some, "stream": stream, "time_to_live": expiry}
    number = {"eventual": draw(_counts), "strong": 2, "witness": 1}[shape]
    replicas = tuple(
        Replica(
            region=region,
            recovery=draw(_flags),
            deletion_protection=draw(_flags),
            table_class=draw(_classes),
            tags=draw(_replica_tags),
        )
        for region in REGIONS[:number]
    )
    if shape == "eventual":
        consistency = draw(_eventual)
        both = StreamView.NEW_AND_OLD_IMAGES
        return {"replicas": replicas, "consistency": consistency, "stream": both, "time_to_live": expiry}
    strong = {"replicas": replicas, "consistency": Consistency.STRONG, "stream": stream}
    strong["time_to_live"] = draw(_unset_or_off)
    return strong | ({"witness_region": REGIONS[3]} if shape == "witness" else {})


def _item(key: Key, number: int) -> dict[str, Any]:
    values: dict[str, Any] = {"S": {"S": f"k{number}"}, "N": {"N": str(number)}, "B": {"B": "a2V5"}}
    return {attribute.name: values[attribute.type] for attribute in key} | {"note": {"S": "${x} $${y}"}}


_billings = unset_or(st.sampled_from(Billing))
_orders = st.permutations(range(6))
_few = st.integers(0, 3)
_no_triggers = unset_or(st.just(()))
_triggers = unset_or(st.lists(triggers, max_size=2, unique_by=lambda trigger: trigger.function).map(tuple))
_settings = st.fixed_dictionaries(
    {
        "recovery": unset_off_or(st.builds(Recovery, days=unset_or(st.integers(1, 35)))),
        "encryption": unset_or(encryptions),
        "table_class": _classes,
        "deletion_protection": _flags,
        "tags": unset_or(tags),
        "contributor_insights": _flags,
        "kinesis_stream": unset_off_or(st.just("arn:aws:kinesis:eu-west-1:123456789012:stream/changes")),
        "resource_policy": unset_off_or(policies),
        "description": unset_or(maybe_empty_texts),
        "personal": unset_or(st.lists(st.sampled_from(("email", "address.street", '"a.b"')), max_size=2).map(tuple)),
        "access_patterns": unset_or(st.lists(texts, max_size=2).map(tuple)),
        "suppress": unset_or(st.just((Suppression(code="DS012", reason="no personal data"),))),
        "access": unset_or(
            st.lists(accesses, max_size=2, unique_by=lambda each: (each.function, each.role)).map(tuple)
        ),
        "backup_plan": unset_off_or(backup_plans),
        "alarms": unset_or(st.lists(alarms, max_size=3, unique_by=alarm_key).map(tuple)),
    }
)


@st.composite
def tables(draw: st.DrawFn, name: str | None = None, key: Key | None = None) -> Table:
    """A legal table with any of its settings; ``name`` and ``key`` where they are given."""
    own = key or draw(keys)
    billing = draw(_billings)
    numbers = draw(_orders)
    names = [f"by_{number}" for number in numbers]
    local = draw(local_indexes(own, names[:2]))
    around = draw(replica_settings(local))
    scaled = bool(around["replicas"]) and around["replicas"] is not UNSET
    stream_on = isinstance(around["stream"], StreamView)
    count = draw(_few)
    table = Table(
        name=name or draw(table_names),
        key=own,
        billing=billing,
        **draw(_throughputs[billing, scaled]),
        indexes=draw(indexes(own, billing, scaled_writes=scaled, names=names[2 : 2 + count])),
        local_indexes=local,
        items=(_item(own, 1),) if draw(_booleans) else UNSET,
        triggers=draw(_triggers if stream_on else _no_triggers),
        **draw(_settings),
        **around,
    )
    return _with_own_indexes(table)


def _with_own_indexes(table: Table) -> Table:
    """Access to indexes by name is to one that the table has."""
    if table.access is UNSET:
        return table
    names = [index.name for index in known(table.indexes, ())] + [
        index.name for index in known(table.local_indexes, ())
    ]
    entries = (
        replace(entry, indexes=tuple(names[:1])) if entry.indexes and isinstance(entry.indexes, tuple) else entry
        for entry in table.access
    )
    return replace(table, access=tuple(entries))


_orders_tables = tables(name="orders")


@st.composite
def table_pairs(draw: st.DrawFn) -> tuple[Table, Table]:
    """(desired, current) of one name and one table key; the current one mentions every index list.

    Local indexes are those of the current table, or not mentioned: anything else is a replacement.
    """
    current = draw(_orders_tables)
    desired = draw(tables(name="orders", key=current.key))
    strong = desired.consistency is Consistency.STRONG
    local = UNSET if strong else draw(st.sampled_from((UNSET, current.local_indexes)))
    taken = {index.name for index in current.local_indexes} if current.local_indexes is not UNSET else set()
    if desired.indexes is not UNSET:
        free = tuple(index for index in desired.indexes if index.name not in taken)
        desired = replace(desired, indexes=free)
    return _with_own_indexes(replace(desired, local_indexes=local)), current
