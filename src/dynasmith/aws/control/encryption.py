"""Whose key it is: DescribeTable says an ARN for a key that AWS manages and for one of the customer alike."""

import threading

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.control.describe import region_of
from dynasmith.aws.control.session import Session
from dynasmith.errors import DynasmithError, NotOffered, ServiceError, ServiceUnavailable, Throttled
from dynasmith.tables.kms_key import MANAGED_ALIAS, is_managed_alias
from dynasmith.tables.table import BackupPlan, Encryption, EncryptionKind, Table


class KeyReader:
    """Facts about KMS keys, each asked once: whose a key is never changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._managed: dict[str, bool] = {}

    def is_managed_by_aws(self, key: str) -> bool:
        """Whether a key is the one that AWS manages for DynamoDB. One call of KMS a key; an engine without KMS, or
        that does not know the key, is taken at its word: only the alias is AWS's. Raises AccessDenied."""
        if is_managed_alias(key):
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
        if not isinstance(table.encryption, UnsetType):
            table = replace(table, encryption=self._resolved(table.encryption))
        if isinstance(table.backup_plan, BackupPlan):
            table = replace(
                table, backup_plan=replace(table.backup_plan, kms_key=self.arn_of(table.backup_plan.kms_key))
            )
        return self.with_replica_keys(table)

    def with_replica_keys(self, table: Table) -> Table:
        """A table, wanted or live, with the ARNs of its replicas' keys, as far as KMS of their Regions says them."""
        if isinstance(table.replicas, UnsetType):
            return table
        return replace(table, replicas=tuple(replace(r, key=self.arn_of(r.key, r.region)) for r in table.replicas))

    def _resolved(self, encryption: Encryption) -> Encryption:
        if encryption.kind is not EncryptionKind.CUSTOMER or isinstance(encryption.key, UnsetType):
            return encryption
        if is_managed_alias(encryption.key):
            return Encryption(kind=EncryptionKind.AWS_MANAGED)
        return replace(encryption, key=self.arn_of(encryption.key))

    def arn_of(self, key: str | UnsetType, region: str = "") -> str | UnsetType:
        """The ARN of a key by any of its names; the name where KMS does not know it, or must not say."""
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
