"""Why a call was denied, by the words that the service ends its sentence with.

Source: IAM User Guide, "Troubleshoot access denied error messages". Where several kinds of policies deny a call, the
service names one of them. A service that does not know this format gives no reason.
"""

import re
from enum import Enum
from typing import Final


class DenialReason(Enum):
    """What denies a call."""

    RESOURCE_POLICY = "explicitly, the policy of the resource"
    OTHER_POLICY = "explicitly, a policy of another kind"
    NOT_ALLOWED = "no policy allows it"
    UNSAID = "the service does not say"


_EXPLICIT: Final = re.compile(r"explicit deny in (?:an? )?(resource-based policy)?")
_IMPLICIT: Final = re.compile(r"because no .* (?:policy|policies|boundary) allows? ")


def denial_reason(message: str) -> DenialReason:
    """Why a call was denied, by the message of the service or a sentence that holds it."""
    if found := _EXPLICIT.search(message):
        return DenialReason.RESOURCE_POLICY if found[1] else DenialReason.OTHER_POLICY
    return DenialReason.NOT_ALLOWED if _IMPLICIT.search(message) else DenialReason.UNSAID
