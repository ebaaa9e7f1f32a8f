"""From the text of an expression to its tokens, and a reader over them."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<number>[0-9]+)"
    r"|(?P<sign><=|>=|<>|[=<>(),.\[\]+-])"
)
_SPACE = re.compile(r"[ \t\r\n]*")
END = "<EOF>"
# The endpoint's own bound; an expression of the service has at most 300 operators.
DEPTH_MAX = 100


class ExpressionError(Exception):
    """The expression is not one; the message is the service's, after "Invalid ...Expression: "."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: ``kind`` name, alias (#), value (:), number, sign or end."""

    kind: str
    text: str
    start: int


def tokens_of(text: str) -> list[Token]:
    """The tokens of an expression, the last one the end. ExpressionError for a character that starts none."""
    found: list[Token] = []
    at = _space(text, 0)
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f'Syntax error; token: "{text[at]}", near: "{text[max(0, at - 10) : at + 10]}"')
        found.append(Token(match.lastgroup, match.group(), at))
        at = _space(text, match.end())
    found.append(Token("end", END, len(text)))
    return found


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match is not None else at


class TokenReader:
    """Reads the tokens of one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def is_sign(self, *signs: str) -> bool:
        """Whether one of the signs comes next."""
        return self.next.kind == "sign" and self.next.text in signs

    def is_word(self, *words: str) -> bool:
        """Whether one of the keywords comes next, in any case."""
        return self.next.kind == "name" and self.next.text.upper() in words

    def take(self) -> Token:
        """The next token, which is then read."""
        token = self.tokens[self.at]
        self.at += 1
        return token

    def take_sign(self, sign: str) -> bool:
        """Read a sign if it comes next."""
        if not self.is_sign(sign):
            return False
        self.at += 1
        return True

    def take_word(self, word: str) -> bool:
        """Read a keyword if it comes next."""
        if not self.is_word(word):
            return False
        self.at += 1
        return True

    def expect_sign(self, sign: str) -> None:
        """Read a sign that must come next."""
        if not self.take_sign(sign):
            raise self.error()

    def deeper(self) -> None:
        """Note that something is nested one level deeper; ``shallower`` ends it."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ExpressionError(f"The expression is nested more than {DEPTH_MAX} levels deep")

    def shallower(self) -> None:
        """End a level of nesting."""
        self._depth -= 1

    def error(self) -> ExpressionError:
        """A syntax error at the token that comes next, with what is around it."""
        first, last = self.tokens[max(0, self.at - 1)], self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        end = len(self.text) if last.kind == "end" else last.start + len(last.text)
        return ExpressionError(f'Syntax error; token: "{self.next.text}", near: "{self.text[first.start : end]}"')
