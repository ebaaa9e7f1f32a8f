"""The resources of `terraform show -json`: values, what is known after apply alone, and what refers to what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import UnresolvedValue
from dynasmith.tables.findings import did_you_mean

_KEY: Final = re.compile(r"\[[^\]]*\]$")
Values = dict[str, Any]


class StateResources:
    """``parameters`` are values for what is not known, by address and attribute, as in
    ``aws_dynamodb_table.orders.name``."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        values = document.get("planned_values") or document.get("values") or {}
        self._resources = list(_resources(values.get("root_module") or {}))
        self._parameters = parameters
        self._expressions = dict(_expressions((document.get("configuration") or {}).get("root_module") or {}, ""))
        self._unknown = {
            each.get("address"): (each.get("change") or {}).get("after_unknown") or {}
            for each in document.get("resource_changes") or ()
        }
        self._values = {str(each["address"]): self._complete(each) for each in self._resources}

    def refuse_unknown_names(self, source: str) -> None:
        """Raise UsageError for a given value of no resource of the document."""
        for name in self._parameters:
            address = name.rpartition(".")[0]
            if address not in self._values:
                near = did_you_mean(address, list(self._values))
                raise UsageError(f"{source} has no resource {address}.", hint=near or "--param ADDRESS.ATTRIBUTE=VALUE")

    def of_type(self, *kinds: str) -> Iterator[tuple[str, str, Values]]:
        """Address, type and values of each resource of these types, in the order of the document."""
        for each in self._resources:
            if each.get("type") in kinds:
                address = str(each["address"])
                yield address, str(each["type"]), self._values[address]

    def is_unknown(self, address: str, *way: str | int) -> bool:
        """Whether a value is known after apply alone, as far as the configuration says it at all."""
        found: Any = self._unknown.get(address)
        for part in way:
            if found is True:
                return True
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return False
        return found is True or (isinstance(found, Mapping | list) and _holds_true(found))

    def is_said(self, address: str, *way: str | int) -> bool | None:
        """Whether the configuration says an argument; None where it cannot be seen (a dynamic block)."""
        found: Any = self._expressions.get(_plain(address))
        for part in way:
            if isinstance(part, int):
                found = found[part] if isinstance(found, list) and part < len(found) else None
            else:
                found = found.get(part) if isinstance(found, Mapping) else None
            if found is None:
                return False if part == way[-1] and isinstance(part, str) else None
        return True

    def unresolved(self, address: str, attribute: str) -> UnresolvedValue:
        """A value that is known after apply alone."""
        name = f"{address}.{attribute}"
        return UnresolvedValue(path=name, reference="(known after apply)", hint=f"--param {name}=VALUE")

    def referred(self, address: str, attribute: str, *kinds: str) -> Sequence[str]:
        """The addresses of the resources of these types that an argument refers to, in the same module."""
        expression = (self._expressions.get(_plain(address)) or {}).get(attribute)
        module = address.rpartition("module.")[0] + _module(address)
        names = dict.fromkeys(
            ".".join(_KEY.sub("", part) for part in each.split(".")[:2]) for each in _references(expression)
        )
        wanted = [f"{module}{name}" for name in names if name.partition(".")[0] in kinds]
        return [each for each in self._values if _plain(each, last_only=True) in wanted]

    def values(self, address: str) -> Values:
        """The values of a resource."""
        return self._values[address]

    def _complete(self, resource: Mapping[str, Any]) -> Values:
        values = dict(resource.get("values") or {})
        prefix = f"{resource['address']}."
        for name, value in self._parameters.items():
            if name.startswith(prefix) and "." not in name.removeprefix(prefix):
                values[name.removeprefix(prefix)] = value
        return values


def one_block(values: Mapping[str, Any], name: str) -> Values:
    """A block of which there is one at most: a list in JSON."""
    found = values.get(name) or []
    return dict(found[0] or {}) if found else {}


def _module(address: str) -> str:
    """``module.a.module.b.`` of an address, without what is before its last ``module.``."""
    if "module." not in address:
        return ""
    last = "module." + address.rpartition("module.")[2]
    return ".".join(last.split(".")[:2]) + "."


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in module.get("resources") or ():
        if each.get("mode", "managed") == "managed":
            yield each
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _expressions(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in module.get("resources") or ():
        yield f"{prefix}{each.get('address')}", each.get("expressions") or {}
    for name, call in (module.get("module_calls") or {}).items():
        yield from _expressions(call.get("module") or {}, f"{prefix}module.{name}.")


def _plain(address: str, *, last_only: bool = False) -> str:
    """An address without the keys of count and for_each: of the resource alone, or of its modules too."""
    return _KEY.sub("", address) if last_only else re.sub(r"\[[^\]]*\]", "", address)


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, Mapping):
        yield from map(str, expression.get("references") or ())
        for each in expression.values():
            yield from _references(each)
    elif isinstance(expression, list):
        for each in expression:
            yield from _references(each)


def _holds_true(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_true(each) for each in value.values())
    return any(map(_holds_true, value)) if isinstance(value, list) else value is True
