"""What a form cannot say of a table."""

from msgspec import Struct


class Unsaid(Struct, frozen=True, kw_only=True):
    """One thing of a table that a form cannot say: where in the definition, and why."""

    table: str
    path: str
    why: str
