"""From tokens to the tree: OR below AND below NOT, as in the service's own grammar."""

from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from dynasmith.errors import UsageError
from dynasmith.items.condition.tokens import EXAMPLE, ConditionToken, condition_error, tokens_of
from dynasmith.items.condition.tree import (
    COMPARATORS,
    FUNCTIONS,
    AllOf,
    AnyOf,
    Between,
    Compare,
    FunctionCall,
    In,
    Node,
    Not,
    Operand,
    Path,
    Size,
    Value,
)
from dynasmith.items.number import number_fault
from dynasmith.items.value import TAGS, kind_of
from dynasmith.limits import NESTING_MAX_LEVELS

KEYWORDS: Final = ("AND", "OR", "NOT", "BETWEEN", "IN", "TRUE", "FALSE", "NULL")
#: API Reference, Condition expressions: at most 100 operands of IN.
IN_MAX_OPTIONS: Final = 100
#: Deeper parentheses are no condition that a person wrote.
_PARENTHESES_MAX: Final = 100


def parse_node(text: str) -> Node:
    """The tree of a condition. Raises UsageError, which shows the place and what was expected there."""
    return _Parser(text).whole()


def parse_paths(text: str) -> tuple[Path, ...]:
    """Attributes with commas between them, ``total, address.city, "odd name"``. Raises UsageError, which shows the
    place."""
    parser = _Parser(text, "for example: total, address.city")
    paths = [parser.path("an attribute was expected")]
    while parser.sign(","):
        paths.append(parser.path("an attribute was expected"))
    if not parser.at_end():
        raise parser.wrong(f"a comma was expected, not {parser.token.shown}")
    return tuple(paths)


class _Parser:
    """A place in the tokens that moves on."""

    def __init__(self, text: str, example: str = EXAMPLE) -> None:
        self.text, self.example = text, example
        self.tokens = tokens_of(text)
        self.place = 0
        self.depth = 0

    @property
    def token(self) -> ConditionToken:
        return self.tokens[self.place]

    def whole(self) -> Node:
        if self.at_end():
            raise self.wrong("it is empty", "write for example attribute_exists(age)")
        node = self.some()
        if not self.at_end():
            raise self.wrong(f"AND, OR or the end was expected, not {self.token.shown}")
        return node

    def at_end(self) -> bool:
        return self.token.kind == "end"

    def some(self) -> Node:
        terms = [self.every()]
        while self.word("OR"):
            terms.append(self.every())
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))

    def every(self) -> Node:
        terms = [self.term()]
        while self.word("AND"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else AllOf(tuple(terms))

    def term(self) -> Node:
        self.depth += 1
        if self.depth > _PARENTHESES_MAX:
            raise self.wrong(f"it is nested deeper than {_PARENTHESES_MAX} levels")
        if self.word("NOT"):
            node: Node = Not(self.term())
        elif self.sign("("):
            node = self.some()
            self.expect(")")
        elif self.calls() and self.token.text.lower() != "size":
            node = self.call()
        else:
            node = self.comparison()
        self.depth -= 1
        return node

    def calls(self) -> bool:
        return self.token.kind == "name" and self.tokens[self.place + 1].is_sign("(")

    def call(self) -> FunctionCall:
        start = self.place
        name = self.token.text.lower()
        if name not in FUNCTIONS:
            close = get_close_matches(name, [*FUNCTIONS, "size"], n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FUNCTIONS)} and size"
            raise self.wrong(f"{self.token.text} is not a function", hint)
        self.place += 1
        self.expect("(")
        path = self.path(f"{name} takes an attribute")
        operand = None
        if FUNCTIONS[name] == 2:
            self.expect(",")
            operand = self.operand()
            self.check_operand(name, operand, start)
        self.expect(")")
        return FunctionCall(name, path, operand)

    def check_operand(self, name: str, operand: Operand, start: int) -> None:
        if name == "attribute_type" and not (isinstance(operand, Value) and operand.value in TAGS):
            problem = f"attribute_type needs one of {', '.join(TAGS)} in quotes"
            raise self.wrong_at(start, problem, "attribute_type(age, 'N')")
        if name == "begins_with" and isinstance(operand, Value) and not isinstance(operand.value, str):
            raise self.wrong_at(start, "begins_with needs a string", "begins_with(name, 'A')")

    def comparison(self) -> Node:
        start = self.place
        left = self.operand()
        if self.word("BETWEEN"):
            low = self.operand()
            if not self.word("AND"):
                raise self.wrong(f"AND was expected, not {self.token.shown}", "age BETWEEN 18 AND 65")
            return self.between(left, low, self.operand(), start)
        if self.word("IN"):
            return In(left, self.options())
        for comparator in COMPARATORS:
            if self.sign(comparator):
                right = self.operand()
                if comparator not in ("=", "<>"):
                    self.check_ordered((left, right), start)
                return Compare(comparator, left, right)
        hint = f"attribute_exists({_shown(left)}) checks whether it exists" if isinstance(left, Path) else ""
        raise self.wrong(f"a comparison was expected, not {self.token.shown}", hint)

    def between(self, operand: Operand, low: Operand, high: Operand, start: int) -> Between:
        self.check_ordered((operand, low, high), start)
        if isinstance(low, Value) and isinstance(high, Value):
            problem = ""
            if kind_of(low.value) != kind_of(high.value):
                problem = "the two bounds of BETWEEN are of different types"
            elif low.value > high.value:  # type: ignore[operator]  # check_ordered left strings or numbers
                problem = "the lower bound of BETWEEN is above the upper one"
            if problem:
                raise self.wrong_at(start, problem)
        return Between(operand, low, high)

    def check_ordered(self, operands: tuple[Operand, ...], start: int) -> None:
        for operand in operands:
            if isinstance(operand, Value) and not isinstance(operand.value, str | Decimal):
                raise self.wrong_at(start, "true, false and null have no order", "compare them with = or <>")

    def options(self) -> tuple[Operand, ...]:
        self.expect("(")
        options = [self.operand()]
        while self.sign(","):
            options.append(self.operand())
        if len(options) > IN_MAX_OPTIONS:
            raise self.wrong(f"IN has {len(options)} values, at most {IN_MAX_OPTIONS} are allowed")
        self.expect(")")
        return tuple(options)

    def operand(self) -> Operand:
        token = self.token
        match token.kind:
            case "text":
                self.place += 1
                return Value(token.text)
            case "number":
                fault = number_fault(token.text)
                if fault:
                    raise self.wrong(f"{token.brief} is not a number that DynamoDB holds: {fault}")
                self.place += 1
                return Value(Decimal(token.text))
            case "name" if token.text.upper() in ("TRUE", "FALSE", "NULL"):
                self.place += 1
                return Value({"TRUE": True, "FALSE": False, "NULL": None}[token.text.upper()])
            case "name" if token.text.lower() == "size" and self.calls():
                self.place += 1
                self.expect("(")
                path = self.path("size takes an attribute")
                self.expect(")")
                return Size(path)
        return self.path("an attribute or a value was expected")

    def path(self, expected: str) -> Path:
        token = self.token
        if token.kind == "name" and token.text.upper() in KEYWORDS:
            raise self.wrong(
                f"{expected}, not {token.text}", f'an attribute of that name goes in quotes: "{token.text}"'
            )
        if token.kind not in ("name", "quoted"):
            raise self.wrong(f"{expected}, not {token.shown}")
        parts: list[str | int] = [token.text]
        self.place += 1
        while True:
            if self.sign("."):
                if self.token.kind not in ("name", "quoted"):
                    raise self.wrong(f"a name was expected after the dot, not {self.token.shown}")
                parts.append(self.token.text)
                self.place += 1
            elif self.sign("["):
                if self.token.kind != "number" or not self.token.text.isdigit() or len(self.token.text) > 9:
                    raise self.wrong(f"a place in a list was expected, not {self.token.shown}", "lines[0] is the first")
                parts.append(int(self.token.text))
                self.place += 1
                self.expect("]")
            else:
                break
        if len(parts) > NESTING_MAX_LEVELS:
            raise self.wrong(f"a path has at most {NESTING_MAX_LEVELS} levels")
        return Path(tuple(parts))

    def word(self, word: str) -> bool:
        found = self.token.is_word(word)
        self.place += found
        return found

    def sign(self, sign: str) -> bool:
        found = self.token.is_sign(sign)
        self.place += found
        return found

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            raise self.wrong(f"{sign!r} was expected, not {self.token.shown}")

    def wrong(self, problem: str, hint: str = "") -> UsageError:
        return condition_error(self.text, self.token.at, problem, hint or self.example)

    def wrong_at(self, place: int, problem: str, hint: str = "") -> UsageError:
        return condition_error(self.text, self.tokens[place].at, problem, hint or self.example)


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path.parts).removeprefix(".")
