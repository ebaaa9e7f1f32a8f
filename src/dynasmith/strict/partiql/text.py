"""Just enough of PartiQL to say what a statement does: its verb, its table, the one item it names, what it writes.

Source of the grammar: developer guide, ql-reference (statements, data types). What is not understood is left to the
engine: its key is None then, and its values count as unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

Verb = Literal["SELECT", "INSERT", "UPDATE", "DELETE", ""]
# Letters that end an expression where no bracket is open.
_ENDS = frozenset({"SET", "REMOVE", "WHERE", "RETURNING", "AND", "OR", "ORDER"})
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|"(?P<name>(?:[^"]|"")+)"|(?P<mark>\?)|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign><<|>>|<=|>=|<>|!=|[^\s])"""
)
_CLOSES = {"(": ")", "[": "]", "{": "}", "<<": ">>"}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A question mark: the parameter of that place."""

    place: int


@dataclass(frozen=True, slots=True)
class PartiqlToken:
    """``kind``: text, name, mark, number, word or sign."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class StatementShape:
    """A statement without its parameters. Values are wire values in which a Mark may stand, or None: not told."""

    verb: Verb = ""
    table: str = ""
    index: str | None = None
    item: Any = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    assigned: Mapping[str, Any] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    returning: bool = False
    #: A condition of a transaction: EXISTS(SELECT ...).
    exists: bool = False


@lru_cache(maxsize=2048)
def shape_of(statement: str) -> StatementShape:
    """What the text of a statement says; an empty Shape for what is none."""
    try:
        return _Reader(statement).shape()
    except IndexError:  # it ended in the middle: the engine says so
        return StatementShape()


class _Reader:
    """Goes through the tokens of one statement once."""

    def __init__(self, statement: str) -> None:
        self._tokens = list(_tokens(statement))
        self._at = 0
        self._marks = 0

    def shape(self) -> StatementShape:
        match self._next().text.upper():
            case "SELECT":
                while not self._take("FROM"):
                    self._skip()
                return StatementShape("SELECT", *self._place(), equal=self._where())
            case "EXISTS":
                self._take("(")
                return replace(self.shape(), exists=True)
            case "INSERT":
                self._take("INTO")
                table, index = self._place()
                self._next()  # VALUE, or VALUES
                return StatementShape("INSERT", table, index, item=self._value())
            case "DELETE":
                self._take("FROM")
                table, index = self._place()
                return StatementShape("DELETE", table, index, equal=self._where(), returning=self._left())
            case "UPDATE":
                return self._update()
        return StatementShape()

    def _update(self) -> StatementShape:
        table, index = self._place()
        assigned: dict[str, Any] = {}
        removed: list[str] = []
        touched: list[str] = []
        while not self._done() and self._word() in {"SET", "REMOVE"}:
            verb = self._next().text.upper()
            while True:
                name, whole = self._path()
                value = None
                if verb == "SET":
                    self._take("=")
                    value = self._value()
                    if not self._ended():
                        value = None
                        self._pass_over()
                if whole and verb == "REMOVE":
                    removed.append(name)
                elif whole and value is not None:
                    assigned[name] = value
                else:
                    touched.append(name)
                if not self._take(","):
                    break
        equal = self._where()
        return StatementShape(
            "UPDATE", table, index, None, equal, assigned, tuple(removed), tuple(touched), self._left()
        )

    # --- parts

    def _place(self) -> tuple[str, str | None]:
        table = self._next().text
        return table, (self._next().text if self._take(".") else None)

    def _path(self) -> tuple[str, bool]:
        """(the top-level attribute, whether the path is all of it)."""
        name, whole = self._next().text, True
        while not self._done() and self._word() in {".", "["}:
            whole = False
            if self._next().text == "[":
                while not self._take("]"):
                    self._next()
            else:
                self._next()
        return name, whole

    def _where(self) -> dict[str, Any]:
        """The attributes that are held to one value: terms either by AND alone."""
        while not self._done() and not self._take("WHERE"):
            if self._word() in {"RETURNING", "ORDER", ")"}:
                return {}
            self._skip()
        found: dict[str, Any] = {}
        while not self._done() and self._word() not in {"RETURNING", "ORDER", ")"}:
            name, value = self._equality()
            if name:
                found[name] = value
            if not self._done() and self._word() == "OR":
                return {}
            self._take("AND")
        return found

    def _equality(self) -> tuple[str, Any]:
        """The name and the value of a term ``name = value`` or ``value = name``; another one is passed over."""
        first = self._name_or_value()
        if first is not None and self._take("="):
            second = self._name_or_value()
            if second is not None and self._ended():
                (left, said), (right, meant) = first, second
                if left and not right:
                    return left, meant
                if right and not left:
                    return right, said
        between = self._pass_over()
        if between:  # the AND of a BETWEEN is none of ours
            self._take("AND")
            self._pass_over()
        return "", None

    def _name_or_value(self) -> tuple[str, Any] | None:
        if self._done():
            return None
        token = self._tokens[self._at]
        if token.kind == "name" or (
            token.kind == "word" and token.text.upper() not in {"TRUE", "FALSE", "NULL", "NOT"}
        ):
            self._at += 1
            return token.text, None
        if token.text == "(":
            return None
        value = self._value()
        return None if value is None else ("", value)

    def _pass_over(self) -> bool:
        """Go on to where an expression ends; whether a BETWEEN was in it."""
        between = False
        while not self._ended():
            between = between or self._word() == "BETWEEN"
            self._skip()
        return between

    def _ended(self) -> bool:
        return self._done() or self._word() in _ENDS or self._word() in {",", ")", "}", "]", ">>"}

    def _skip(self) -> None:
        """One token, or all that a bracket encloses."""
        token = self._next()
        closing = _CLOSES.get(token.text) if token.kind == "sign" else None
        while closing is not None and not self._take(closing):
            self._skip()

    def _value(self) -> Any:
        """A literal or a parameter, as a wire value; None where it is something else."""
        token = self._next()
        match token.kind:
            case "mark":
                return Placeholder(self._marks - 1)
            case "text":
                return {"S": token.text[1:-1].replace("''", "'")}
            case "number":
                return {"N": token.text}
            case "word" if token.text.upper() in {"TRUE", "FALSE"}:
                return {"BOOL": token.text.upper() == "TRUE"}
            case "word" if token.text.upper() == "NULL":
                return {"NULL": True}
            case "sign" if token.text in {"{", "[", "<<"}:
                return self._collection(token.text)
        return None

    def _collection(self, opening: str) -> Any:
        members: list[Any] = []
        names: list[str] = []
        while not self._take(_CLOSES[opening]):
            if opening == "{":
                key = self._next()
                names.append(key.text[1:-1].replace("''", "'") if key.kind == "text" else key.text)
                self._take(":")
            value = self._value()
            while not self._ended():
                value = None
                self._skip()
            members.append(value)
            self._take(",")
        if any(member is None for member in members):
            return None
        if opening == "{":
            return {"M": dict(zip(names, members, strict=True))}
        if opening == "[":
            return {"L": members}
        kinds = {kind for member in members if isinstance(member, dict) for kind in member}
        if len(kinds) != 1 or any(isinstance(member, Placeholder) for member in members):
            return None
        (kind,) = kinds
        return {f"{kind}S": [member[kind] for member in members]}

    # --- tokens

    def _done(self) -> bool:
        return self._at >= len(self._tokens)

    def _left(self) -> bool:
        return not self._done() and self._word() == "RETURNING"

    def _word(self) -> str:
        token = self._tokens[self._at]
        return token.text.upper() if token.kind in {"word", "sign"} else ""

    def _next(self) -> PartiqlToken:
        token = self._tokens[self._at]
        self._at += 1
        self._marks += token.kind == "mark"
        return token

    def _take(self, text: str) -> bool:
        """Go past the token where it is this one; IndexError at the end of a statement that still needs it."""
        if self._done():
            if text in _CLOSES.values() or text == "FROM":
                raise IndexError(text)
            return False
        if self._word() != text:
            return False
        self._at += 1
        return True


def _tokens(statement: str) -> Iterator[PartiqlToken]:
    for match in _TOKEN.finditer(statement):
        kind = str(match.lastgroup)
        text = match[kind]
        yield PartiqlToken(kind, text.replace('""', '"') if kind == "name" else text)
