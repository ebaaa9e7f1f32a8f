"""Encryption at rest: whose key encrypts the table."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, Choice, DocumentKey, Text
from dynasmith.tables.kms_key import same_key
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    Setting,
    SettingCall,
    SettingChange,
    SettingStep,
    WaitTable,
)
from dynasmith.tables.table import Encryption, EncryptionKind, Table, known


class SetEncryption(SettingChange, frozen=True, kw_only=True, tag="set-encryption"):
    """Another key that encrypts the table."""

    before: Encryption
    after: Encryption


class CallEncryption(SettingCall, frozen=True, kw_only=True, tag="update-encryption"):
    """UpdateTable: which key encrypts."""

    encryption: Encryption


class EncryptionSetting(Setting[Encryption, SetEncryption, CallEncryption]):
    """The kind of key, and the key itself where it is the customer's."""

    field = "encryption"
    label = "encryption"
    types = (SetEncryption, CallEncryption)
    off = Encryption(kind=EncryptionKind.AWS_OWNED)
    in_create_table = True
    copied = True
    key = DocumentKey(
        "encryption",
        Block(
            "encryption",
            (
                DocumentKey(
                    "type", Choice(tuple(EncryptionKind)), "Whose key encrypts; `AWS_OWNED` costs nothing.", True
                ),
                DocumentKey("key", Text(), "ARN, id or alias of the KMS key, with `CUSTOMER` only."),
            ),
            synonyms={"kms_key": "key", "kms_key_arn": "key", "enabled": "type: AWS_OWNED, AWS_MANAGED or CUSTOMER"},
        ),
        "Encryption at rest.",
    )

    def of(self, table: Table) -> Encryption | UnsetType:
        return table.encryption

    def parse(self, written: object) -> Encryption:
        assert isinstance(written, dict)
        return Encryption(kind=EncryptionKind(written["type"]), key=written.get("key", UNSET))

    def render(self, value: Encryption) -> object:
        return {"type": value.kind} | ({} if isinstance(value.key, UnsetType) else {"key": value.key})

    def difference(self, desired: Encryption, current: Encryption) -> SetEncryption | None:
        return None if same_encryption(desired, current) else SetEncryption(before=current, after=desired)

    def steps(self, change: SetEncryption) -> Iterator[tuple[Phase, SettingStep]]:
        yield Phase.ENCRYPT, CallEncryption(encryption=change.after)
        yield Phase.ENCRYPT, WaitTable()

    def after(self, step: CallEncryption, table: Table) -> Table:
        return replace(table, encryption=step.encryption)

    def hazard(self, change: SetEncryption, table: str, facts: Facts) -> Hazard | None:
        return None

    def price(self, change: SetEncryption, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if change.after.kind is EncryptionKind.AWS_OWNED:
            return None
        return CostEstimate(path=self.key.name, basis="requests to KMS", monthly=None)

    def words(self, step: CallEncryption) -> str:
        return f"encrypt with {step.encryption.kind}"


def same_encryption(desired: Encryption, current: Encryption) -> bool:
    """Whether the same key encrypts, as far as its names tell; where they do not (`unknown_key`), it counts as the
    same, and a note says so."""
    if desired.kind is not current.kind:
        return False
    if desired.kind is not EncryptionKind.CUSTOMER:
        return True
    return same_key(known(desired.key, ""), known(current.key, "")) is not False


def unknown_key(desired: Encryption, current: Encryption) -> bool:
    """Whether only KMS could tell if the same customer's key encrypts."""
    both = desired.kind is EncryptionKind.CUSTOMER and current.kind is EncryptionKind.CUSTOMER
    return both and same_key(known(desired.key, ""), known(current.key, "")) is None
