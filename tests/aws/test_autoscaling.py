"""What many threads ask for at once goes out together, is read after it was asked for, and fails for all of them."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec import UNSET

from dynasmith.aws.control.autoscaling import RESOURCES_A_CALL, TargetReader, read_scalings
from dynasmith.errors import AccessDenied
from dynasmith.tables.table import Autoscaling, Scaling


class Service:
    """Answers as Application Auto Scaling does for known targets and policies; the first call waits to be let go."""

    def __init__(self, resources: int = 0, *, gate: threading.Event | None = None) -> None:
        self.calls: list[list[str]] = []
        self.policies: list[dict[str, Any]] = []
        self.targets = [target(f"table/t{number}") for number in range(resources)]
        self.gate = gate
        self.entered = threading.Event()

    def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        assert (service, parameters["ServiceNamespace"]) == ("application-autoscaling", "dynamodb")
        if operation == "DescribeScalingPolicies":
            return {"ScalingPolicies": [p for p in self.policies if p["ResourceId"] == parameters["ResourceId"]]}
        self.calls.append(list(parameters["ResourceIds"]))
        self.entered.set()
        if self.gate is not None and len(self.calls) == 1:
            self.gate.wait()
        found = [t for t in self.targets if t["ResourceId"] in parameters["ResourceIds"]]
        if "NextToken" not in parameters and len(found) > 1:
            return {"ScalableTargets": found[:1], "NextToken": "more"}
        return {"ScalableTargets": found[1:] if "NextToken" in parameters else found}


def target(resource: str, dimension: str = "dynamodb:table:ReadCapacityUnits") -> dict[str, Any]:
    """A scalable target as it is described."""
    return {"ResourceId": resource, "ScalableDimension": dimension, "MinCapacity": 1, "MaxCapacity": 9}


def policy(resource: str, **more: Any) -> dict[str, Any]:
    """A target-tracking policy as it is described."""
    return {
        "PolicyName": "p",
        "ResourceId": resource,
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 55.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
        **more,
    }


def test_a_hundred_tables_at_once_take_few_calls() -> None:
    """While the first call is under way the other ninety-nine gather; they go out in calls of fifty."""
    gate = threading.Event()
    service = Service(100, gate=gate)
    reader = TargetReader(service)
    with ThreadPoolExecutor(max_workers=100) as pool:
        first = pool.submit(reader.read, ["table/t0"])
        service.entered.wait()
        others = [pool.submit(reader.read, [f"table/t{number}"]) for number in range(1, 100)]
        while len(reader._asked) < 99:
            time.sleep(0)  # lets the other threads ask
        gate.set()
        answers = [first.result(), *(other.result() for other in others)]
    assert [[found["ResourceId"] for found in answer] for answer in answers] == [[f"table/t{n}"] for n in range(100)]
    assert {len(call) for call in service.calls} == {1, RESOURCES_A_CALL, 49}
    assert len(service.calls) == 5, "one, and two calls of two pages each"


def test_what_is_asked_for_is_read_after_it_was_asked_for() -> None:
    """A table that gets its target while a call is under way is seen by the one who asks then."""
    gate = threading.Event()
    service = Service(gate=gate)
    reader = TargetReader(service)
    with ThreadPoolExecutor(max_workers=2) as pool:
        before = pool.submit(reader.read, ["table/t0"])
        service.entered.wait()
        later = pool.submit(reader.read, ["table/t1"])
        service.targets.append(target("table/t1"))
        gate.set()
        assert (before.result(), len(later.result())) == ([], 1)


def test_a_failure_reaches_everyone_who_asked_and_the_next_call_is_new() -> None:
    class Denying(Service):
        def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
            super().call(service, operation, parameters)
            if len(self.calls) < 3:
                raise AccessDenied("no", action="application-autoscaling:DescribeScalableTargets")
            return {"ScalableTargets": []}

    reader = TargetReader(Denying())
    for _ in range(2):
        with pytest.raises(AccessDenied):
            reader.read(["table/a"])
    assert reader.read(["table/a"]) == []


def test_a_policy_of_another_kind_is_left_alone() -> None:
    service = Service(1)
    service.policies = [policy("table/t0", PolicyType="StepScaling", TargetTrackingScalingPolicyConfiguration=None)]
    read = read_scalings(service, TargetReader(service), "t0", [])
    assert read.table == Autoscaling(read=UNSET, write=None)
    assert "policy p, which is of another kind" in read.notices[0]


def test_a_target_without_policy_scales_nothing() -> None:
    service = Service(1)
    read = read_scalings(service, TargetReader(service), "t0", ["by_x"])
    assert read.table == read.indexes["by_x"] == Autoscaling(read=None, write=None)
    assert read.idle == ((None, "read"),)


def test_cooldowns_that_are_not_said_are_those_of_the_service() -> None:
    service = Service(1)
    service.policies = [policy("table/t0")]
    read = read_scalings(service, TargetReader(service), "t0", [])
    wanted = Scaling(min=1, max=9, target=55.0, scale_in_cooldown_seconds=0, scale_out_cooldown_seconds=0)
    assert read.table == Autoscaling(read=wanted, write=None)
    assert read.notices == ()
