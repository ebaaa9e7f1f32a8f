"""Replacements of values that only the holder of a key can repeat: one value always becomes the same other one.

HMAC-SHA-256 of the value under the key. Whoever lacks the key can neither turn a replacement back nor try values until
one fits.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from uuid import UUID

from dynasmith.errors import CheckpointError
from dynasmith.items.number import number_text

#: Digits of the hash of a number: as many as surely fit into the 38 that DynamoDB keeps, so that two numbers of 10^12
#: meet in one with a chance below 10^-12.
NUMBER_DIGITS: Final = 37
_PURPOSE: Final = b"dynasmith masking 1"
_SEAL: Final = b"sealed 1:"
_TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What a key makes of values. ``material`` is any secret of a project; what is used is derived from it."""

    material: bytes = field(repr=False)
    _key: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", hmac.digest(self.material, _PURPOSE, "sha256"))

    @property
    def fingerprint(self) -> str:
        """16 letters that tell two keys apart and nothing of either."""
        return self.digest("fingerprint", "").hex()[:16]

    def digest(self, purpose: str, text: str) -> bytes:
        """32 bytes that stand for a text, others for each purpose."""
        return hmac.digest(self._key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")

    def variant(self, number: int) -> Pseudonyms:
        """What another key makes, which this one decides."""
        return Pseudonyms(self.digest("variant", str(number)))

    def number(self, purpose: str, text: str, limit: int) -> int:
        """A number from 0 to below ``limit`` (at most 2^128) that stands for a text."""
        return int.from_bytes(self.digest(purpose, text)) % limit

    def hashed_text(self, text: str) -> str:
        """A text for a text: a whole number for a whole number, a UUID for a UUID, else 32 letters and digits.

        So ``42``, the number 42 and the 42 of ``USER#42`` agree wherever they stand.
        """
        if _is_whole(text):
            return number_text(self.hashed_number(Decimal(text)))
        if (form := uuid_form(text)) is not None:
            return self.uuid(text, form)
        return self.digest("hash", text).hex()[:32]

    def hashed_number(self, number: Decimal) -> Decimal:
        """A whole number of 37 digits for a number."""
        value = self.number("hash number", number_text(number), 9 * 10 ** (NUMBER_DIGITS - 1))
        return Decimal(10 ** (NUMBER_DIGITS - 1) + value)

    def hashed_bytes(self, value: bytes) -> bytes:
        """16 bytes for bytes."""
        return self.digest("hash bytes", value.hex())[:16]

    def sealed(self, content: bytes) -> bytes:
        """Bytes that only this key opens, always the same for the same content, and that tell only its length."""
        tag = self.digest("seal", content.hex())[:_TAG_BYTES]
        return _SEAL + tag + self._streamed(tag, content)

    def opened(self, sealed: bytes) -> bytes:
        """What was sealed; bytes that never were stay as they are. Raises CheckpointError where another key sealed
        them, or they are damaged."""
        if not sealed.startswith(_SEAL):
            return sealed
        tag, rest = sealed[len(_SEAL) :][:_TAG_BYTES], sealed[len(_SEAL) + _TAG_BYTES :]
        content = self._streamed(tag, rest)
        if not hmac.compare_digest(tag, self.digest("seal", content.hex())[:_TAG_BYTES]):
            raise CheckpointError(
                "A position of the job is damaged, or was sealed with another key of masking.",
                hint="give it the key that it began with, or start a new job",
            )
        return content

    def _streamed(self, tag: bytes, content: bytes) -> bytes:
        """Bytes with a stream of the key over them, which their tag chooses; twice it is the bytes again."""
        blocks = range(0, len(content), 32)
        stream = b"".join(self.digest("seal stream", f"{tag.hex()} {at}") for at in blocks)
        return bytes(one ^ other for one, other in zip(content, stream, strict=False))

    def uuid(self, text: str, form: UUID) -> str:
        """A UUID of the same version, written as ``text`` is, for the UUID ``form`` that ``text`` says."""
        made = bytearray(self.digest("uuid", form.hex)[:16])
        made[6] = (made[6] & 0x0F) | (form.bytes[6] & 0xF0)
        made[8] = (made[8] & 0x3F) | 0x80
        fresh = UUID(bytes=bytes(made))
        digits = fresh.hex.upper() if text != text.lower() else fresh.hex
        if "-" not in text:
            return digits
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def uuid_form(text: str) -> UUID | None:
    """The UUID that a text is, with its four hyphens or without any; None where it is none."""
    plain = text.replace("-", "")
    if len(plain) != 32 or len(text) not in (32, 36) or not plain.isascii() or not plain.isalnum():
        return None
    try:
        found = UUID(plain)
    except ValueError:
        return None
    is_plain = text.lower() in (found.hex, str(found))
    return found if is_plain and text in (text.lower(), text.upper()) else None


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 38 and (text == "0" or text[0] != "0")
