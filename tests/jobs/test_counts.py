"""Counts add up, and say so when they do not."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dynasmith.items.missing_counts import MissingCounts
from dynasmith.items.personal_counts import PersonalCounts
from dynasmith.jobs.counts import Counts

small = st.integers(0, 50)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["written", "already", "skipped", "dead"]), max_size=3), max_size=20))
def test_every_item_that_ends_somewhere_is_accounted_for(made: list[list[str]]) -> None:
    total = Counts()
    for ends in made:
        total += Counts(read=1, fanned_out=max(0, len(ends) - 1), dropped=int(not ends))
        for end in ends:
            assert total.unaccounted > 0
            total += replace(Counts(), **{end: 1})
    assert total.unaccounted == 0
    assert total.read == len(made)
    assert "unaccounted" not in total.arithmetic


def test_the_arithmetic_is_said_in_words() -> None:
    counts = Counts(read=1000, fanned_out=5, dropped=3, written=990, already=10, dead=2)
    assert counts.arithmetic == "1,000 read + 5 fanned out - 3 dropped = 990 written + 10 already there + 2 dead"
    assert Counts(read=3, written=1).arithmetic == "3 read != 1 written: 2 items are unaccounted for"
    assert Counts().arithmetic == "0 read = 0 written"


def test_adding_adds_every_field() -> None:
    fields = [field for field in Counts.__struct_fields__ if not field.startswith("kept_")]
    ones = replace(
        Counts(),
        **dict.fromkeys(fields, 1),
        kept_personal={"email": PersonalCounts(1, 1, 1)},
        kept_missing=MissingCounts(1, 1),
        kept_sent=1,
        kept_throttles={"TableWrite": 1},
    )
    email = {"masked": 2, "dropped": 2, "passed": 2}
    missing = {"dropped": 2, "kept": 2}
    assert (ones + ones).to_json() == dict.fromkeys(fields, 2) | {
        "personal": {"email": email},
        "sample_missing": missing,
        "throttles": {"TableWrite": 2},
    }
    assert (ones + ones).sent == 2
    assert (ones + Counts()) == (Counts() + ones) == ones
