"""Files that only their own tool can read, and the command that makes a readable form of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError

_TERRAFORM: Final = "terraform show -json > state.json; of a plan: terraform show -json plan.out > plan.json"
_SERVERLESS: Final = "serverless package, then import .serverless/cloudformation-template-update-stack.json"
_CDK: Final = "cdk synth > template.yaml, or import the template of the stack in cdk.out"
_PULUMI: Final = "dynasmith import TABLE... reads the tables where they are live"

_NAMES: Final = (
    (
        r".*\.(tf|tfvars|hcl|tf\.json|tofu)",
        "is a configuration of Terraform, which only Terraform can read",
        _TERRAFORM,
    ),
    (r".*\.tfplan", "is a binary plan of Terraform", "terraform show -json FILE > plan.json"),
    (r".*\.tfstate(\.backup)?", "is Terraform's own state file", _TERRAFORM),
    (r"serverless\.(ts|js|mjs|cjs)", "is a configuration of serverless, which only serverless can read", _SERVERLESS),
    (r"(.*/)?Pulumi\..*", "is a project of Pulumi", _PULUMI),
    (r".*\.bicep", "is a template of Azure, which has no tables of DynamoDB", "name a file of another form"),
    (r"samconfig\.(toml|ya?ml)", "is the configuration of the SAM command line", "import template.yaml instead"),
)


def refuse_raw_name(name: str) -> None:
    """Raise UsageError for a file whose name says that only its own tool reads it."""
    base = name.replace("\\", "/").rpartition("/")[2]
    for pattern, what, hint in _NAMES:
        if re.fullmatch(pattern, base, re.IGNORECASE):
            raise UsageError(f"{name} {what}.", hint=hint)


def refuse_raw_document(document: Any, name: str) -> None:
    """Raise UsageError for a document that only its own tool can resolve."""
    if not isinstance(document, Mapping):
        return
    for test, what, hint in _DOCUMENTS:
        if test(document):
            raise UsageError(f"{name} {what}.", hint=hint)


def _is_serverless(document: Mapping[str, Any]) -> bool:
    return "service" in document and ("provider" in document or "functions" in document)


def _is_cdk(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("app"), str) and ("context" in document or "watch" in document or len(document) < 4)


def _is_cdk_manifest(document: Mapping[str, Any]) -> bool:
    return "artifacts" in document and "version" in document


def _is_pulumi(document: Mapping[str, Any]) -> bool:
    return "deployment" in document or ("runtime" in document and "resources" in document)


def _is_state_file(document: Mapping[str, Any]) -> bool:
    return "lineage" in document and "resources" in document


def _is_configuration(document: Mapping[str, Any]) -> bool:
    resource = document.get("resource")
    return isinstance(resource, Mapping) and "aws_dynamodb_table" in resource


_DOCUMENTS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], str, str], ...]] = (
    (_is_serverless, "is a configuration of serverless, whose variables only serverless resolves", _SERVERLESS),
    (_is_cdk, "is the configuration of a CDK app", _CDK),
    (_is_cdk_manifest, "is the manifest of a CDK app", _CDK),
    (_is_pulumi, "is of Pulumi, which dynasmith does not read", _PULUMI),
    (_is_state_file, "is Terraform's own state file", _TERRAFORM),
    (_is_configuration, "is a configuration of Terraform, which only Terraform can read", _TERRAFORM),
)
