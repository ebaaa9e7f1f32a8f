"""The text of a condition as tokens, each with its place."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from dynasmith.errors import UsageError

Kind: TypeAlias = Literal["text", "number", "name", "quoted", "sign", "end"]

_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^']|'')*')
      | (?P<number>-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<quoted>"(?:[^"]|"")+")
      | (?P<sign><>|<=|>=|[=<>(),.\[\]])""",
    re.VERBOSE,
)
_SPACE: Final = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class ConditionToken:
    """A piece of the text. ``text`` is what it means: quotes undone."""

    kind: Kind
    text: str
    at: int

    def is_sign(self, sign: str) -> bool:
        """Whether it is this sign, and not a string that reads like it."""
        return self.kind == "sign" and self.text == sign

    def is_word(self, word: str) -> bool:
        """Whether it is this keyword, in any case."""
        return self.kind == "name" and self.text.upper() == word

    @property
    def shown(self) -> str:
        """For a message."""
        return "the end" if self.kind == "end" else repr(self.brief)

    @property
    def brief(self) -> str:
        """The text, or its first 40 characters."""
        return self.text if len(self.text) <= 40 else f"{self.text[:40]}..."


def tokens_of(text: str) -> list[ConditionToken]:
    """The tokens of a condition, closed by one of kind ``end``. Raises UsageError with the place."""
    found = []
    at = _space(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise condition_error(text, at, *_unreadable(text[at:]))
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the groups of the pattern are the kinds
        said = match[0]
        if kind in ("text", "quoted"):
            quote = said[0]
            said = said[1:-1].replace(quote * 2, quote)
        found.append(ConditionToken(kind, said, at))
        at = _space(text, match.end())
    found.append(ConditionToken("end", "", len(text)))
    return found


EXAMPLE: Final = "for example: status = 'paid' AND total > 5"


def condition_error(text: str, at: int, problem: str, hint: str = "") -> UsageError:
    """The error at a place of a condition, which it shows; where there is no better hint, with an example."""
    before, after = text[max(0, at - 20) : at], text[at : at + 20]
    return UsageError(
        f"The condition cannot be read at character {at + 1} ({before}▸{after}): {problem}.", hint=hint or EXAMPLE
    )


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _unreadable(rest: str) -> tuple[str, str]:
    match rest[0]:
        case "'":
            return "a string is not closed", "a quote inside a string is doubled: 'it''s'"
        case '"':
            return "a quoted name is not closed or is empty", "values go in single quotes, odd names in double quotes"
        case ":" | "#" | "$":
            return f"{rest[0]!r} begins a placeholder", "write values inline: age > 18 AND status = 'new'"
        case "!":
            return "'!' is not in this language", "write <> for not equal, NOT for not"
        case "-" | "+" | "*" | "/":
            return "a condition cannot calculate", "a name with a dash goes in double quotes: \"first-name\" = 'a'"
        case "&" | "|":
            return f"{rest[0]!r} is not in this language", "write AND, OR"
        case other:
            return f"{other!r} is not in this language", ""
