"""What functions and roles may do with a table: one inline policy a role."""

from __future__ import annotations

from dynasmith.iac.cloudformation.part import StackPart, StackResource, StackSubject
from dynasmith.iac.labels import logical_part
from dynasmith.iac.role_policies import role_policies
from dynasmith.tables.access_policy import policy_name


def access(subject: StackSubject) -> StackPart:
    """An `AWS::IAM::RolePolicy` for each role that is known."""
    found = role_policies(subject.table, subject.live)
    resources = []
    for policy in found.policies:
        named = {"PolicyName": policy_name(subject.table.name), "RoleName": policy.role}
        resources.append(
            StackResource(
                id=logical_part(subject.logical_id, f"{policy.role} access"),
                type="AWS::IAM::RolePolicy",
                properties={**named, "PolicyDocument": policy.document},
                identifier=named if policy.is_there else {},
            )
        )
    unsaid = tuple(subject.unsaid(f"access.{name}", why) for name, why in found.unknown)
    return StackPart(resources=tuple(resources), unsaid=unsaid)
