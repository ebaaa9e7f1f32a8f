"""LazyItem against a dict under any operations, with and without what was learnt; what nobody touched does not move."""

from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dynasmith.items.lazy import LazyItem
from dynasmith.items.specialized_reader import SpecializedReader
from dynasmith.items.value import same_value
from dynasmith.items.wire import attributes, decode_item
from wire_items import items, respelt, values

NAMES = ("a", "b", "c", "d")
names = st.sampled_from(NAMES)
few_names = st.dictionaries(names, values, max_size=4)


class AgainstADict(RuleBasedStateMachine):
    """One item, its model, and the names that were assigned or removed in it."""

    lazy: LazyItem
    model: dict[str, Any]
    wire: bytes
    written: set[str]
    asked: set[str]

    @initialize(item=few_names | items, assigned=st.sets(names), learnt=st.booleans(), data=st.data())
    def begin(self, item: dict[str, Any], assigned: set[str], learnt: bool, data: st.DataObject) -> None:
        self.wire = data.draw(respelt(item))
        ahead = SpecializedReader(first=2)
        for known in (item, data.draw(few_names)) if learnt else ():
            # Learnt from an item like this one, and from any other.
            ahead.learn(LazyItem(data.draw(respelt(known))).raw, frozenset(assigned))
        assert not learnt or ahead.plan is not None or ahead._lessons.shape.open
        self.lazy, self.model = LazyItem(self.wire, decode_item, ahead), decode_item(self.wire)
        self.written, self.asked = set(), set()

    @rule(name=names)
    def get(self, name: str) -> None:
        assert same_value(self.lazy.get(name, "none"), self.model.get(name, "none"))
        self.asked.add(name)

    @rule(name=names)
    def contains(self, name: str) -> None:
        assert (name in self.lazy) == (name in self.model)
        self.asked.add(name)

    @rule(name=names, value=values)
    def assign(self, name: str, value: Any) -> None:
        self.lazy[name], self.model[name] = value, deepcopy(value)
        self.written.add(name)

    @rule(more=few_names)
    def update(self, more: dict[str, Any]) -> None:
        self.lazy.update(more)
        self.model.update(deepcopy(more))
        self.written |= more.keys()

    @rule(name=names)
    def remove(self, name: str) -> None:
        assert same_value(self.lazy.pop(name, None), self.model.pop(name, None))
        self.written.add(name)
        self.asked.add(name)

    @rule(name=names)
    def change_in_place(self, name: str) -> None:
        self.asked.add(name)
        for value in (self.lazy.get(name), self.model.get(name)):
            if isinstance(value, list):
                value.append("more")
            elif isinstance(value, dict):
                value["more"] = [1]
            elif isinstance(value, set):
                value.pop() if len(value) > 1 and value <= {"", "0", "a"} else None
            else:
                continue
            self.written.add(name)

    @rule()
    def iterate(self) -> None:
        assert sorted(self.lazy) == sorted(self.lazy.keys()) == sorted(self.model)
        assert len(self.lazy) == len(self.model)
        assert same_value(dict(self.lazy.items()), self.model)
        assert same_value(list(self.lazy.values()), [self.model[name] for name in self.lazy])
        self.asked |= attributes(self.wire).keys()

    @rule()
    def change_while_iterating(self) -> None:
        for name in self.lazy:
            if name in ("a", "b"):
                del self.lazy[name], self.model[name]
                self.written.add(name)
        self.asked |= attributes(self.wire).keys()

    @rule(name=names)
    def go_on_with_a_copy(self, name: str) -> None:
        before, self.lazy = self.lazy, self.lazy | {name: "copied"}
        before[name] = ["not", "mine"]
        self.model[name] = "copied"
        self.written.add(name)

    @rule()
    def came(self) -> None:
        for name, value in decode_item(self.wire).items():
            if name not in self.written:
                assert same_value(self.lazy.came(name), value)

    @invariant()
    def touched_is_what_was_asked_or_written(self) -> None:
        assert self.lazy.touched - self.written == self.asked - self.written

    @invariant()
    def the_wire_is_the_model(self) -> None:
        before, now = attributes(self.wire), attributes(self.lazy.wire())
        assert same_value(decode_item(self.lazy.wire()), self.model)
        for name in before.keys() - self.written:
            assert now[name] == before[name]
        assert self.lazy.wrote(NAMES) or self.lazy.wire() == LazyItem(self.wire).raw or self.written

    @precondition(lambda self: self.written)
    @rule()
    def changes(self) -> None:
        came = decode_item(self.wire)
        changes = self.lazy.changed()
        for name in came.keys() | self.model.keys():
            same = name in came and name in self.model and same_value(came[name], self.model[name])
            assert (name not in changes) == same


AgainstADict.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestAgainstADict = AgainstADict.TestCase
