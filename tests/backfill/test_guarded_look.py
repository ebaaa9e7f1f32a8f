"""What a transform would do is the same, asked here or in a guarded process."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from backfill.looked import every_kind
from dynasmith.engine.backfill.sample import TransformSample, TransformSampler, asked, looks_of
from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.workers.guarded_process import GuardedProcess
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.items.transform import Transform
from dynasmith.items.wire import RawItem
from flow.test_guarded_process import World

KEY = KeySchema((KeyPart("pk", "S"),), ())
INDEX = KeySchema((KeyPart("email", "S"),), ())
KINDS = ("nothing", "change", "remove", "diverge", "dead", "raise", "key", "large", "index", "other")


def looks() -> TransformSampler:
    transform = Transform(every_kind, Context(datetime(2026, 1, 1, tzinfo=UTC), "job", KEY), where=where())
    return TransformSampler(Rewriter(transform, {"by_email": INDEX}, "stop"))


def where() -> Any:
    return parse_condition("attribute_exists(old) AND do <> 'other'").matches


def raw(kind: str) -> RawItem:
    item = {"pk": {"S": f"ü-{kind}"}, "do": {"S": kind}, "old": {"N": "12345678901234567890.5"}, "n": {"NULL": True}}
    return RawItem(msgspec.json.encode(item))


def plain(look: TransformSample) -> dict[str, Any]:
    """All of a look that a survey uses."""
    rewrite, refused = look.rewrite, look.refused
    return {
        "refused": None if refused is None else (refused.message, refused.hint, refused.policy, refused.key),
        "rewrite": None
        if rewrite is None
        else (bytes(rewrite.before), bytes(rewrite.after), dict(rewrite.assigned), rewrite.removed),
        "diverges": [(each.key, each.names) for each in look.divergences],
    }


@pytest.mark.parametrize("converge", [True, False])
def test_it_is_the_same(converge: bool) -> None:
    raws = [raw(kind) for kind in KINDS]
    here = [looks().look(each, converge=converge) for each in raws]
    with GuardedProcess(looks(), World()) as process:
        process.begin()
        there = looks_of(process(asked(raws, converge=converge)), raws)
    assert list(map(plain, there)) == list(map(plain, here))
    kinds = dict(zip(KINDS, there, strict=True))
    assert [kind for kind, look in kinds.items() if look.rewrite] == ["change", "remove", "diverge"]
    assert [kind for kind, look in kinds.items() if look.refused] == ["dead", "raise", "key", "large", "index"]
    assert bool(kinds["diverge"].divergences) is converge
