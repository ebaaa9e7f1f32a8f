"""Encryption at rest, as the service takes it. Whose key it is, is read with KMS (`aws.encryption`)."""

from typing import Any

from msgspec import UNSET, UnsetType

from dynasmith.aws.settings.base import Answer, DescribedSetting
from dynasmith.aws.settings.request import ServiceRequest, update_table
from dynasmith.tables.settings.encryption import CallEncryption, EncryptionSetting, same_encryption
from dynasmith.tables.table import Encryption, EncryptionKind, Table


class ServiceEncryption(DescribedSetting[CallEncryption]):
    """SSESpecification."""

    setting = EncryptionSetting()
    read_actions = ("dynamodb:DescribeTable", "kms:DescribeKey")
    read_again = "encryption"

    def create(self, table: Table) -> dict[str, Any]:
        wanted = table.encryption
        if isinstance(wanted, UnsetType) or wanted.kind is EncryptionKind.AWS_OWNED:
            return {}
        return {"SSESpecification": _specification(wanted)}

    def value(self, answer: Answer) -> UnsetType:  # DescribeTable says the key, not whose it is
        return UNSET

    def request(self, table: str, arn: str, step: CallEncryption) -> ServiceRequest:
        return update_table(table, {"SSESpecification": _specification(step.encryption)})

    def is_already(self, step: CallEncryption, table: Table) -> bool:
        there = table.encryption
        return not isinstance(there, UnsetType) and same_encryption(step.encryption, there)


def _specification(encryption: Encryption) -> dict[str, Any]:
    """Which key encrypts: the one that AWS owns is said by turning encryption with KMS off."""
    if encryption.kind is EncryptionKind.AWS_OWNED:
        return {"Enabled": False}
    told: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    if encryption.kind is EncryptionKind.CUSTOMER and not isinstance(encryption.key, UnsetType):
        told["KMSMasterKeyId"] = encryption.key
    return told
