"""`ssm_call`: calls of Systems Manager for a pointer, with the session of the environment."""

from collections.abc import Mapping
from typing import Any

from dynasmith.aws.control.session import Session
from dynasmith.errors import ServiceError
from dynasmith.pointer.place import SsmCall


def ssm_call(session: Session) -> SsmCall:
    """What `dynasmith.pointer.pointer_at` needs to read and switch a parameter where the session goes."""

    def call(operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return session.call("ssm", operation, parameters)
        except ServiceError as error:
            if error.service_code == "ParameterNotFound":
                raise LookupError(error.service_code) from error
            raise

    return call
