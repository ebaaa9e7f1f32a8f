"""The resource policy, as the service says and takes it."""

from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import ServiceError
from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.settings.resource_policy import CallPolicy, ResourcePolicySetting
from dynasmith.tables.table import Table


class ServiceResourcePolicy(ReadSetting[CallPolicy]):
    """PutResourcePolicy, DeleteResourcePolicy, GetResourcePolicy."""

    setting = ResourcePolicySetting()
    needs_arn = True
    read_actions = ("dynamodb:GetResourcePolicy",)
    write_actions = ("dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy")

    def request(self, table: str, arn: str, step: CallPolicy) -> ServiceRequest:
        if step.policy is None:
            return ServiceRequest(operation="DeleteResourcePolicy", parameters={"ResourceArn": arn})
        return ServiceRequest(operation="PutResourcePolicy", parameters={"ResourceArn": arn, "Policy": step.policy})

    def is_already(self, step: CallPolicy, table: Table) -> bool:
        return table.resource_policy == step.policy

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        policy: str | None
        try:
            answer = session.call(
                "dynamodb", "GetResourcePolicy", {"ResourceArn": described.arn}, table=described.table.name
            )
            policy = policy_text(answer["Policy"]) if answer.get("Policy") else None
        except ServiceError as error:
            if error.service_code != "PolicyNotFoundException":
                raise
            policy = None
        return replace(described, table=replace(described.table, resource_policy=policy))


def policy_text(text: str) -> str:
    """A policy in its canonical spelling; what is not a JSON object (an engine keeps any text) stays as it is."""
    try:
        return canonical_policy(text)
    except ValueError:
        return text
