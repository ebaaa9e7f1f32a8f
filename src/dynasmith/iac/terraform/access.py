"""What functions and roles may do with a table: one inline policy a role."""

from __future__ import annotations

from dynasmith.iac.hcl import HclBlock, HclJson
from dynasmith.iac.labels import part_label
from dynasmith.iac.role_policies import role_policies
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.tables.access_policy import policy_name


def access(subject: TerraformSubject) -> TerraformPart:
    """An `aws_iam_role_policy` for each role that is known."""
    found = role_policies(subject.table, subject.live)
    resources, imports = [], []
    for policy in found.policies:
        block = HclBlock(
            ("resource", "aws_iam_role_policy", part_label(subject.label, policy.role)),
            (
                ("name", policy_name(subject.table.name)),
                ("role", policy.role),
                ("policy", HclJson(policy.document)),
            ),
        )
        resources.append(block)
        if policy.is_there:
            imports.append(ImportBlock(to=block.address, id=f"{policy.role}:{policy_name(subject.table.name)}"))
    unsaid = tuple(subject.unsaid(f"access.{name}", why) for name, why in found.unknown)
    return TerraformPart(resources=tuple(resources), imports=tuple(imports), unsaid=unsaid)
