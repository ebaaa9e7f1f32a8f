"""Whose key it is: DescribeTable says an ARN for a key that AWS manages and for one of the customer alike."""

import threading

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.control.describe import region_of
from dynasmith.aws.control.session import Session
from dynasmith.errors import DynasmithError, NotOffered, ServiceError, ServiceUnavailable, Throttled
from dynasmith.tables.table import EncryptionKind, Table

MANAGED_ALIAS = "alias/aws/dynamodb"
"""The alias of the key that AWS manages for DynamoDB in an account and Region."""


class KeyReader:
    """Facts about KMS keys, each asked once: whose a key is never changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._managed: dict[str, bool] = {}

    def is_managed_by_aws(self, key: str) -> bool:
        """Whether a key is the one that AWS manages for DynamoDB. One call of KMS a key; an engine without KMS, or
        that does not know the key, is taken at its word: only the alias is AWS's. Raises AccessDenied."""
        if key.endswith(MANAGED_ALIAS):
            return True
        with self._lock:
            if key not in self._managed:
                self._managed[key] = self._ask(key)
            return self._managed[key]

    def _ask(self, key: str) -> bool:
        region = region_of(key)
        try:
            described = self._describe(key, region)
            if described.get("KeyManager") == "AWS":
                return True
            if not self._session.access.isolated:
                return False
            # moto calls its default key a customer's; on AWS this call would make the default key where there is none.
            return self._describe(MANAGED_ALIAS, region).get("Arn") == key
        except (Throttled, ServiceUnavailable):
            raise
        except (NotOffered, ServiceError):
            return False

    def resolved(self, table: Table) -> Table:
        """The wish with the ARNs behind aliases and ids of keys, the replicas' in their Regions.

        A key that KMS does not know, or that it is not allowed to say, stays as it was written.
        """
        if not isinstance(table.encryption, UnsetType) and table.encryption.kind is EncryptionKind.CUSTOMER:
            key = self._arn(table.encryption.key, "")
            table = replace(table, encryption=replace(table.encryption, key=key))
        if not isinstance(table.replicas, UnsetType):
            replicas = tuple(replace(r, key=self._arn(r.key, r.region)) for r in table.replicas)
            table = replace(table, replicas=replicas)
        return table

    def _arn(self, key: str | UnsetType, region: str) -> str | UnsetType:
        if isinstance(key, UnsetType) or ":key/" in key:
            return key
        try:
            return self._describe(key, region_of(key) or region).get("Arn") or key
        except DynasmithError:
            return key

    def _describe(self, key: str, region: str) -> dict[str, str]:
        own = region if region and region != self._session.access.region else ""
        answer = self._session.call("kms", "DescribeKey", {"KeyId": key}, region=own)
        return answer.get("KeyMetadata") or {}
