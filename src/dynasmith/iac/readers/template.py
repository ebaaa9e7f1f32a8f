"""Templates of CloudFormation, what CDK synthesizes, SAM, and packaged serverless: their tables as definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.attachments.attachment import Attachment
from dynasmith.iac.readers.attachments.owners import join_attachments
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables, UnresolvedValue
from dynasmith.iac.readers.global_tables import GlobalScaling, global_shape, tracking, with_scaling
from dynasmith.iac.readers.service_shape import document_of_shape, unread
from dynasmith.iac.readers.template_attachments import ATTACHED, TemplateAttachments
from dynasmith.iac.readers.template_values import PROCESSED, TemplateValues, typed

TABLE, GLOBAL, SIMPLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable"
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
_NESTED: Final = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")
_OLD_REPLICA: Final = "Custom::DynamoDBReplica"
_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_TRANSFORMS: Final = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23")


def is_template(document: Any) -> bool:
    """Whether a document looks like a template."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    if not isinstance(resources, Mapping):
        return False
    return all(isinstance(each, Mapping) or name.startswith("Fn::") for name, each in resources.items())


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
                hint=PROCESSED,
            )
    for section in ("Resources", "Parameters", "Mappings", "Conditions"):
        if loop := next((name for name in template.get(section) or () if str(name).startswith("Fn::")), None):
            raise UsageError(f"{section} of {source} uses {loop}, which only CloudFormation can run.", hint=PROCESSED)
    return _Reading(template, source, parameters, names).tables()


class _Reading:
    def __init__(
        self, template: Mapping[str, Any], source: str, parameters: Mapping[str, str], names: Mapping[str, str]
    ) -> None:
        self._resources: Mapping[str, Any] = template["Resources"]
        self._template, self._parameters, self._names = template, parameters, names
        self._source = source
        self._values = TemplateValues(template, parameters, names)
        self._notes: list[str] = []
        self._region = parameters.get("AWS::Region", "")

    def tables(self) -> ForeignTables:
        """All tables; those whose name or key is unknown are left out, and their references are named."""
        self._values.refuse_unknown_names(self._source)
        documents: dict[str, Document] = {}
        for logical_id, resource in self._wanted((TABLE, GLOBAL, SIMPLE)):
            document = self._table(logical_id, resource)
            if document is None:
                continue
            if (name := document["name"]) in {each["name"] for each in documents.values()}:
                raise UsageError(f"{self._source} has two tables of the name {name}.", hint="--table LOGICALID=NAME")
            documents[logical_id] = document
        self._scaled(documents)
        notes, unresolved = join_attachments(tuple(documents.values()), self._attachments(documents))
        self._notes += [*self._unread(documents), *notes]
        found = dict.fromkeys((*self._values.unresolved, *unresolved, *self._nested()))
        return ForeignTables(
            documents=tuple(documents.values()), unresolved=tuple(found), notes=tuple(dict.fromkeys(self._notes))
        )

    def _nested(self) -> Iterator[UnresolvedValue]:
        """Templates in this one, whose tables are not known here."""
        for logical_id, resource in self._resources.items():
            if resource.get("Type") in _NESTED:
                hint = "import the template that it names too: its tables are not known here"
                yield UnresolvedValue(path=f"Resources.{logical_id}", reference=str(resource["Type"]), hint=hint)

    def _old_replica(
        self, logical_id: str, resource: Mapping[str, Any], documents: Mapping[str, Document]
    ) -> Iterator[str]:
        """Put a replica that the CDK makes with a function into its table."""
        values = TemplateValues(self._template, self._parameters, self._names)
        said = values.properties(resource.get("Properties") or {}, f"Resources.{logical_id}.Properties")
        document = next((each for each in documents.values() if each["name"] == said.get("TableName")), None)
        if document is None or not said.get("Region"):
            yield f"{logical_id} is a replica whose table or Region is not known here; it is left out."
            return
        document.setdefault("replicas", []).append({"region": said["Region"]})

    def _attachments(self, documents: Mapping[str, Document]) -> Iterator[Attachment]:
        tables = {logical_id: str(document["name"]) for logical_id, document in documents.items()}
        if tables:
            reading = TemplateAttachments(self._template, self._parameters, self._names, tables)
            yield from reading.all(tuple(self._attached()))

    def _attached(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The resources that may belong to a table and are made. A condition that is unknown is named."""
        values = TemplateValues(self._template, self._parameters, self._names)
        for logical_id, resource in self._resources.items():
            if resource.get("Type") not in ATTACHED:
                continue
            holds = True if "Condition" not in resource else values.holds(resource["Condition"])
            if holds is None:
                self._notes.append(f"{logical_id} is left out: its condition {resource['Condition']} is unknown.")
            elif holds:
                yield logical_id, resource

    def _unread(self, documents: Mapping[str, Document]) -> Iterator[str]:
        for logical_id, resource in self._resources.items():
            kind = str(resource.get("Type"))
            if kind.startswith("AWS::DynamoDB::") and kind not in (TABLE, GLOBAL):
                yield f"{logical_id} is a {kind}, which is not read."
            elif kind == _OLD_REPLICA:
                yield from self._old_replica(logical_id, resource, documents)
            elif kind == _MANAGED and any(f'"{each}"' in str(resource).replace("'", '"') for each in documents):
                yield f"{logical_id} is a managed policy, which access does not say; it stays as it is."

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
        scaling: GlobalScaling = {}
        if resource["Type"] == SIMPLE:
            shape = _simple(shape)
        if resource["Type"] == GLOBAL:
            shape, scaling = global_shape(typed(shape), f"{path}.Replicas", self._region, self._values.unresolved)
        if not _is_whole(shape, written):
            missing = UnresolvedValue(path=path, reference="a part of its key")
            if not any(each.path.startswith(path) for each in self._values.unresolved):
                self._values.unresolved.append(missing)
            self._notes.append(f"{logical_id} is left out: a part of its key is unknown.")
            return None
        self._notes += [f"{name}: {each} is not in this definition." for each in unread(shape)]
        document = document_of_shape(typed(shape))
        return with_scaling(document, scaling)

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
            owner["autoscaling"][dimension] |= tracking(said)


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


def _part(document: Document | None, parts: list[str]) -> Document | None:
    """The table, or its index, that a resource id names."""
    if document is None or len(parts) < 4:
        return document
    return next((each for each in document.get("global_secondary_indexes", ()) if each["name"] == parts[3]), None)
