"""The values of a template of CloudFormation: functions and references become what they stand for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.tables.findings import did_you_mean

_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
NO_VALUE: Final = object()
"""`AWS::NoValue`: the property is not said."""
UNKNOWN: Final = object()
"""A value that the template alone does not say; it was noted."""

_NUMBERS: Final = ("Units", "UnitsPerSecond", "InDays", "Capacity")
_LOOPS: Final = ("Fn::ForEach", "Fn::Transform")
_NAMED_MEMBERS: Final = ("Tags", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
"""Lists whose members stand for themselves."""


NAMES: Final = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::CloudWatch::Alarm": "AlarmName",
}
"""The property that names a resource of each type."""
_OTHER_REFERENCE: Final = ("AWS::SQS::Queue",)
"""Types whose `Ref` is neither name nor ARN."""
_ARNS: Final = {
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::Kinesis::Stream": "arn:aws:kinesis:{region}:{account}:stream/{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
}


class TemplateValues:
    """Resolves the values of one template. ``parameters`` are given values; a parameter without one has its default."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._parameters = dict(template.get("Parameters") or {})
        self._mappings = template.get("Mappings") or {}
        self._conditions = template.get("Conditions") or {}
        self._resources = template.get("Resources") or {}
        self._given, self._names = parameters, names
        self.unresolved: list[UnresolvedValue] = []

    def refuse_unknown_names(self, source: str) -> None:
        """Raise UsageError for a given value that nothing of the template has the name of, a value that a parameter
        does not allow, and a table that the template does not have."""
        known = [*self._parameters, *self._resources]
        for name, value in self._given.items():
            declared = self._parameters.get(name) or {}
            allowed = [_text(each) for each in declared.get("AllowedValues") or ()]
            if allowed and value not in allowed:
                raise UsageError(f"Parameter {name} of {source} does not allow {value}.", hint=", ".join(allowed))
            if name.partition(".")[0] not in known and not name.startswith(("AWS::", "{{resolve:")):
                raise UsageError(f"{source} has no parameter and no resource {name}.", hint=did_you_mean(name, known))
        for name in self._names:
            if name not in self._resources:
                hint = did_you_mean(name, list(self._resources)) or "--table LOGICALID=NAME"
                raise UsageError(f"{source} has no resource {name}.", hint=hint)

    # --- what a verb asks

    def holds(self, condition: str) -> bool | None:
        """Whether a condition is met; None where that is unknown, which is noted."""
        truth: bool | None = self._truth({"Condition": condition}, f"Conditions.{condition}")
        return truth

    def resolved(self, value: Any, path: str) -> Any:
        """A value with every function and reference replaced; `UNKNOWN` where it, or a part of a map, cannot be known,
        which was noted: half of a setting would be another one. A list of things that have names of their own is
        without its unknown members."""
        if isinstance(value, Mapping):
            if (
                len(value) == 1
                and (name := next(iter(value)))
                and (name.startswith("Fn::") or name == "Ref" or (name == "Condition" and isinstance(value[name], str)))
            ):
                return self._function(name, value[name], path)
            pairs = {name: self.resolved(each, f"{path}.{name}") for name, each in value.items()}
            if loop := next((name for name in pairs if name.startswith(_LOOPS)), None):
                raise UsageError(f"{path} uses {loop}, which only CloudFormation can run.", hint=PROCESSED)
            if any(each is UNKNOWN for each in pairs.values()):
                return UNKNOWN
            return {name: each for name, each in pairs.items() if each is not NO_VALUE}
        if isinstance(value, list | tuple):
            members = [self.resolved(each, f"{path}[{place}]") for place, each in enumerate(value)]
            if any(each is UNKNOWN for each in members) and path.rpartition(".")[2] not in _NAMED_MEMBERS:
                return UNKNOWN
            return [each for each in members if each is not NO_VALUE and each is not UNKNOWN]
        if isinstance(value, str) and "{{resolve:" in value:
            return (
                self._given[value] if value in self._given else self._unknown(path, value, f"--param '{value}'=VALUE")
            )
        return value

    def properties(self, properties: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The properties of a resource, without those that are unknown."""
        if function := next((name for name in properties if name.startswith("Fn::")), None):
            raise UsageError(f"{path} uses {function}, which only CloudFormation can run.", hint=PROCESSED)
        found = {name: self.resolved(each, f"{path}.{name}") for name, each in properties.items()}
        return {name: each for name, each in found.items() if each is not UNKNOWN and each is not NO_VALUE}

    def text(self, value: Any, path: str) -> str | None:
        """The text of a value; None where it is unknown."""
        found = self.resolved(value, path)
        return None if found is UNKNOWN or found is NO_VALUE else _text(found)

    # --- functions

    def _function(self, name: str, argument: Any, path: str) -> Any:
        match name:
            case "Ref":
                return self._referred(str(argument), path)
            case "Fn::GetAtt":
                return self._attribute(argument, path)
            case "Fn::Sub":
                return self._substituted(argument, path)
            case "Fn::Join":
                return self._joined(argument, path)
            case "Fn::If":
                return self._chosen(argument, path)
            case "Fn::FindInMap":
                return self._mapped(argument, path)
            case "Fn::Select":
                return self._selected(argument, path)
            case "Fn::Split":
                whole = self.text(argument[1], path)
                return UNKNOWN if whole is None else whole.split(str(argument[0]))
            case "Fn::Base64":
                plain = self.text(argument, path)
                return UNKNOWN if plain is None else base64.b64encode(plain.encode()).decode()
            case "Fn::ToJsonString":
                found = self.resolved(argument, path)
                return UNKNOWN if found is UNKNOWN else json.dumps(found)
            case "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition":
                return self._truth({name: argument}, path)
        if name.startswith(_LOOPS):
            raise UsageError(f"{path} uses {name}, which only CloudFormation can run.", hint=PROCESSED)
        return self._unknown(path, f"{name} {json.dumps(argument, default=str)}")

    def _unknown(self, path: str, reference: str, hint: str = "") -> Any:
        found = UnresolvedValue(path=path, reference=reference, hint=hint)
        if found not in self.unresolved:
            self.unresolved.append(found)
        return UNKNOWN

    def _referred(self, name: str, path: str) -> Any:
        if name in self._given:
            declared = self._parameters.get(name) or {}
            return self._given[name].split(",") if _is_list(declared) else self._given[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name == "AWS::Partition":
            return "aws"
        if name == "AWS::URLSuffix":
            return "amazonaws.com"
        if (declared := self._parameters.get(name)) is not None:
            if "Default" in declared and not str(declared.get("Type", "")).startswith("AWS::SSM::"):
                default = declared["Default"]
                return str(default).split(",") if _is_list(declared) else default
            return self._unknown(path, f"parameter {name}", f"--param {name}=VALUE")
        if name in self._resources:
            named = self.table_name(name)
            if named is None:
                named = self._physical(name)
            return self._unknown(path, f"resource {name}", f"--param {name}=VALUE") if named is None else named
        return self._unknown(path, name, f"--param {name}=VALUE")

    def table_name(self, logical_id: str) -> str | None:
        """The name of a table of the template; None where it has none that is known, or is no table."""
        if logical_id in self._names:
            return self._names[logical_id]
        resource = self._resources.get(logical_id) or {}
        if "DynamoDB" not in str(resource.get("Type")) and resource.get("Type") != "AWS::Serverless::SimpleTable":
            return None
        name = (resource.get("Properties") or {}).get("TableName")
        return None if name is None else self.text(name, f"Resources.{logical_id}.Properties.TableName")

    def _attribute(self, argument: Any, path: str) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else [str(each) for each in argument]
        name = ".".join(parts)
        if name in self._given:
            return self._given[name]
        if parts[-1] == "Arn" and (arn := self._arn(parts[0])) is not None:
            return arn
        return self._unknown(path, f"attribute {name}", f"--param {name}=VALUE")

    def _physical(self, logical_id: str) -> str | None:
        """What `Ref` gives of a resource that has a name of its own; None where that is not known."""
        resource = self._resources.get(logical_id) or {}
        kind, properties = str(resource.get("Type")), resource.get("Properties") or {}
        if kind == "AWS::SNS::Topic":
            return self._arn(logical_id)
        if kind not in NAMES or kind in _OTHER_REFERENCE or NAMES[kind] not in properties:
            return None
        return self._quiet(properties[NAMES[kind]])

    def _arn(self, logical_id: str) -> str | None:
        """The ARN of a resource whose name is known, where Region and account are too."""
        resource = self._resources.get(logical_id) or {}
        kind, properties = str(resource.get("Type")), resource.get("Properties") or {}
        if kind not in _ARNS:
            return None
        name = self._given.get(logical_id) or (
            self._quiet(properties[NAMES[kind]]) if NAMES[kind] in properties else None
        )
        region, account = self._given.get("AWS::Region"), self._given.get("AWS::AccountId")
        needed = {"{name}": name, "{region}": region, "{account}": account}
        arn = _ARNS[kind]
        for word, value in needed.items():
            if word in arn:
                if value is None:
                    return None
                arn = arn.replace(word, value)
        return arn

    def _quiet(self, value: Any) -> str | None:
        """The text of a value; nothing is noted where it is unknown."""
        before = list(self.unresolved)
        found = self.text(value, "")
        self.unresolved[:] = before
        return found

    def _substituted(self, argument: Any, path: str) -> Any:
        template, own = argument if isinstance(argument, list | tuple) else (argument, {})
        missing = False

        def put(match: re.Match[str]) -> str:
            nonlocal missing
            if match[1]:
                return f"${{{match[2]}}}"
            name = match[2].strip()
            found = self.text(own[name], path) if name in own else self._named(name, path)
            missing = missing or found is None
            return found or ""

        text = _VARIABLE.sub(put, str(template))
        return UNKNOWN if missing else text

    def _named(self, name: str, path: str) -> str | None:
        found = self._attribute(name, path) if "." in name else self._referred(name, path)
        return None if found is UNKNOWN or found is NO_VALUE else _text(found)

    def _joined(self, argument: Any, path: str) -> Any:
        parts = self.resolved(argument[1], path)
        if parts is UNKNOWN or (len(parts) != len(argument[1]) and isinstance(argument[1], list | tuple)):
            return UNKNOWN
        return str(argument[0]).join(_text(each) for each in parts)

    def _chosen(self, argument: Any, path: str) -> Any:
        holds = self.holds(str(argument[0]))
        return UNKNOWN if holds is None else self.resolved(argument[1 if holds else 2], path)

    def _mapped(self, argument: Any, path: str) -> Any:
        keys = [self.text(each, path) for each in argument[:3]]
        if None in keys:
            return UNKNOWN
        found: Any = self._mappings
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            return self._unknown(path, f"mapping {'.'.join(str(key) for key in keys)}")
        return found

    def _selected(self, argument: Any, path: str) -> Any:
        members, index = self.resolved(argument[1], path), self.text(argument[0], path)
        if members is UNKNOWN or index is None:
            return UNKNOWN
        if not index.isdigit() or int(index) >= len(members):
            return self._unknown(path, f"member {index} of a list of {len(members)}")
        return members[int(index)]

    # --- conditions

    def _truth(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return value.lower() == "true"
        name, argument = next(iter(value.items()))
        match name:
            case "Condition":
                if argument not in self._conditions:
                    raise UsageError(f"{path} names the condition {argument}, which the template does not have.")
                return self._truth(self._conditions[argument], f"Conditions.{argument}")
            case "Fn::Equals":
                one, other = (self.text(each, path) for each in argument)
                return None if one is None or other is None else one == other
            case "Fn::Not":
                truth = self._truth(argument[0], path)
                return None if truth is None else not truth
            case "Fn::And" | "Fn::Or":
                truths = list(self._truths(argument, path))
                decided = name == "Fn::Or"
                if decided in truths:
                    return decided
                return None if None in truths else not decided
        found = self.resolved(value, path)
        return None if found is UNKNOWN else _text(found).lower() == "true"

    def _truths(self, arguments: Any, path: str) -> Iterator[Any]:
        for each in arguments:
            yield self._truth(each, path)


PROCESSED = (
    "import the template as CloudFormation processed it: aws cloudformation get-template --template-stage Processed"
)


def typed(value: Any, name: str = "") -> Any:
    """A value of a table with the numbers and booleans that a template may have as text, and texts that it may have as
    numbers: CloudFormation takes both."""
    if isinstance(value, Mapping):
        if set(value) == {"Key", "Value"} or name == "Tags":
            return {each: _text(one) for each, one in value.items()}
        return {each: typed(one, each) for each, one in value.items()}
    if isinstance(value, list | tuple):
        return [typed(each, name) for each in value]
    if isinstance(value, str) and name.endswith(_NUMBERS) and re.fullmatch(r"[0-9]+", value):
        return int(value)
    if isinstance(value, str) and name.endswith("Enabled") and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _is_list(parameter: Mapping[str, Any]) -> bool:
    return str(parameter.get("Type", "")).startswith(("List<", "CommaDelimitedList"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
