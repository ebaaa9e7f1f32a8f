"""What Application Auto Scaling asks of DynamoDB: whether the target of a registration is there."""

from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule

RULES: list[StrictRule] = []
REGISTER, DEREGISTER = "RegisterScalableTarget", "DeregisterScalableTarget"
TAGS_MAX = 50  # Application Auto Scaling API reference, API_TagResource.html


def resource_of(body: Any) -> tuple[str, str]:
    """(table, index) of a ResourceId, index "" for the table itself; ("", "") for what is no DynamoDB target."""
    if not isinstance(body, dict) or body.get("ServiceNamespace") != "dynamodb":
        return "", ""
    parts = str(body.get("ResourceId", "")).split("/")
    if parts[0] != "table" or len(parts) not in {2, 4}:
        return "", ""
    return parts[1], parts[3] if len(parts) == 4 else ""


@rule(
    RULES,
    "scaling-target-exists",
    REGISTER,
    refuses="registering a table or an index for autoscaling that is not there, or an index that is not ACTIVE",
    source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html; the "
    "message is our reading",
    certainty="assumed",
)
def _exists(ask: JudgedRequest) -> Refusal | None:
    table, index = resource_of(ask.body)
    if not table:
        return None
    if ask.table is None or ask.table.status == "DELETING":
        return invalid(f"DynamoDB table does not exist: table/{table}")
    if index and (index not in ask.table.gsis or ask.table.gsis[index].status != "ACTIVE"):
        return invalid(f"DynamoDB index does not exist or is not active: table/{table}/index/{index}")
    return None
