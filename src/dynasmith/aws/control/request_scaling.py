"""Requests of Application Auto Scaling: a target is the range of one dimension, a policy is what moves it."""

from typing import Any, assert_never

from msgspec import UnsetType

from dynasmith.aws.settings.request import ServiceRequest
from dynasmith.plans.completion import TARGET_PERCENT
from dynasmith.plans.step import CallDeregisterScaling, CallRegisterScaling, CallScalingPolicy
from dynasmith.tables.scaling_names import Dimension, policy_name, resource_id, scalable_dimension
from dynasmith.tables.table import Scaling, known


def scaling_request(
    table: str, step: CallRegisterScaling | CallScalingPolicy | CallDeregisterScaling
) -> ServiceRequest:
    """The request of a step of autoscaling."""
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource_id(table, step.index),
        "ScalableDimension": scalable_dimension(step.dimension, step.index),
    }
    match step:
        case CallRegisterScaling():
            operation = "RegisterScalableTarget"
            told: dict[str, Any] = {"MinCapacity": step.scaling.min, "MaxCapacity": step.scaling.max}
        case CallScalingPolicy():
            operation = "PutScalingPolicy"
            told = {
                "PolicyName": policy_name(table, step.dimension, step.index),
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": _tracking(step.scaling, step.dimension),
            }
        case CallDeregisterScaling():
            operation, told = "DeregisterScalableTarget", {}
        case _:
            assert_never(step)
    return ServiceRequest(service="application-autoscaling", operation=operation, parameters={**target, **told})


def _tracking(scaling: Scaling, dimension: Dimension) -> dict[str, Any]:
    what = "Read" if dimension == "read" else "Write"
    told: dict[str, Any] = {
        "TargetValue": float(known(scaling.target, TARGET_PERCENT)),
        "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{what}CapacityUtilization"},
    }
    if not isinstance(scaling.scale_in_cooldown_seconds, UnsetType):
        told["ScaleInCooldown"] = scaling.scale_in_cooldown_seconds
    if not isinstance(scaling.scale_out_cooldown_seconds, UnsetType):
        told["ScaleOutCooldown"] = scaling.scale_out_cooldown_seconds
    if not isinstance(scaling.disable_scale_in, UnsetType):
        told["DisableScaleIn"] = scaling.disable_scale_in
    return told
