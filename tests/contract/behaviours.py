"""The behaviours that dynasmith relies on: each a sentence, and a function that raises where it does not hold."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.subject import Subject

Check = Callable[[Subject], None]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """``name`` is how a flavor refers to it, ``sentence`` what the service does, ``check`` tries it on an engine."""

    name: str
    sentence: str
    check: Check


BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(sentence: str) -> Callable[[Check], Check]:
    """Register a check under the name of its function."""

    def register(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        assert name not in BEHAVIOURS, f"two behaviours are named {name}"
        BEHAVIOURS[name] = Behaviour(name, sentence, check)
        return check

    return register
