"""Generated items: plain Python values that DynamoDB can hold, and the same items in other wire spellings."""

import base64
import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dynasmith.items.value import encode_tree

#: For properties over whole items: few examples, and no clock, because a busy machine is no defect.
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def _numbers(draw: st.DrawFn) -> Decimal:
    digits = draw(st.integers(0, 10**38 - 1))
    exponent = draw(st.integers(-130, 125 - len(str(digits)) + 1))
    number = Decimal((draw(st.integers(0, 1)), tuple(map(int, str(digits))), exponent))
    return number if number else Decimal(0)


numbers = _numbers()
binaries = st.binary(max_size=12)
sets = st.one_of(
    st.sets(texts, min_size=1, max_size=4),
    st.sets(numbers, min_size=1, max_size=4),
    st.sets(binaries, min_size=1, max_size=4),
)
scalars = st.one_of(texts, numbers, binaries, st.booleans(), st.none())
values = st.recursive(
    scalars | sets,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
items = st.dictionaries(names, values, max_size=6)


@st.composite
def respelt(draw: st.DrawFn, item: dict[str, Any]) -> bytes:
    """Another wire spelling of an item: escapes, order of attributes and members, zeros, exponents, white space."""
    shuffle = draw(st.randoms(use_true_random=False))

    def number(text: str) -> str:
        sign, digits, exponent = Decimal(text).as_tuple()
        assert isinstance(exponent, int)
        zeros = shuffle.randint(0, 3)
        body = "".join(map(str, digits)) + "0" * zeros
        minus = "-" if sign else ""
        return f"{minus}{'0' * shuffle.randint(0, 2)}{body}{shuffle.choice('eE')}{exponent - zeros}"

    def tree(value: dict[str, Any]) -> dict[str, Any]:
        ((tag, content),) = value.items()
        match tag:
            case "N":
                return {tag: number(content)}
            case "NS":
                return {tag: [number(member) for member in shuffle.sample(content, len(content))]}
            case "SS" | "BS":
                return {tag: shuffle.sample(content, len(content))}
            case "L":
                return {tag: [tree(member) for member in content]}
            case "M":
                return {tag: mapping(content)}
            case _:
                return {tag: content}

    def mapping(content: dict[str, Any]) -> dict[str, Any]:
        order = list(content)
        shuffle.shuffle(order)
        return {name: tree(content[name]) for name in order}

    def text(content: Any) -> Any:
        return base64.b64encode(content).decode()

    whole = {name: encode_tree(value) for name, value in item.items()}
    spaces = (", ", " : ") if shuffle.random() < 0.5 else (",", ":")
    return json.dumps(mapping(whole), ensure_ascii=shuffle.random() < 0.5, separators=spaces, default=text).encode()
