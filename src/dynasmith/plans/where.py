"""Where something is written or planned: what every plan, question and report of a writing verb names."""

from typing import Any

from msgspec import Struct


class Where(Struct, frozen=True, kw_only=True):
    """An environment with its Region, and the account, or the endpoint where it is not AWS's own."""

    environment: str
    region: str
    account: str = ""
    endpoint: str = ""

    @property
    def address(self) -> str:
        """``us-east-1, http://127.0.0.1:8000`` or ``eu-west-1, account 111122223333``."""
        parts = [self.region or "Region unknown"]
        if self.endpoint:
            parts.append(self.endpoint)
        if self.account or not self.endpoint:
            parts.append(f"account {self.account or 'unknown'}")
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"environment {self.environment} ({self.address})"

    def to_json(self) -> dict[str, Any]:
        """``environment``, ``region``, ``account`` and ``endpoint``; null is unknown, or does not apply."""
        return {
            "environment": self.environment,
            "region": self.region or None,
            "account": self.account or None,
            "endpoint": self.endpoint or None,
        }
