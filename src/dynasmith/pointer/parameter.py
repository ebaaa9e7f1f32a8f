"""A pointer in a parameter of Systems Manager.

The service has no conditional write of a parameter. Each write gives the number of its version, so one that does not
follow the version that was read shows that somebody else wrote in between. Source: API reference, PutParameter.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from dynasmith.errors import ChangeConflict, PointerError
from dynasmith.pointer.place import PointerValue, SsmCall, table_name

_ABSENT: Final = "ParameterNotFound"
_THERE: Final = "ParameterAlreadyExists"


class ParameterPointer:
    """Keeps `dynasmith.pointer.Pointer`. Needs ``ssm:GetParameter``, and ``ssm:PutParameter`` to switch."""

    def __init__(self, name: str, call: SsmCall) -> None:
        self._name, self._call = name, call

    def read(self) -> PointerValue:
        """See the protocol. One call."""
        try:
            said = self._call("GetParameter", {"Name": self._name})["Parameter"]
        except LookupError:
            return PointerValue(None)
        return PointerValue(table_name(str(said["Value"]), f"The parameter {self._name}"), int(said["Version"]))

    def switch(self, before: str | None, after: str) -> None:
        """See the protocol. Two calls."""
        there = self.read()
        if there.table == after:
            return
        if there.table != before:
            raise ChangeConflict(
                f"The parameter {self._name} says {there.table or 'nothing'}, and not {before or 'nothing'}.",
                hint="somebody else switched it: look who reads which table",
            )
        asked = {"Name": self._name, "Value": after, "Type": "String", "Overwrite": there.version > 0}
        version = int(self._call("PutParameter", asked)["Version"])
        if version != there.version + 1:
            raise ChangeConflict(
                f"Somebody else wrote the parameter {self._name} at the same time; it says {after} now.",
                hint=f"look at its history (version {version - 1}), and set it right",
            )


def boto_call(operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call of Systems Manager with boto3's own settings and credentials."""
    client = _client()
    try:
        found: Mapping[str, Any] = client._make_api_call(operation, dict(parameters))  # noqa: SLF001  # by its name
    except Exception as error:  # whatever boto3 raises: credentials, connections, refusals
        code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
        if code == _ABSENT:
            raise LookupError(code) from error
        raise PointerError(f"Systems Manager did not answer {operation}: {error}") from error
    return found


@lru_cache(maxsize=1)
def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config

        return boto3.client("ssm", config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2}))
    except Exception as error:
        raise PointerError(
            f"A pointer in Systems Manager cannot be read: {error}", hint="install boto3, and set a Region"
        ) from error
