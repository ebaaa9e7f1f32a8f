"""What may not be shown: the userinfo of a URL (``user:password@``), in messages, logs and records."""

import re

MASK = "***"

# A password may hold unescaped "/", so that after "user:" everything counts up to the last "@" of the word, unless what
# follows the colon is a port.
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#'\"<>]*|[^\s/?#@:\[]*:(?!\d+(?:/|\Z))[^\s'\"<>]*)@")
_SECRET_PARAMETER = re.compile(
    r"(?i)([?&;](?:[a-z_]*(?:password|passwd|passphrase|pwd|secret|token)[a-z_]*|authmechanismproperties)=)[^&;\s'\"<>]*"
)


def masked(text: str) -> str:
    """``text`` with the userinfo of every URL in it, and the password parameters of its query, as three asterisks.

    It knows a URL by its scheme; for a value that should be a URL and may lack one, see `masked_url`.
    """
    if "://" not in text:
        return text
    return _SECRET_PARAMETER.sub(rf"\1{MASK}", _USERINFO.sub(rf"\1{MASK}@", text))


def masked_url(url: str) -> str:
    """A value that was meant as a URL, well formed or not, without what stands before its ``@``."""
    head, at, rest = url.rpartition("@")
    if not at:
        return masked(url)
    scheme, colon, _ = head.partition("://")
    return masked(f"{scheme}://{MASK}@{rest}" if colon else f"{MASK}@{rest}")


def has_userinfo(url: str) -> bool:
    """Whether a URL says as whom: ``http://user@host`` and ``http://user:password@host`` do."""
    return _USERINFO.search(url) is not None


def has_password(url: str) -> bool:
    """Whether a URL holds a password: in its userinfo, or as a parameter of its query."""
    found = _USERINFO.search(url)
    return (found is not None and ":" in found[0].partition("://")[2]) or _SECRET_PARAMETER.search(url) is not None
