"""Templates of CloudFormation, what CDK synthesizes, SAM, and packaged serverless: their tables as definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables, UnresolvedValue
from dynasmith.iac.readers.service_shape import READ, document_of_shape
from dynasmith.iac.readers.template_values import TemplateValues

TABLE, GLOBAL, SIMPLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable"
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
_TRANSFORMS: Final = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23")
_OWN_REGION: Final = frozenset(
    (
        *("PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "TableClass", "Tags"),
        *("ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy"),
    )
)
"""What a global table says of the Region of its stack in the replica of that Region."""


def is_template(document: Any) -> bool:
    """Whether a document looks like a template."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    return isinstance(resources, Mapping) and all(isinstance(each, Mapping) for each in resources.values())


def template_tables(
    template: Mapping[str, Any], source: str, parameters: Mapping[str, str], names: Mapping[str, str]
) -> ForeignTables:
    """The tables of a template. ``parameters`` resolve parameters and references by their names, ``names`` name tables
    by their logical ids. Raises UsageError for a template that only CloudFormation can process."""
    transforms = template.get("Transform") or ()
    for each in [transforms] if isinstance(transforms, str | Mapping) else transforms:
        if each not in _TRANSFORMS:
            raise UsageError(
                f"{source} uses the macro {each if isinstance(each, str) else each.get('Name')}, which only "
                "CloudFormation can run.",
                hint="import the template as CloudFormation processed it: aws cloudformation get-template "
                "--template-stage Processed",
            )
    return _Reading(template, source, parameters, names).tables()


class _Reading:
    def __init__(
        self, template: Mapping[str, Any], source: str, parameters: Mapping[str, str], names: Mapping[str, str]
    ) -> None:
        self._resources: Mapping[str, Any] = template["Resources"]
        self._source = source
        self._values = TemplateValues(template, parameters, names)
        self._notes: list[str] = []
        self._region = parameters.get("AWS::Region", "")

    def tables(self) -> ForeignTables:
        """All tables; those whose name or key is unknown are left out, and their references are named."""
        documents: dict[str, Document] = {}
        for logical_id, resource in self._wanted((TABLE, GLOBAL, SIMPLE)):
            document = self._table(logical_id, resource)
            if document is None:
                continue
            if (name := document["name"]) in {each["name"] for each in documents.values()}:
                raise UsageError(f"{self._source} has two tables of the name {name}.", hint="--table LOGICALID=NAME")
            documents[logical_id] = document
        self._scaled(documents)
        for logical_id, resource in self._resources.items():
            kind = str(resource.get("Type"))
            if kind.startswith("AWS::DynamoDB::") and kind not in (TABLE, GLOBAL):
                self._notes.append(f"{logical_id} is a {kind}, which is not read.")
        return ForeignTables(
            documents=tuple(documents.values()), unresolved=tuple(self._values.unresolved), notes=tuple(self._notes)
        )

    def _wanted(self, kinds: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for logical_id, resource in self._resources.items():
            if resource.get("Type") not in kinds:
                continue
            condition = resource.get("Condition")
            holds = True if condition is None else self._values.holds(condition)
            if holds:
                yield logical_id, resource
            else:
                why = "is unknown" if holds is None else "is not met"
                self._notes.append(f"{logical_id} is left out: its condition {condition} {why}.")

    def _table(self, logical_id: str, resource: Mapping[str, Any]) -> Document | None:
        path = f"Resources.{logical_id}.Properties"
        written = {name: each for name, each in (resource.get("Properties") or {}).items() if name != "TableName"}
        shape = self._values.properties(written, path)
        name = self._values.table_name(logical_id)
        if name is None:
            missing = UnresolvedValue(
                path=f"{path}.TableName", reference="CloudFormation makes a name", hint=f"--table {logical_id}=NAME"
            )
            if not any(each.path == missing.path for each in self._values.unresolved):
                self._values.unresolved.append(missing)
            return None
        shape["TableName"] = name
        if resource["Type"] == SIMPLE:
            shape = _simple(shape)
        if resource["Type"] == GLOBAL:
            shape = self._global(logical_id, shape)
        if not _is_whole(shape, written):
            self._notes.append(f"{logical_id} is left out: a part of its key is unknown.")
            return None
        self._notes += [f"{name}: {each} is not in this definition." for each in sorted(shape.keys() - READ)]
        return document_of_shape(shape)

    # --- global tables

    def _global(self, logical_id: str, shape: dict[str, Any]) -> dict[str, Any]:
        replicas = list(shape.pop("Replicas", ()))
        own = self._own_replica(logical_id, replicas)
        if own is not None:
            replicas.remove(own)
            shape |= {name: own[name] for name in _OWN_REGION if name in own}
            key = (own.get("SSESpecification") or {}).get("KMSMasterKeyId")
            if key is not None and "SSESpecification" in shape:
                shape["SSESpecification"] = {**shape["SSESpecification"], "KMSMasterKeyId": key}
        if replicas:
            shape["Replicas"] = replicas
        shape.setdefault("BillingMode", "PROVISIONED")
        for part in (shape, *shape.get("GlobalSecondaryIndexes", ())):
            _settings_of_global(part, provisioned=shape["BillingMode"] == "PROVISIONED")
        return shape

    def _own_replica(self, logical_id: str, replicas: list[dict[str, Any]]) -> dict[str, Any] | None:
        if len(replicas) == 1:
            return replicas[0]
        own = next((each for each in replicas if each.get("Region") == self._region), None)
        if own is None:
            self._values.unresolved.append(
                UnresolvedValue(
                    path=f"Resources.{logical_id}.Properties.Replicas",
                    reference="AWS::Region",
                    hint="--param AWS::Region=REGION says which replica is the table itself",
                )
            )
        return own

    # --- autoscaling

    def _scaled(self, documents: dict[str, Document]) -> None:
        by_name = {document["name"]: document for document in documents.values()}
        targets: dict[str, tuple[Document, str]] = {}
        for logical_id, resource in self._wanted((TARGET,)):
            said = self._values.properties(resource.get("Properties") or {}, f"Resources.{logical_id}.Properties")
            if said.get("ServiceNamespace") != "dynamodb" or not isinstance(said.get("ResourceId"), str):
                continue
            parts = said["ResourceId"].split("/")
            document = by_name.get(parts[1]) if len(parts) > 1 else None
            owner = _part(document, parts)
            if owner is None:
                self._notes.append(f"{logical_id} scales {said['ResourceId']}, which is not a table of this template.")
                continue
            dimension = "read" if "Read" in str(said.get("ScalableDimension")) else "write"
            scaling = owner.setdefault("autoscaling", {})
            scaling[dimension] = {"min": int(said["MinCapacity"]), "max": int(said["MaxCapacity"])}
            targets[logical_id] = (owner, dimension)
        for logical_id, resource in self._wanted((POLICY,)):
            raw = resource.get("Properties") or {}
            reference = (
                (raw.get("ScalingTargetId") or {}).get("Ref") if isinstance(raw.get("ScalingTargetId"), dict) else None
            )
            if reference not in targets:
                continue
            owner, dimension = targets[reference]
            path = f"Resources.{logical_id}.Properties.TargetTrackingScalingPolicyConfiguration"
            said = self._values.properties(raw.get("TargetTrackingScalingPolicyConfiguration") or {}, path)
            owner["autoscaling"][dimension] |= _tracking(said)


def _is_whole(shape: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """Whether nothing of the table's key is unknown."""
    if "KeySchema" not in shape or "AttributeDefinitions" not in shape:
        return False
    return all(
        not isinstance(written.get(name), list) or len(shape[name]) == len(written[name])
        for name in ("KeySchema", "AttributeDefinitions")
    )


def _simple(shape: dict[str, Any]) -> dict[str, Any]:
    """SAM's SimpleTable as a table."""
    key = shape.pop("PrimaryKey", None) or {"Name": "id", "Type": "String"}
    shape["AttributeDefinitions"] = [{"AttributeName": key["Name"], "AttributeType": key["Type"][:1]}]
    shape["KeySchema"] = [{"AttributeName": key["Name"], "KeyType": "HASH"}]
    shape["BillingMode"] = "PROVISIONED" if "ProvisionedThroughput" in shape else "PAY_PER_REQUEST"
    return shape


def _settings_of_global(part: dict[str, Any], *, provisioned: bool) -> None:
    """The words of a global table, or of its index, for throughput as those of a table."""
    read = part.pop("ReadProvisionedThroughputSettings", None) or {}
    write = part.pop("WriteProvisionedThroughputSettings", None) or {}
    ceilings = part.pop("ReadOnDemandThroughputSettings", None) or {}
    ceilings |= part.pop("WriteOnDemandThroughputSettings", None) or {}
    if ceilings:
        part["OnDemandThroughput"] = ceilings
    scaling = write.get("WriteCapacityAutoScalingSettings")
    if provisioned and scaling is not None:
        part["ProvisionedThroughput"] = {
            "ReadCapacityUnits": read.get("ReadCapacityUnits", 1),
            "WriteCapacityUnits": scaling.get("SeedCapacity", scaling["MinCapacity"]),
        }


def _part(document: Document | None, parts: list[str]) -> Document | None:
    """The table, or its index, that a resource id names."""
    if document is None or len(parts) < 4:
        return document
    return next((each for each in document.get("global_secondary_indexes", ()) if each["name"] == parts[3]), None)


def _tracking(said: Mapping[str, Any]) -> Document:
    names = {
        "TargetValue": "target",
        "ScaleInCooldown": "scale_in_cooldown_seconds",
        "ScaleOutCooldown": "scale_out_cooldown_seconds",
        "DisableScaleIn": "disable_scale_in",
    }
    return {name: said[each] for each, name in names.items() if each in said}
