"""Random expressions of the grammar are read; with one token changed, they are judged as a second, simpler judge says.

The second judge knows nothing of the endpoint's grammar: it writes a letter for each token and replaces what belongs
together by one letter, until one is left or nothing more can be replaced.
"""

import re
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.strict.expressions.expression import read_expression

Tokens = list[str]
CONDITION, UPDATE, PROJECTION = "FilterExpression", "UpdateExpression", "ProjectionExpression"
NAMES = ("alpha", "beta_2", "c_", "#n", "#key")
VALUES = (":v", ":w2")
COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
TRUE_FUNCTIONS = ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")
POOL = (
    *(*NAMES, *VALUES, *COMPARATORS, *TRUE_FUNCTIONS, "size", "if_not_exists", "list_append", "unknown_one"),
    *(
        "(",
        ")",
        ",",
        ".",
        "[",
        "]",
        "0",
        "+",
        "-",
        "AND",
        "or",
        "NOT",
        "between",
        "IN",
        "SET",
        "remove",
        "ADD",
        "DELETE",
    ),
)


def joined(*parts: Tokens) -> Tokens:
    return [token for part in parts for token in part]


def separated(parts: list[Tokens]) -> Tokens:
    return [token for number, part in enumerate(parts) for token in ([","] if number else []) + part]


names = st.sampled_from(NAMES).map(lambda name: [name])
steps = st.one_of(names.map(lambda name: [".", *name]), st.sampled_from(("0", "7", "10")).map(lambda n: ["[", n, "]"]))
paths = st.builds(lambda head, tail: joined(head, *tail), names, st.lists(steps, max_size=2))
values = st.sampled_from(VALUES).map(lambda value: [value])
simple = st.one_of(paths, values)
operands = st.one_of(
    simple,
    simple.map(lambda operand: ["(", *operand, ")"]),
    simple.map(lambda operand: ["size", "(", *operand, ")"]),
)
tests = st.one_of(
    st.builds(lambda one, by, other: [*one, by, *other], operands, st.sampled_from(COMPARATORS), operands),
    st.builds(lambda one, low, high: [*one, "BETWEEN", *low, "AND", *high], operands, operands, operands),
    st.builds(
        lambda one, several: [*one, "in", "(", *separated(several), ")"],
        operands,
        st.lists(operands, min_size=1, max_size=3),
    ),
    st.builds(
        lambda name, several: [name, "(", *separated(several), ")"],
        st.sampled_from(TRUE_FUNCTIONS),
        st.lists(operands, min_size=1, max_size=2),
    ),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda one, by, other: [*one, by, *other], inner, st.sampled_from(("AND", "or")), inner),
        inner.map(lambda one: ["NOT", *one]),
        # Parentheses right inside of others are redundant; a NOT keeps them apart.
        inner.map(lambda one: ["(", "not", *one, ")"]),
    ),
    max_leaves=5,
)
update_operands = st.one_of(
    simple,
    st.builds(lambda path, other: ["if_not_exists", "(", *path, ",", *other, ")"], paths, simple),
    st.builds(lambda one, other: ["list_append", "(", *one, ",", *other, ")"], simple, simple),
)
sums = st.builds(
    lambda one, by, other: [*one, by, *other], update_operands, st.sampled_from(("+", "-")), update_operands
)
assigned = st.one_of(update_operands, sums, sums.map(lambda one: ["(", *one, ")"]))
clauses = st.fixed_dictionaries(
    {},
    optional={
        "SET": st.builds(lambda path, value: [*path, "=", *value], paths, assigned),
        "remove": paths,
        "ADD": st.builds(joined, paths, values),
        "DELETE": st.builds(joined, paths, values),
    },
).filter(bool)
updates = clauses.map(lambda found: joined(*([clause, *action] for clause, action in found.items())))
projections = st.lists(paths, min_size=1, max_size=4).map(separated)


def letters(
    tokens: Tokens,
    words: dict[str, str],
    true: tuple[str, ...] = (),
    other: tuple[str, ...] = (),
    compare: tuple[str, ...] = (),
) -> str:
    """A letter for each token: n name, v value, 0 number, c comparator, f and s functions, u one that there is not."""
    found = ""
    for place, token in enumerate(tokens):
        called = tokens[place + 1 : place + 2] == ["("]
        if token.upper() in words:
            found += words[token.upper()]
        elif token[0].isalpha() and called:
            found += "f" if token in true else "s" if token in other else "u"
        elif token[0].isalpha() or token[0] in "#_":
            found += "u" if called and token[0] == "_" else "n"
        elif token[0] == ":":
            found += "v"
        else:
            found += "0" if token.isdigit() else "c" if token in compare else token if len(token) == 1 else "?"
    return found


def reduced(text: str, *rules: tuple[str, str]) -> str:
    """The text with the rules used until nothing changes, each as often as it can before the next."""
    before = ""
    while before != text:
        before = text
        for pattern, letter in rules:
            text = re.sub(pattern, letter, text)
    return text


def doubled(text: str) -> bool:
    """Whether parentheses stand right inside of parentheses that are no function's and no IN's."""
    opened: list[int] = []
    pairs = set()
    for place, letter in enumerate(text):
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            pairs.add((opened.pop(), place))
    return any(
        (first + 1, last - 1) in pairs and (first == 0 or text[first - 1] not in "fsiu") for first, last in pairs
    )


def is_condition(tokens: Tokens) -> bool:
    words = {"AND": "a", "OR": "o", "NOT": "!", "BETWEEN": "b", "IN": "i"}
    text = letters(tokens, words, TRUE_FUNCTIONS, ("size",), COMPARATORS)
    whole = reduced(
        reduced(text, (r"n", "P"), (r"P\.P|P\[0\]|(?<![fsiu])\(P\)", "P")),
        (r"P|v|s\(E(,E)*\)|(?<![fsiu])\(E\)", "E"),
        (r"EbEaE|EcE|Ei\(E(,E)*\)|f\(E(,E)*\)", "C"),
        (r"(?<![fsiu])\(C\)|!C|C[ao]C", "C"),
    )
    return whole == "C" and not doubled(text)


def is_update(tokens: Tokens) -> bool:
    words = {"SET": "S", "REMOVE": "R", "ADD": "A", "DELETE": "D"}
    text = letters(tokens, words, ("if_not_exists", "list_append"), (), ("=",)).replace("+", "m").replace("-", "m")
    operand = "[PQvE]"
    whole = reduced(
        reduced(text, (r"n", "P"), (r"P\.P|P\[0\]", "P"), (r"(?<![fu])\([PQ]\)|Q\.P|Q\[0\]", "Q")),
        (rf"f\({operand}(,{operand})*\)|(?<![fu])\([vE]\)", "E"),
        (rf"(?<![fu])\({operand}m{operand}\)|\(V\)", "V"),
    )
    setting = rf"Pc(V|{operand}m{operand}|{operand})"
    clause = rf"(S{setting}(,{setting})*|RP(,P)*|[AD]Pv(,Pv)*)"
    return re.fullmatch(f"{clause}+", whole) is not None and all(text.count(letter) < 2 for letter in "SRAD")


def is_projection(tokens: Tokens) -> bool:
    text = letters(tokens, {})
    return re.fullmatch(r"P(,P)*", reduced(text, (r"n", "P"), (r"P\.P|P\[0\]", "P"))) is not None


def changed(tokens: Tokens, data: st.DataObject) -> Tokens:
    """The tokens with one of them gone, twice, another, or in its neighbour's place."""
    place = data.draw(st.integers(0, len(tokens) - 1))
    match data.draw(st.sampled_from(("gone", "twice", "other", "more", "turned"))):
        case "gone":
            return [*tokens[:place], *tokens[place + 1 :]]
        case "twice":
            return [*tokens[:place], tokens[place], *tokens[place:]]
        case "other":
            return [*tokens[:place], data.draw(st.sampled_from(POOL)), *tokens[place + 1 :]]
        case "more":
            return [*tokens[:place], data.draw(st.sampled_from(POOL)), *tokens[place:]]
        case _:
            return [*tokens[:place], *reversed(tokens[place : place + 2]), *tokens[place + 2 :]]


def check(kind: str, tokens: Tokens, data: st.DataObject, judge: Callable[[Tokens], bool]) -> None:
    assert read_expression(kind, " ".join(tokens)).error is None
    assert judge(tokens)
    other = changed(tokens, data)
    error = read_expression(kind, " ".join(other)).error
    assert (error is None) == judge(other), (" ".join(other), error)


@settings(max_examples=150)
@given(conditions, st.data())
def test_conditions(tokens: Tokens, data: st.DataObject) -> None:
    check(CONDITION, tokens, data, is_condition)


@settings(max_examples=150)
@given(updates, st.data())
def test_updates(tokens: Tokens, data: st.DataObject) -> None:
    check(UPDATE, tokens, data, is_update)


@settings(max_examples=100)
@given(projections, st.data())
def test_projections(tokens: Tokens, data: st.DataObject) -> None:
    check(PROJECTION, tokens, data, is_projection)
