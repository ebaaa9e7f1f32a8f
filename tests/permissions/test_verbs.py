"""Every verb runs as a role with exactly the actions that the permissions page lists for it, on the resources that the
page names. With one of them taken away it fails and names it, or it says what it could not read.

`make test` takes one action of every third verb away, others in each run; `make properties` takes each of each.
"""

import random
import shlex
import shutil
from collections.abc import Iterable

import pytest

from cli.story import Answer
from dynasmith.aws.errors.action_resources import ResourceNames
from example_counts import TIMES
from permissions.case import Case
from permissions.cases import CASES
from permissions.kit import RoleStory
from permissions.prepare import HISTORY
from permissions.proof import Right, fails_without, runs_with, statements_of

pytestmark = pytest.mark.properties

GUARDED = ("dynamodb:UpdateContinuousBackups",)
"""What the history takes on AWS itself, and not on an engine (tests/lambdas/test_policy.py)."""


def rights_of(case: Case) -> dict[Right, bool]:
    """What the role is given; True for what the verb fails without."""
    needed = {Right(action, case.concerns): True for action in case.needs}
    needed |= {Right(action, (HISTORY,)): True for action in case.history if action not in GUARDED}
    return needed | {Right(action, case.concerns): False for action in case.unread}


def run(case: Case, story: RoleStory, given: Iterable[Right]) -> Answer:
    shutil.rmtree(story.folder / ".dynasmith", ignore_errors=True)  # a run before, which may have failed
    case.before(story)
    names = ResourceNames(account=story.home.number, bucket=story.home.bucket)
    story.home.allow(statements_of(given, names))
    story.home.served.permissions.clear()
    for old in ("new.yaml", "out.jsonl", "out.jsonl.manifest.json"):
        (story.folder / old).unlink(missing_ok=True)
    return story.taken(*shlex.split(case.words.replace("BUCKET", story.home.bucket)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_verb_runs_with_exactly_the_actions_of_the_page(rich: None, story: RoleStory, case: Case) -> None:
    rights = rights_of(case)
    runs_with(rights, (*case.spare, *case.fenced), story.home, run(case, story, rights))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_verb_names_the_action_that_is_taken_away(rich: None, story: RoleStory, case: Case) -> None:
    if TIMES == 1 and random.random() > 1 / 3:  # which ones is no secret: others in each run
        return
    fails_without(rights_of(case), story.home, lambda given: run(case, story, given))
