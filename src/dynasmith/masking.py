"""What may not be shown in messages, logs and records: the userinfo of a URL, and what came out of a variable.

Messages about a definition or a project file are made of values that know their variable (`tables.substituted`). What
others say later (the service that repeats a value, a driver) holds bare text, and `Masks` knows the values in it.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b

MASK = "***"

# A password may hold unescaped "/", so that after "user:" everything counts up to the last "@" of the word, unless what
# follows the colon is a port.
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#'\"<>]*|[^\s/?#@:\[]*:(?!\d+(?:/|\Z))[^\s'\"<>]*)@")
_SECRET_PARAMETER = re.compile(
    r"(?i)([?&;](?:[a-z_]*(?:password|passwd|passphrase|pwd|secret|token)[a-z_]*|authmechanismproperties)=)[^&;\s'\"<>]+"
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
    password = "" if found is None else found[0].partition("://")[2].partition(":")[2].removesuffix("@")
    return bool(password) or _SECRET_PARAMETER.search(url) is not None


VALUE_CHARACTERS_MIN = 6
"""A shorter value may be a part of any word, and is found in a text only where its origin is known."""
SURE_CHARACTERS_MIN = 8
"""From here on a value is taken for itself also inside a longer word."""
WORD_CHARACTERS_MIN = 16
"""A plain word that is shorter ("production", "PROVISIONED") is found where it did not come from."""


class Masks:
    """Shows what came out of variables as ``${NAME}`` in texts of others: one a project, filled as its files are read.

    A value that is a part of a name (of a table, an index, an attribute) is never masked: names are what a person
    types. Neither is one that is so short, or such a plain word, that it would be found where it did not come from.
    """

    def __init__(self) -> None:
        self._written: dict[str, str] = {}
        self._names: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, pieces: Iterable[tuple[str, str]], names: Iterable[str] = ()) -> None:
        """Variables that were replaced (value, name), and values that are a part of a name."""
        self._names.update(names)
        self._written.update((value, f"${{{name}}}") for value, name in pieces if _telling(value))
        known = sorted((value for value in self._written if value not in self._names), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_found, known))) if known else None

    def __call__(self, text: str) -> str:
        """``text`` with ``${NAME}`` in place of each value, and without the userinfo of URLs."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._written[found[0]], text)
        return masked(text)

    def identity(self, text: str) -> str:
        """A text that is kept to be compared: where it has to be masked, with a digest that tells values apart."""
        shown = self(text)
        return text if shown == text else f"{shown} #{blake2b(text.encode(), digest_size=8).hexdigest()}"

    def document(self, value: object) -> object:
        """A JSON document with every text in it masked."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {name: self.document(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.document(inner) for inner in value]
        return value


def hidden_value(text: str, value: str, made: Iterable[str], shown: str) -> str:
    """``text`` with ``shown`` in place of a value that nobody may read, and of what is ``made`` of it, longest first.

    A value that is short is found between quotes and behind ``=`` only: elsewhere it would be a part of words.
    """
    texts = sorted({value, *made} - {""}, key=len, reverse=True)
    pattern = "|".join(_found(each) if len(each) >= VALUE_CHARACTERS_MIN else _quoted(each) for each in texts)
    return re.sub(pattern, lambda _: shown, text)


def _quoted(value: str) -> str:
    return rf"(?<=['\"`=]){re.escape(value)}(?!\w)"


def _telling(value: str) -> bool:
    if value.isdigit():
        return len(value) >= SURE_CHARACTERS_MIN
    plain_word = value.isalpha() and (value.islower() or value.istitle() or value.isupper())
    return len(value) >= (WORD_CHARACTERS_MIN if plain_word else VALUE_CHARACTERS_MIN)


def _found(value: str) -> str:
    text = re.escape(value)
    return text if len(value) >= SURE_CHARACTERS_MIN else rf"(?<![A-Za-z0-9]){text}(?![A-Za-z0-9])"
