"""``import --from``: what is printed, written and refused at the door."""

import sys

import pytest

from cli.story import Story, table

MODELS = """
from pydantic import BaseModel


class Order(BaseModel):
    customer: str
    number: int
    note: str = ""
"""


@pytest.fixture
def shop(story: Story) -> Story:
    (story.folder / "bridge_shop.py").write_text(MODELS, "utf-8")
    sys.modules.pop("bridge_shop", None)
    return story


def test_a_definition_is_written_and_plans(shop: Story) -> None:
    answer = shop("import", "--from", "bridge_shop", "--key", "Order=customer,number", "--out", "tables/orders.yaml")
    assert answer.code == 0, answer.err
    assert "Next: dynasmith plan --config tables/orders.yaml" in answer.err
    assert shop("plan", "--config", "tables/orders.yaml", "--json").code == 0
    again = shop("import", "--from", "bridge_shop", "--key", "Order=customer,number", "--out", "tables/orders.yaml")
    assert (again.code, again.error) == (2, "The file tables/orders.yaml exists already.")


def test_a_python_file_means_classes(shop: Story) -> None:
    words = ("import", "--from", "bridge_shop:Order", "--key", "customer", "--table", "orders")
    assert shop(*words, "--out", "models.py").code == 0
    text = (shop.folder / "models.py").read_text("utf-8")
    assert 'class Order(Model, table="orders"):' in text
    assert shop(*words, "--as", "models").out == text
    assert shop(*words, "--as", "models", "--json").json == {
        "form": "models",
        "text": text,
        "tables": ["orders"],
        "notes": [],
        "unresolved": [],
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "bridge_shop"), "The plain pydantic models do not say what their keys are: Order."),
        (("--from", "bridge_shop", "orders"), "--from imports models, not tables."),
        (("orders", "--as", "models"), "--as, --format, --key, --table and --param are for models and files."),
        (("--from", "bridge_shop", "--key", "=a"), "'=a' is not CLASS=VALUE, or names a class twice."),
        (("--from", "bridge_shop", "--key", "a", "--key", "b"), "'b' is not CLASS=VALUE, or names a class twice."),
        ((), "Name tables, or use --all."),
    ],
)
def test_what_cannot_be_is_refused(shop: Story, words: tuple[str, ...], sentence: str) -> None:
    answer = shop("import", *words)
    assert (answer.code, answer.error, answer.out) == (2, sentence, "")


def test_live_tables_are_rendered(shop: Story) -> None:
    shop.define(table("orders"), table("users"))
    assert shop("ensure").code == 0
    answer = shop("render", "models", "orders", "--minimal", "--out", "app/models.py")
    assert answer.code == 0, answer.err
    assert answer.err == "Wrote the model classes to app/models.py.\n"
    text = (shop.folder / "app/models.py").read_text("utf-8")
    assert 'class Orders(Model, table="orders"):' in text
    assert shop("render", "models", "orders", "--minimal").out == text
    assert shop("render", "models", "--json").json["tables"] == ["orders", "users"]
    assert (
        shop("render", "models", "orders", "--out", "app/models.py").error == "The file app/models.py exists already."
    )
    assert shop("render", "models", "orders", "--sample", "0").code == 2
    assert shop("render", "models", "none").code == 1
