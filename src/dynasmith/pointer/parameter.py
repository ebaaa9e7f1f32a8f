"""A pointer in a parameter of Systems Manager.

The service has no conditional write of a parameter. Each write gives the number of its version, so one that does not
follow the version that was read shows that something was written in between: by somebody else, or by the same call,
which is sent again where its reply is lost. Source: API reference, PutParameter.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from dynasmith.errors import ChangeConflict, DynasmithError, PointerError
from dynasmith.pointer.place import PointerValue, SsmCall, table_name

_ABSENT: Final = "ParameterNotFound"


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
        """See the protocol. Two calls, where nobody else writes and every reply comes."""
        there = self.read()
        if there.table == after:
            return
        self._check(there, before)
        asked = {"Name": self._name, "Value": after, "Type": "String", "Overwrite": there.version > 0}
        try:
            version = int(self._call("PutParameter", asked)["Version"])
        except DynasmithError:
            found = self.read()  # the reply may be lost, and not the write
            if found.table != after:
                self._check(found, before)
                raise
            version = found.version
        self._give_way(there.version, version, after)

    def _check(self, there: PointerValue, before: str | None) -> None:
        if there.table != before:
            raise ChangeConflict(
                f"The parameter {self._name} says {there.table or 'nothing'}, and not {before or 'nothing'}.",
                hint="somebody else switched it: look who reads which table",
            )

    def _give_way(self, first: int, last: int, after: str) -> None:
        """Where somebody else wrote between two versions, write again what they wrote. A call whose reply was lost is
        sent twice, and writes two versions of its own."""
        for version in range(last - 1, first, -1):
            said = self._call("GetParameter", {"Name": f"{self._name}:{version}"})["Parameter"]
            if (value := str(said["Value"])) != after:
                asked = {"Name": self._name, "Value": value, "Type": "String", "Overwrite": True}
                self._call("PutParameter", asked)
                raise ChangeConflict(
                    f"Somebody else wrote the parameter {self._name} at the same time; it says {value}, as they wrote.",
                    hint=f"version {version} is theirs: look who reads which table",
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
