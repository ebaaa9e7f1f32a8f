"""Autoscaling as Application Auto Scaling describes it: targets and policies, read in batches over tables.

Targets of many tables fit one call (50 resource ids), policies are asked for one resource each and only where there
is a target. So a hundred tables without autoscaling cost two or three calls.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import UNSET, Struct, UnsetType

from dynasmith.plans.change import Dimension
from dynasmith.tables.scaling_names import resource_id, scalable_dimension
from dynasmith.tables.table import Autoscaling, Scaling

SERVICE = "application-autoscaling"
RESOURCES_A_CALL = 50
"""Resource ids in one DescribeScalableTargets; also the most results of one page (API reference, MaxResults)."""

COOLDOWN_DEFAULT_SECONDS = 0
"""What a policy without a cooldown has (Application Auto Scaling User Guide, Define cooldown periods: DynamoDB 0)."""

Target = Mapping[str, Any]
Policy = Mapping[str, Any]


class ServiceCaller(Protocol):
    """`Session.call`, as this file uses it."""

    def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parsed reply of one call. Raises an error of ``dynasmith.errors``."""
        ...


class Scalings(Struct, frozen=True, kw_only=True):
    """The autoscaling of one table and of each of its indexes, and what of it dynasmith does not manage."""

    table: Autoscaling
    indexes: dict[str, Autoscaling]
    notices: tuple[str, ...] = ()
    idle: tuple[tuple[str | None, Dimension], ...] = ()


def read_scalings(session: ServiceCaller, targets: "TargetReader", table: str, indexes: Sequence[str]) -> Scalings:
    """Autoscaling of a table and of those indexes. One call for the targets, shared with other tables that are read
    at the same time, and one for the policies of each resource that has targets."""
    resources = {resource_id(table): None, **{resource_id(table, name): name for name in indexes}}
    found = targets.read(list(resources))
    policies: list[Policy] = []
    for resource in sorted({str(target["ResourceId"]) for target in found}):
        policies += read_policies(session, resource)
    notices: list[str] = []
    idle: list[tuple[str | None, Dimension]] = []
    read = {name: _autoscaling(resource, name, found, policies, notices, idle) for resource, name in resources.items()}
    return Scalings(
        table=read[None],
        indexes={name: scaling for name, scaling in read.items() if name is not None},
        notices=tuple(notices),
        idle=tuple(idle),
    )


def read_policies(session: ServiceCaller, resource: str) -> list[Policy]:
    """Every scaling policy of one resource, all pages."""
    return _pages(session, "DescribeScalingPolicies", "ScalingPolicies", {"ResourceId": resource})


def tracks_usage(policy: Policy, dimension: Dimension) -> bool:
    """Whether a policy is what dynasmith makes: target tracking of the dimension's own utilization."""
    what = "Read" if dimension == "read" else "Write"
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = (tracking.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
    return policy.get("PolicyType") == "TargetTrackingScaling" and metric == f"DynamoDB{what}CapacityUtilization"


def _autoscaling(
    resource: str,
    index: str | None,
    targets: Sequence[Target],
    policies: Sequence[Policy],
    notices: list[str],
    idle: list[tuple[str | None, Dimension]],
) -> Autoscaling:
    read, write = (
        _scaling(resource, index, dimension, targets, policies, notices, idle) for dimension in ("read", "write")
    )
    return Autoscaling(read=read, write=write)


def _scaling(
    resource: str,
    index: str | None,
    dimension: Dimension,
    targets: Sequence[Target],
    policies: Sequence[Policy],
    notices: list[str],
    idle: list[tuple[str | None, Dimension]],
) -> Scaling | UnsetType | None:
    """One dimension. None without a target, and with a target that no policy moves (``idle``); UNSET where a policy of
    another kind moves it, which is left alone."""
    wanted = (resource, scalable_dimension(dimension, index))
    target = next((t for t in targets if (t["ResourceId"], t["ScalableDimension"]) == wanted), None)
    if target is None:
        return None
    what = f"autoscaling of {dimension}{f' of index {index}' if index else ''}"
    mine = [p for p in policies if (p["ResourceId"], p["ScalableDimension"]) == wanted]
    tracking = next((p for p in mine if tracks_usage(p, dimension)), None)
    if tracking is None and mine:
        notices.append(f"{what} follows policy {mine[0]['PolicyName']}, which is of another kind and is left alone")
        return UNSET
    if tracking is None:
        idle.append((index, dimension))
        return None
    configuration = tracking["TargetTrackingScalingPolicyConfiguration"]
    return Scaling(
        min=int(target["MinCapacity"]),
        max=int(target["MaxCapacity"]),
        target=float(configuration["TargetValue"]),
        scale_in_cooldown_seconds=int(configuration.get("ScaleInCooldown", COOLDOWN_DEFAULT_SECONDS)),
        scale_out_cooldown_seconds=int(configuration.get("ScaleOutCooldown", COOLDOWN_DEFAULT_SECONDS)),
        disable_scale_in=True if configuration.get("DisableScaleIn") else UNSET,
    )


def _pages(session: ServiceCaller, operation: str, key: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    asked = {"ServiceNamespace": "dynamodb", **parameters}
    while True:
        answer = session.call(SERVICE, operation, asked)
        found += answer.get(key) or []
        token = answer.get("NextToken")
        if not token:
            return found
        asked = {**asked, "NextToken": token}


class TargetReader:
    """Scalable targets of resources: what several threads ask for at once goes out together.

    A thread that finds a call under way waits for the next one, which takes everything that was asked for meanwhile;
    so what is returned was always read after it was asked for. One call at a time.
    """

    def __init__(self, session: ServiceCaller) -> None:
        self._session = session
        self._turn = threading.Condition()
        self._asked: set[str] = set()
        self._reading = False
        self._round = 0
        self._answers: dict[int, list[Target] | Exception] = {}
        self._waiting: dict[int, int] = {}

    def read(self, resources: Sequence[str]) -> list[Target]:
        """The targets of those resources. Raises what the call raised, in each thread that waited for it."""
        with self._turn:
            self._asked.update(resources)
            mine = self._round
            self._waiting[mine] = self._waiting.get(mine, 0) + 1
            while mine not in self._answers and (self._reading or self._round != mine):
                self._turn.wait()
            if mine in self._answers:
                return self._taken(mine, resources)
            asked, self._asked = sorted(self._asked), set()
            self._reading = True
            self._round += 1
        answer = self._read_all(asked)
        with self._turn:
            self._reading = False
            self._answers[mine] = answer
            self._turn.notify_all()
            return self._taken(mine, resources)

    def _taken(self, turn: int, resources: Iterable[str]) -> list[Target]:
        answer = self._answers[turn]
        self._waiting[turn] -= 1
        if not self._waiting[turn]:
            del self._answers[turn], self._waiting[turn]
        if isinstance(answer, Exception):
            raise answer
        wanted = set(resources)
        return [target for target in answer if target["ResourceId"] in wanted]

    def _read_all(self, resources: Sequence[str]) -> list[Target] | Exception:
        found: list[Target] = []
        try:
            for start in range(0, len(resources), RESOURCES_A_CALL):
                ids = list(resources[start : start + RESOURCES_A_CALL])
                found += _pages(self._session, "DescribeScalableTargets", "ScalableTargets", {"ResourceIds": ids})
        except Exception as error:  # carried to every thread that waits for this call
            return error
        return found
