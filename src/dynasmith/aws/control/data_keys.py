"""`KmsDataKeys`: keys that KMS makes and decrypts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

from botocore.exceptions import ClientError

from dynasmith.aws.control.session import Session
from dynasmith.errors import DynasmithError

_NOT_OURS: Final = ("InvalidCiphertextException", "IncorrectKeyException")


class KmsDataKeys:
    """Keeps `dynasmith.ports.encryption.DataKeys`.

    Where the environment has an endpoint, the calls go there, or to ``endpoints.kms``, and never to AWS.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def generate(self, key: str, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """A new key of 256 bits, as it is and encrypted. One call of GenerateDataKey."""
        parameters = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": dict(context)}
        answer = self._call(key, "GenerateDataKey", parameters)
        return bytes(answer["Plaintext"]), bytes(answer["CiphertextBlob"])

    def decrypt(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """The key in ``wrapped``; None where it is not of that key and context. One call of Decrypt."""
        parameters = {"KeyId": key, "CiphertextBlob": wrapped, "EncryptionContext": dict(context)}
        try:
            return bytes(self._call(key, "Decrypt", parameters)["Plaintext"])
        except DynasmithError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") in _NOT_OURS:
                return None
            raise

    def _call(self, key: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A call in the Region of the key: an ARN names it, anything else is in that of the session."""
        region = key.split(":")[3] if key.startswith("arn:") and key.count(":") > 4 else ""
        token = _is_quiet.set(True)
        try:
            return self._session.call("kms", operation, parameters, region=region)
        finally:
            _is_quiet.reset(token)


_is_quiet: Final[ContextVar[bool]] = ContextVar("is_quiet", default=False)


def _hides_keys(record: logging.LogRecord) -> bool:
    """Whether botocore may log a record: at the level DEBUG it logs the bodies of replies, and these hold keys."""
    del record
    return not _is_quiet.get()


logging.getLogger("botocore.parsers").addFilter(_hides_keys)
