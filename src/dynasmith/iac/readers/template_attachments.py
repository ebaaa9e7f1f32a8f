"""What stands beside the tables of a template: mappings, alarms, backup plans, inline policies, and SAM's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynasmith.iac.readers.attachments.attachment import ACCOUNT, REGION, Attachment, AttachmentKind
from dynasmith.iac.readers.sam_policies import SAM_POLICIES
from dynasmith.iac.readers.template_values import TemplateValues

_PLAN, _VAULT = "AWS::Backup::BackupPlan", "AWS::Backup::BackupVault"
_ROLE_POLICY, _ROLE = "AWS::IAM::RolePolicy", "AWS::IAM::Role"
ATTACHED: Final = (
    *("AWS::Lambda::EventSourceMapping", "AWS::CloudWatch::Alarm", "AWS::Backup::BackupSelection"),
    *("AWS::Serverless::Function", "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"),
)
"""The types of resources that may belong to a table."""
_TABLES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable")


class TemplateAttachments:
    """``tables`` are the names of the tables that were read, by their logical ids."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        names: Mapping[str, str],
        tables: Mapping[str, str],
    ) -> None:
        self._template, self._names, self._tables = template, {**names, **tables}, tables
        self._resources: Mapping[str, Any] = template["Resources"]
        self._given = {"AWS::Region": REGION, "AWS::AccountId": ACCOUNT, **parameters}
        for logical_id, name in tables.items():
            arn = f"arn:aws:dynamodb:{self._given['AWS::Region']}:{self._given['AWS::AccountId']}:table/{name}"
            self._given.setdefault(f"{logical_id}.Arn", arn)
            self._given[f"{logical_id}.StreamArn"] = f"{arn}/stream/"
        for logical_id, resource in self._resources.items():
            if resource.get("Type") == _PLAN:
                self._given.setdefault(logical_id, logical_id)
                self._given.setdefault(f"{logical_id}.BackupPlanId", logical_id)

    def all(self, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Attachment]:
        """The attachments among these resources, in their order."""
        for logical_id, resource in wanted:
            kind, said = str(resource.get("Type")), resource.get("Properties") or {}
            place = f"Resources.{logical_id}"
            match kind:
                case "AWS::Lambda::EventSourceMapping":
                    if self._may_be_of_a_table(said.get("EventSourceArn")):
                        yield self._mapping(place, said, said.get("FunctionName"))
                case "AWS::CloudWatch::Alarm":
                    yield self._alarm(logical_id, place, said)
                case "AWS::Backup::BackupSelection":
                    yield self._selection(place, said)
                case "AWS::Serverless::Function":
                    yield from self._of_function(logical_id, place, said)
                case "AWS::IAM::Role" | "AWS::IAM::Policy" | "AWS::IAM::RolePolicy":
                    yield from self._policies(kind, logical_id, place, said)

    # --- mappings

    def _may_be_of_a_table(self, source: Any) -> bool:
        """Whether a source is not that of another resource of the template."""
        argument = source.get("Fn::GetAtt") if isinstance(source, Mapping) else None
        owner = argument.partition(".")[0] if isinstance(argument, str) else (argument or [""])[0]
        resource = self._resources.get(owner)
        return resource is None or resource.get("Type") in _TABLES

    def _mapping(self, place: str, said: Mapping[str, Any], function: Any) -> Attachment:
        said = {**said, "FunctionName": self._function(function)}
        return self._made("trigger", place, {name: each for name, each in said.items() if each is not None})

    def _function(self, value: Any) -> Any:
        """A function; what refers to an alias or a version of the template is its function with that name."""
        reference = value.get("Ref") if isinstance(value, Mapping) else None
        resource = self._resources.get(str(reference)) or {}
        if reference in self._given or resource.get("Type") != "AWS::Lambda::Alias":
            return value
        said = resource["Properties"]
        return {"Fn::Join": [":", [said["FunctionName"], said["Name"]]]}

    def _of_function(self, logical_id: str, place: str, said: Mapping[str, Any]) -> Iterator[Attachment]:
        """The events and the policies of a function of SAM."""
        name: Any = {"Ref": logical_id}
        alias = said.get("AutoPublishAlias")
        for event, each in (said.get("Events") or {}).items():
            source = (each or {}).get("Properties") or {}
            if (each or {}).get("Type") != "DynamoDB" or not self._may_be_of_a_table(source.get("Stream")):
                continue
            shape = {word: value for word, value in source.items() if word != "Stream"}
            shape["EventSourceArn"] = source.get("Stream")
            failure = (source.get("DestinationConfig") or {}).get("OnFailure") or {}
            if failure:
                shape["DestinationConfig"] = {"OnFailure": {"Destination": failure.get("Destination")}}
            function = name if alias is None else {"Fn::Join": [":", [name, alias]]}
            yield self._mapping(f"{place}.Events.{event}", shape, function)
        policies = said.get("Policies") or ()
        for number, each in enumerate([policies] if isinstance(policies, str | Mapping) else policies):
            at = f"{place}.Policies[{number}]"
            if isinstance(each, Mapping) and "Statement" in each:
                yield self._policy(at, each["Statement"], "", function=name)
            elif isinstance(each, Mapping) and (template := SAM_POLICIES.get(next(iter(each), ""))) is not None:
                table = (next(iter(each.values())) or {}).get("TableName")
                yield self._policy(at, template(table), "", function=name)

    # --- alarms and backups

    def _alarm(self, logical_id: str, place: str, said: Mapping[str, Any]) -> Attachment:
        return self._made("alarm", place, {"AlarmName": {"Ref": logical_id}, **said})

    def _selection(self, place: str, said: Mapping[str, Any]) -> Attachment:
        made = self._made("backup", place, said.get("BackupSelection") or {})
        values = self._values()
        plan_id = values.text(said.get("BackupPlanId", ""), f"{place}.Properties.BackupPlanId")
        resource = self._resources.get(str(plan_id)) or {}
        shape, unresolved = dict(made.shape), list(made.unresolved)
        if resource.get("Type") != _PLAN:
            return Attachment(kind="backup", place=place, shape=shape, unresolved=(*unresolved, *values.unresolved))
        plan = self._made("backup", f"Resources.{plan_id}", (resource.get("Properties") or {}).get("BackupPlan") or {})
        rules = [_rule(each) for each in plan.shape.get("BackupPlanRule") or ()]
        shape["Plan"] = {"Name": plan.shape.get("BackupPlanName"), "Rules": rules}
        vault = next((each["TargetBackupVaultName"] for each in rules if "TargetBackupVaultName" in each), None)
        key = next((each for each in self._resources_of(_VAULT) if values.text({"Ref": each}, "") == vault), None)
        if key is not None and "EncryptionKeyArn" in (said_ := self._resources[key].get("Properties") or {}):
            of_vault = self._made("backup", f"Resources.{key}", {"EncryptionKeyArn": said_["EncryptionKeyArn"]})
            shape["Plan"]["VaultKey"] = of_vault.shape.get("EncryptionKeyArn")
            unresolved += of_vault.unresolved
        unresolved += [each for each in plan.unresolved if "BackupPlanTags" not in each.path]
        return Attachment(kind="backup", place=place, shape=shape, unresolved=tuple(unresolved))

    def _resources_of(self, kind: str) -> Iterator[str]:
        return (logical_id for logical_id, each in self._resources.items() if each.get("Type") == kind)

    # --- policies

    def _policies(self, kind: str, logical_id: str, place: str, said: Mapping[str, Any]) -> Iterator[Attachment]:
        if kind == _ROLE:
            for number, each in enumerate(said.get("Policies") or ()):
                at = f"{place}.Policies[{number}]"
                yield self._policy(at, _statements(each), each.get("PolicyName", ""), role={"Ref": logical_id})
            return
        roles = [said.get("RoleName")] if kind == _ROLE_POLICY else said.get("Roles") or ()
        for role in roles:
            yield self._policy(place, _statements(said), said.get("PolicyName", ""), role=role)

    def _policy(self, place: str, statements: Any, name: Any, **holder: Any) -> Attachment:
        """A policy, statement by statement: one that is for other resources may be unknown. What holds it is a role
        or a function."""
        every, values = [statements] if isinstance(statements, Mapping) else statements or (), self._values()
        found = [self._statement(each, place, values) for each in every if isinstance(each, Mapping)]
        ((kind, holding),) = holder.items()
        shape = {"PolicyName": self._values().text(name, place), "Statement": [each for each in found if each]}
        values = self._values()
        who = values.text(holding, place)
        if who is not None:
            shape["Role" if kind == "role" else "Function"] = who
        return Attachment(kind="policy", place=place, shape=shape, unresolved=tuple(values.unresolved))

    def _statement(self, said: Mapping[str, Any], place: str, values: TemplateValues) -> dict[str, Any]:
        """A statement without the resources that are unknown: those of the tables of the template are known."""
        made = values.properties({name: each for name, each in said.items() if name != "Resource"}, place)
        resources = said.get("Resource", ())
        each_one = [resources] if isinstance(resources, str | Mapping) else resources
        made["Resource"] = [text for each in each_one if (text := values.text(each, place)) is not None]
        lost = said.keys() - made.keys()
        return {} if "Action" in lost else made | ({"NotResource": []} if lost else {})

    # --- values

    def _values(self) -> TemplateValues:
        return TemplateValues(self._template, self._given, self._names)

    def _made(self, kind: AttachmentKind, place: str, said: Mapping[str, Any]) -> Attachment:
        values = self._values()
        shape = values.properties(said, place)
        return Attachment(kind=kind, place=place, shape=shape, unresolved=tuple(values.unresolved))


def _rule(said: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of CloudFormation in the words of the service."""
    return {"TargetBackupVaultName" if name == "TargetBackupVault" else name: each for name, each in said.items()}


def _statements(policy: Mapping[str, Any]) -> Any:
    document = policy.get("PolicyDocument")
    return document.get("Statement") if isinstance(document, Mapping) else ()
