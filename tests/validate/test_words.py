"""Which environment a table says that it belongs to, and which tags are usual."""

import pytest
from msgspec import UNSET

from dynasmith.validate import usual_tags
from dynasmith.validate.environments import environment_of_name, environment_of_tags, environment_word
from validate.tables import good


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("prod-orders", "production"),
        ("orders_PRD", "production"),
        ("orders.staging", "staging"),
        ("shop-prod-orders", ""),  # in the middle it may be a word of the business
        ("products", ""),
        ("prod", ""),  # the whole name: not an environment of something
        ("live-scores", ""),
    ],
)
def test_the_ends_of_a_name_say_the_environment(name: str, environment: str) -> None:
    assert environment_of_name(name) == environment


def test_a_tag_says_the_environment_in_any_case_of_its_key() -> None:
    assert environment_of_tags({"Environment": " Prod "}) == "production"
    assert environment_of_tags({"stage": "prod-eu"}) == "production"
    assert environment_of_tags({"env": "emea"}) == ""
    assert environment_of_tags({"team": "prod"}) == ""
    assert environment_word("unheard-of") == ""


def test_usual_is_what_more_than_half_of_three_or_more_have() -> None:
    tagged = [
        good(tags=tags) for tags in ({"team": "a", "env": "x"}, {"team": "b", "env": "x"}, {"team": "c"}, {"n": "1"})
    ]
    assert usual_tags(tagged) == ("team",)
    assert usual_tags(tagged[:2]) == ()
    assert usual_tags([*tagged[:2], good(tags=UNSET)]) == ()


def test_tags_of_aws_itself_are_not_usual() -> None:
    assert usual_tags([good(tags={"aws:cloudformation:stack-name": "s", "team": "a"})] * 3) == ("team",)
