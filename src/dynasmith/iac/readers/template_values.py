"""The values of a template of CloudFormation: functions and references become what they stand for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import UnresolvedValue

_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]*)\}")
NO_VALUE: Final = object()
"""`AWS::NoValue`: the property is not said."""
UNKNOWN: Final = object()
"""A value that the template alone does not say; it was noted."""

_LOOPS: Final = ("Fn::ForEach", "Fn::Transform")


class TemplateValues:
    """Resolves the values of one template. ``parameters`` are given values; a parameter without one has its default."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._parameters = dict(template.get("Parameters") or {})
        self._mappings = template.get("Mappings") or {}
        self._conditions = template.get("Conditions") or {}
        self._resources = template.get("Resources") or {}
        self._given, self._names = parameters, names
        self.unresolved: list[UnresolvedValue] = []

    # --- what a verb asks

    def holds(self, condition: str) -> bool | None:
        """Whether a condition is met; None where that is unknown, which is noted."""
        truth: bool | None = self._truth({"Condition": condition}, f"Conditions.{condition}")
        return truth

    def resolved(self, value: Any, path: str) -> Any:
        """A value with every function and reference replaced; `UNKNOWN` where it, or a part of a map, cannot be known,
        which was noted: half of a setting would be another one. A list is without its unknown members."""
        if isinstance(value, Mapping):
            if (
                len(value) == 1
                and (name := next(iter(value)))
                and (name.startswith("Fn::") or name in ("Ref", "Condition"))
            ):
                return self._function(name, value[name], path)
            pairs = {name: self.resolved(each, f"{path}.{name}") for name, each in value.items()}
            if loop := next((name for name in pairs if name.startswith(_LOOPS)), None):
                raise UsageError(f"{path} uses {loop}, which only CloudFormation can run.", hint=_PROCESSED)
            if any(each is UNKNOWN for each in pairs.values()):
                return UNKNOWN
            return {name: each for name, each in pairs.items() if each is not NO_VALUE}
        if isinstance(value, list | tuple):
            members = [self.resolved(each, f"{path}[{place}]") for place, each in enumerate(value)]
            return [each for each in members if each is not NO_VALUE and each is not UNKNOWN]
        return value

    def properties(self, properties: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The properties of a resource, without those that are unknown."""
        found = {name: self.resolved({name: each}, path) for name, each in properties.items()}
        return {name: each[name] for name, each in found.items() if each is not UNKNOWN and name in each}

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
            raise UsageError(f"{path} uses {name}, which only CloudFormation can run.", hint=_PROCESSED)
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
            if "Default" in declared:
                default = declared["Default"]
                return str(default).split(",") if _is_list(declared) else default
            return self._unknown(path, f"parameter {name}", f"--param {name}=VALUE")
        if name in self._resources:
            named = self.table_name(name)
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
        return self._unknown(path, f"attribute {name}", f"--param {name}=VALUE")

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


_PROCESSED = (
    "import the template as CloudFormation processed it: aws cloudformation get-template --template-stage Processed"
)


def _is_list(parameter: Mapping[str, Any]) -> bool:
    return str(parameter.get("Type", "")).startswith(("List<", "CommaDelimitedList"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
