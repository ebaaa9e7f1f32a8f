"""What tells a claim of a unique value (`dynasmith.models.unique_claim`) from the items of a table."""

from typing import Final

CLAIM_OWNER: Final = "_unique_owner"
"""The attribute of a claim with the key of the item that has the value. No other item has it."""
