"""What is given to a role, and what is asserted of a command that ran with it."""

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from msgspec.structs import replace

from cli.story import Answer
from dynasmith.aws.errors.action_resources import ResourceNames, policy_statements
from dynasmith.strict.iam.document import read_policy
from dynasmith.strict.iam.judgement import AccessRequest, judge
from example_counts import TIMES
from permissions.kit import ROLE, Account

WORLDWIDE = ("world", "leaving", "parting", "probe")
"""Tables with replicas: they are looked at in each of their Regions."""


NOWHERE = "dynasmith-probe-no-such-table"


@dataclass(frozen=True)
class Right:
    """An action, on tables of these names where it is on tables."""

    action: str
    tables: tuple[str, ...]

    def is_of(self, action: str, resource: str) -> bool:
        """Whether a call took it."""
        table = re.search(r":table/([^/]+)", resource)
        return action == self.action and (table is None or any(fnmatch(table[1], each) for each in self.tables))


def statements_of(given: Iterable[Right], names: ResourceNames) -> list[dict[str, Any]]:
    """The statements that the page has for them, table by table."""
    by_table: dict[str, list[str]] = {}
    for each in given:
        for table in each.tables:
            by_table.setdefault(table, []).append(each.action)
    found = []
    for table, actions in sorted(by_table.items()):
        region = "*" if table in WORLDWIDE else "us-east-1"
        found += policy_statements(actions, replace(names, table=table, region=region))
    return found


def runs_with(rights: Iterable[Right], spare: Iterable[str], home: Account, answer: Answer) -> None:
    """Assert that a command did its work, took each right, and asked for nothing else that it does not go without."""
    assert answer.code in (0, 3), answer.err
    judged = list(home.served.permissions)
    # An engine is asked about a table that no engine has, whether it offers a setting; AWS is not.
    wanted = [(each.action, each.resource) for each in judged if not each.allowed and NOWHERE not in each.resource]
    assert {action for action, _ in wanted} <= set(spare), wanted
    taken = {each for each in rights if any(each.is_of(one.action, one.resource) for one in judged if one.allowed)}
    unasked = [each.action for each in rights if each not in taken]
    assert not unasked, f"listed, and never asked for: {unasked}; it said: {answer.out}{answer.err}"


def fails_without(
    rights: Mapping[Right, bool], home: Account, run: Callable[[Iterable[Right]], Answer], *, may_fail: bool = False
) -> None:
    """Assert what happens where one right is taken away: each in `make properties`, else one, another in each run.
    ``may_fail``: a command may also fail without one that it goes on without elsewhere."""
    chosen = list(rights) if TIMES > 1 else random.sample(list(rights), 1)  # which one is no secret
    for right in chosen:
        answer = run([each for each in rights if each != right])
        judged = list(home.served.permissions)
        refused = [each.resource for each in judged if not each.allowed and right.is_of(each.action, each.resource)]
        said = answer.out + answer.err
        assert refused, (right, said)
        assert right.action in said, (right, said)
        assert answer.code == 1 if rights[right] or (may_fail and answer.code == 1) else answer.code in (0, 3), said
        if answer.code not in (0, 3):
            assert any(_is_allowed_by(said, right.action, each) for each in refused), (right, refused, said)


def _is_allowed_by(text: str, action: str, resource: str) -> bool:
    """Whether a text has a statement, to be pasted, that allows the action on the resource."""
    text = " ".join(text.split())
    documents = [json.JSONDecoder().raw_decode(text, found.start())[0] for found in re.finditer(r'\[?{"Effect"', text)]
    statements = [each for found in documents for each in (found if isinstance(found, list) else [found])]
    who = resource.split(":")[4] if resource.count(":") > 4 else "1"
    asked = AccessRequest(f"arn:aws:iam::{who}:role/{ROLE}", action, resource)
    return judge(asked, read_policy({"Statement": statements})) == "allowed"
