"""The resource policy, as the service says and takes it."""

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import ServiceError, ValidationRefused
from dynasmith.tables.description import TableDescription
from dynasmith.tables.policy import STREAM_ARN, canonical_policy, placed, same_policy
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

    def completed(self, step: CallPolicy, described: TableDescription) -> CallPolicy:
        """With the table's ARNs, which a plan of a table or stream that is still to be made could not know."""
        if step.policy is None:
            return step
        policy = placed(step.policy, described.arn, described.stream_arn)
        if STREAM_ARN in policy:
            raise ValidationRefused(
                f"The resource policy of {described.table.name} names {STREAM_ARN}, and the table has no stream.",
                hint="turn a stream on in the definition, or take it out of the policy",
                service_code="ValidationException",
                operation="dynamodb:PutResourcePolicy",
            )
        return replace(step, policy=policy)

    def is_already(self, step: CallPolicy, table: Table) -> bool:
        there = table.resource_policy
        return not isinstance(there, UnsetType) and same_policy(there, step.policy)

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
