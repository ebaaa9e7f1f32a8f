"""The one table of known differences: where an engine does otherwise than the service, and how.

Each is asserted: where an engine fixes itself, the contract suite fails and the entry goes. The page
``docs/reference/engines.md`` is made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["accepts", "refuses", "wrong"]
"""accepts: takes what the service refuses. refuses: an error where the service has none. wrong: another result."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How an engine differs, in words for the docs."""

    kind: Kind
    what: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a definition that an engine does not keep, and what dynasmith then says.

    ignored: the engine accepts the call and nothing changes; ``apply`` says that it had no effect. not offered: the
    engine has no such operation; ``plan`` says so, and goes on with the rest.
    """

    kind: Literal["ignored", "not offered"]


@dataclass(frozen=True, slots=True)
class Flavor:
    """An engine: its differences by the name of the behaviour, and the settings that it does not keep."""

    name: str
    version: str
    differs: Mapping[str, Difference]
    settings: Mapping[str, Setting] = field(default_factory=dict)


def _accepts(what: str) -> Difference:
    return Difference("accepts", what)


def _refuses(what: str) -> Difference:
    return Difference("refuses", what)


def _wrong(what: str) -> Difference:
    return Difference("wrong", what)


_NO_SUCH_OPERATION = _refuses("has no such operation")

MINISTACK = Flavor(
    name="ministack",
    version="1.5.33",
    differs={
        "autoscaling": _refuses("has no Application Auto Scaling; moto beside it does"),
        "consumed-capacity-of-batch-get": _wrong("does not say it"),
        "consumed-capacity-of-scan": _wrong("0.5 for every page"),
        "create-is-creating": _wrong("ACTIVE at once"),
        "export-to-s3": _wrong("COMPLETED, and nothing is written"),
        "index-is-creating": _wrong("ACTIVE at once"),
        "provisioned-needs-index-capacity": _accepts("makes the index without capacity"),
        "recovery-days": _wrong("RecoveryPeriodInDays is not described"),
        "resource-policy-denies": _accepts("the write passes"),
        "resource-policy-pause": _accepts("takes the second one"),
        "restore-needs-recovery": _accepts("restores without recovery"),
        "restore-to-a-time": _wrong("gives the items of now"),
        "stream-of-statements": _wrong("makes none"),
        "stream-twice": _accepts("enables it again"),
        "time-to-live-twice": _accepts("changes it at once"),
        "two-index-creates": _accepts("makes both"),
        "warm-throughput": _wrong("0 for a new table"),
    },
    settings={
        "autoscaling": Setting("not offered"),
        "multi_region_consistency": Setting("ignored"),
        "point_in_time_recovery.recovery_days": Setting("ignored"),
        "replicas.table_class": Setting("ignored"),
    },
)

MOTO = Flavor(
    name="moto",
    version="5.2.5",
    differs={
        "batch-of-26": _accepts("writes all 26"),
        "batch-with-duplicates": _accepts("the last one wins"),
        "consumed-capacity": _wrong("1.0 for a write, 0.5 for a read, whatever the size"),
        "consumed-capacity-of-scan": _wrong("0.5 for every page"),
        "consumed-capacity-of-statements": _wrong("does not say it"),
        "contributor-insights": _refuses("has no such operation (HTTP 500)"),
        "create-is-creating": _wrong("ACTIVE at once"),
        "encryption": _wrong("described as ENABLED after it is switched off"),
        "export-to-s3": _wrong("writes the items, and no manifest"),
        "index-delete": _wrong("the attribute definition stays"),
        "index-is-creating": _wrong("ACTIVE at once"),
        "index-key-type": _accepts("keeps the item"),
        "kinesis-destination": _refuses("has no such operation (HTTP 500)"),
        "number-canonical": _wrong("gives the text back as it came"),
        "number-of-39-digits": _accepts("keeps all digits"),
        "on-demand-maximum": _wrong("ignored"),
        "partiql": _refuses("a parameter in INSERT is an HTTP 500"),
        "partiql-batch": _wrong("a failed condition is not an error"),
        "partiql-condition": _accepts("ignores every condition but the key"),
        "partiql-duplicate": _accepts("the item that is there is replaced"),
        "partiql-remove": _refuses("HTTP 500"),
        "provisioned-needs-index-capacity": _accepts("makes the index without capacity"),
        "replicas": _wrong("ignored"),
        "resource-policy-denies": _accepts("the write passes"),
        "resource-policy-pause": _accepts("takes the second one"),
        "resource-policy-revision": _accepts("replaces it"),
        "restore-needs-recovery": _accepts("restores without recovery"),
        "restore-to-a-time": _wrong("gives the items of now"),
        "stream": _refuses("a stream that was switched off cannot be switched on again"),
        "stream-records": _wrong("a write that changes nothing makes one too"),
        "stream-twice": _wrong("ResourceInUseException"),
        "table-class": _wrong("ignored"),
        "time-to-live-twice": _accepts("changes it at once"),
        "transaction-token": _wrong("done twice"),
        "two-index-creates": _accepts("makes both"),
    },
    settings={
        "contributor_insights": Setting("not offered"),
        "multi_region_consistency": Setting("ignored"),
        "on_demand_throughput": Setting("ignored"),
        "replicas": Setting("ignored"),
        "table_class": Setting("ignored"),
    },
)

DYNALITE = Flavor(
    name="dynalite",
    version="4.0.0",
    differs={
        "autoscaling": _refuses("has no such service"),
        "backup-restore": _NO_SUCH_OPERATION,
        "condition-gives-old": _wrong("gives no item"),
        "consumed-capacity-of-statements": _NO_SUCH_OPERATION,
        "contributor-insights": _NO_SUCH_OPERATION,
        "deletion-protection": _wrong("ignored"),
        "encryption": _wrong("ignored"),
        "export-to-s3": _NO_SUCH_OPERATION,
        "identity": _refuses("has no such service"),
        "index-add": _refuses("wants the capacity of the index, though the table is on demand"),
        "index-delete": _wrong("stays DELETING on a table that is on demand"),
        "index-is-creating": _refuses("wants the capacity of the index, though the table is on demand"),
        "index-many-keys": _refuses("one partition key and one sort key at most"),
        "kinesis-destination": _refuses("has no such service"),
        "on-demand-maximum": _wrong("ignored"),
        "partiql": _NO_SUCH_OPERATION,
        "partiql-batch": _NO_SUCH_OPERATION,
        "partiql-condition": _NO_SUCH_OPERATION,
        "partiql-duplicate": _NO_SUCH_OPERATION,
        "partiql-remove": _NO_SUCH_OPERATION,
        "provisioned-needs-index-capacity": _accepts("makes the index without capacity"),
        "recovery": _NO_SUCH_OPERATION,
        "recovery-days": _NO_SUCH_OPERATION,
        "replicas": _refuses("does not know ReplicaUpdates"),
        "resource-policy": _wrong("has no such operation"),
        "resource-policy-denies": _NO_SUCH_OPERATION,
        "resource-policy-pause": _NO_SUCH_OPERATION,
        "resource-policy-revision": _wrong("has no such operation"),
        "restore-needs-recovery": _wrong("has no such operation"),
        "restore-to-a-time": _NO_SUCH_OPERATION,
        "stream": _wrong("ignored"),
        "stream-of-statements": _NO_SUCH_OPERATION,
        "stream-records": _wrong("ignored"),
        "table-class": _wrong("ignored"),
        "tags": _wrong("those given at creation are ignored"),
        "time-to-live": _NO_SUCH_OPERATION,
        "time-to-live-twice": _NO_SUCH_OPERATION,
        "transaction": _NO_SUCH_OPERATION,
        "transaction-token": _NO_SUCH_OPERATION,
        "two-index-creates": _wrong("ValidationException, for the capacity that it wants"),
        "warm-throughput": _wrong("not described"),
    },
)

FLAVORS: dict[str, Flavor] = {flavor.name: flavor for flavor in (MINISTACK, MOTO, DYNALITE)}
"""An engine that is not here (the external one) is held to the service's behaviour in all."""
