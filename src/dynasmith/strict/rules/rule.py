"""The table of rules: each is one small entry that says what it refuses and how we know.

``certainty``: "documented" = the service's documentation or API model says it, "observed" = seen on the service by
others and published, "assumed" = the refusal is documented or likely but its code, message or edge is our reading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dynasmith.strict.measures.measure import CallMeasure
from dynasmith.strict.state.refusal import Refusal as Refusal
from dynasmith.strict.state.state import Account, StrictTable

Certainty = Literal["documented", "observed", "assumed"]


@dataclass(frozen=True, slots=True)
class JudgedRequest:
    """A call that a rule judges: its operation, its JSON, the table it names (None when there is none) and the time."""

    operation: str
    body: Mapping[str, Any]
    table: StrictTable | None
    account: Account
    now: float
    measured: CallMeasure = field(default_factory=CallMeasure)

    @property
    def name(self) -> str:
        """The table's name as the call gives it (an ARN is cut to its name); "" for none."""
        return plain_name(self.body.get("TableName"))


Check = Callable[[JudgedRequest], Refusal | None]


@dataclass(frozen=True, slots=True)
class StrictRule:
    """One rule. ``operations`` are the DynamoDB operations it judges; ("*",) is all. ``check`` None: the rule is
    kept in the endpoint itself (a state, an answer put right) and can be switched off like any other.
    """

    name: str
    operations: tuple[str, ...]
    refuses: str
    source: str
    certainty: Certainty = "documented"
    check: Check | None = None


class RuleBook:
    """The rules of one server: which there are, and which are off."""

    def __init__(self, rules: Iterable[StrictRule], off: Iterable[str] = ()) -> None:
        self._rules: dict[str, StrictRule] = {rule.name: rule for rule in rules}
        self._off: set[str] = set()
        self._by_operation: dict[str, tuple[StrictRule, ...]] = {}
        self.off(*off)

    def __iter__(self) -> Iterator[StrictRule]:
        return iter(tuple(self._rules.values()))

    def off(self, *names: str) -> None:
        """Switch rules off. ValueError for a name that no rule has."""
        for name in names:
            if name not in self._rules:
                raise ValueError(f"there is no strict rule {name!r}; there are: {', '.join(sorted(self._rules))}")
            self._off.add(name)
        self._by_operation.clear()

    def on(self, *names: str) -> None:
        """Switch rules on again."""
        self._off.difference_update(names)
        self._by_operation.clear()

    def add(self, rule: StrictRule) -> None:
        """Add a rule of your own; it is judged after those there are. A rule of the same name is replaced."""
        self._rules[rule.name] = rule
        self._by_operation.clear()

    def holds(self, name: str) -> bool:
        """Whether the rule is on."""
        return name in self._rules and name not in self._off

    def judge(self, ask: JudgedRequest) -> Refusal | None:
        """The first refusal of the rules that are on, in their order; None when all agree."""
        for rule in self.of(ask.operation):
            assert rule.check is not None
            refusal = rule.check(ask)
            if refusal is not None:
                return refusal
        return None

    def of(self, operation: str) -> tuple[StrictRule, ...]:
        """The rules with a check that are on for an operation."""
        found = self._by_operation.get(operation)
        if found is None:
            found = tuple(
                rule
                for rule in self._rules.values()
                if rule.check is not None
                and rule.name not in self._off
                and (operation in rule.operations or "*" in rule.operations)
            )
            self._by_operation[operation] = found
        return found


def rule(
    rules: list[StrictRule],
    name: str,
    *operations: str,
    refuses: str,
    source: str,
    certainty: Certainty = "documented",
) -> Callable[[Check], Check]:
    """Put a check into a list of rules under its name."""

    def put(check: Check) -> Check:
        rules.append(StrictRule(name, operations, refuses, source, certainty, check))
        return check

    return put


def plain_name(value: object) -> str:
    """A table's name from a name or a table ARN; "" for anything else."""
    if not isinstance(value, str):
        return ""
    if value.startswith("arn:"):
        _, _, rest = value.partition(":table/")
        return rest.split("/", 1)[0]
    return value


def invalid(message: str) -> Refusal:
    """A ValidationException."""
    return Refusal("ValidationException", message)


def invalid_values(message: str) -> Refusal:
    """A ValidationException with the service's usual opening."""
    return Refusal("ValidationException", f"One or more parameter values were invalid: {message}")


def limit(message: str) -> Refusal:
    """A LimitExceededException with the service's usual opening."""
    return Refusal("LimitExceededException", f"Subscriber limit exceeded: {message}")
