"""What a relation has to be: each thing that is wrong names class and relation."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from dynasmith.errors import DefinitionError, NotLoaded, UsageError
from dynasmith.models import (
    Attr,
    Many,
    Model,
    Partition,
    Relation,
    Sort,
    attr,
    belongs_to,
    gsi,
    has_many,
    has_one,
    lsi,
    partition,
    sort,
    tables_of,
    template,
)
from dynasmith.models.metaclass import codec_of
from dynasmith.models.query_plan import plan_query
from dynasmith.models.relation_link import RelationLink
from dynasmith.models.relation_resolution import link_of


class Parent(Model, table="parents"):
    """A plain key."""

    id: Partition[str]


class Numbered(Model, table="numbered"):
    """A key that is a number."""

    id: Partition[int]


class Pair(Model, table="pairs"):
    """A key of two parts."""

    tenant: Partition[str]
    id: Sort[str]


class Child(Model, table="children"):
    """Several keys by one field."""

    id: Partition[str]
    parent_id: Attr[str]
    tenant: Attr[str] = attr(default="")
    placed: Attr[str] = attr(default="")
    total: Attr[int] = attr(default=0)
    by_parent = gsi("parent_id")
    by_placed = gsi("parent_id", sort="placed", projection="keys")
    by_total = gsi("parent_id", sort="total")
    by_pair = gsi(("tenant", "parent_id"))
    by_name = lsi("placed")


class Entry(Model, table="entries"):
    """Templates: of the table and of an index."""

    pk = partition("parent:{parent_id}")
    sk = sort("entry:{day}:{number:04d}")
    gs1pk = template("shop:{shop}")
    gs1sk = template("{placed}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    parent_id: Attr[str]
    day: Attr[str] = attr(default="d")
    number: Attr[int] = attr(default=0)
    shop: Attr[str | None] = attr(default=None)
    placed: Attr[str] = attr(default="")


def link(relation: Any, base: Any = Parent) -> RelationLink:
    """Where a relation of a class of its own leads."""
    made = type(base)("Owner", (base,), {"rel": relation, "__module__": __name__, "__qualname__": "Owner"}, table="own")
    return link_of(made.rel)


def index_of(made: RelationLink) -> str:
    assert made.candidate is not None
    return made.candidate.name


@pytest.mark.parametrize(
    ("relation", "index"),
    [
        (lambda: has_many(lambda: Child, by="parent_id"), "by_total"),  # neither part of the sort is fixed; all is held
        (lambda: has_many(lambda: Child, by="parent_id", order="placed"), "by_placed"),
        (lambda: has_many(lambda: Child, by="parent_id", order="-total"), "by_total"),
        (lambda: has_many(lambda: Entry, by="parent_id"), ""),
        (lambda: has_many(lambda: Entry, by="parent_id", order="day"), ""),
        (lambda: has_many(lambda: Entry, by="parent_id", order="sk"), ""),
        (lambda: has_many(lambda: Entry, by="shop", order="placed"), "gs1"),
        (lambda: has_one(lambda: Entry, by="shop"), "gs1"),
    ],
)
def test_the_key_of_the_target_is_chosen(relation: Any, index: str) -> None:
    made = link(relation())
    assert index_of(made) in {index, "by_parent"} if not made.relation.order else index_of(made) == index
    assert made.own_fields == ("id",)
    assert made.is_descending == made.relation.order.startswith("-")


def test_an_index_that_may_lack_items_is_the_last_choice() -> None:
    class Task(Model, table="tasks"):
        id: Partition[str]
        parent_id: Attr[str]
        due: Attr[str | None] = attr(default=None)
        text: Attr[str] = attr(default="")
        by_due = gsi("parent_id", sort="due")
        by_parent = gsi("parent_id", projection="keys")

    assert index_of(link(has_many(lambda: Task, by="parent_id"))) == "by_parent"
    assert index_of(link(has_many(lambda: Task, by="parent_id", order="due"))) == "by_due"
    assert plan_query(codec_of(Task), [Task.parent_id == "p"], None).index == "by_parent"
    assert plan_query(codec_of(Task), [Task.parent_id == "p", Task.due > "d"], None).index == "by_due"
    assert plan_query(codec_of(Task), [Task.parent_id == "p", Task.text == "d"], None).index == "by_due"


def test_an_index_has_to_tell_what_a_relation_goes_by() -> None:
    class Visit(Model, table="visits"):
        pk = partition("visit:{id}")
        gs1pk = template("parent:{parent_id:.2}")
        gs2pk = template("parent:{parent_id}")
        cut = gsi("gs1pk", projection="keys")
        whole = gsi("gs2pk", projection="keys")
        id: Attr[str]
        parent_id: Attr[str]

    made = link(has_many(lambda: Visit, by="parent_id"))
    assert index_of(made) == "whole"
    plan = made.plan({"parent_id": "p"})
    assert plan
    assert plan.filter is None

    class Lossy(Model, table="lossy"):
        pk = partition("visit:{id}")
        gs1pk = template("parent:{parent_id:.2}")
        cut = gsi("gs1pk", projection="keys")
        id: Attr[str]
        parent_id: Attr[str]

    with pytest.raises(DefinitionError, match="goes by parent_id, which is the partition key of neither"):
        link(has_many(lambda: Lossy, by="parent_id"))


def test_fields_of_one_name_belong_together_and_the_others_in_their_order() -> None:
    made = link(has_many(lambda: Child, by=("tenant", "parent_id")), Pair)
    assert [(each.own.name, each.other.name) for each in made.fields] == [("tenant", "tenant"), ("id", "parent_id")]
    assert index_of(made) == "by_pair"
    back = link(belongs_to(lambda: Pair, by=("parent_id", "tenant")), Child)
    assert [(each.own.name, each.other.name) for each in back.fields] == [("parent_id", "id"), ("tenant", "tenant")]
    assert back.key({"id": "1", "tenant": "t"}) == {"tenant": {"S": "t"}, "id": {"S": "1"}}
    assert back.key({"id": "", "tenant": "t"}) is None


def test_has_one_by_the_key_of_the_target_needs_no_query() -> None:
    assert link(has_one(lambda: Parent, by="id")).candidate is None


class NoTable(Model):
    """A base."""

    id: Partition[str]


@pytest.mark.parametrize(
    ("relation", "base", "message"),
    [
        (lambda: has_many(lambda: Missing, by="x"), Parent, "cannot find the target: name 'Missing' is not defined"),  # type: ignore[name-defined]  # noqa: F821
        (lambda: has_many(lambda: str, by="x"), Parent, "has the target <class 'str'>, which is not a class of Model"),  # type: ignore[type-var]
        (lambda: has_many("Child", by="x"), Parent, "has 'Child' for the target"),  # type: ignore[arg-type]
        (lambda: has_many(lambda: NoTable, by="id"), Parent, "has the target NoTable, which has no table"),
        (lambda: has_many(lambda: Child, by="parentid"), Parent, "goes by parentid, which is not a field of Child"),
        (lambda: has_many(lambda: Child, by=()), Parent, "has an empty by"),
        (lambda: has_many(lambda: Child, by="placed"), Parent, "goes by placed, which is the partition key of neither"),
        (lambda: has_many(lambda: Child, by="parent_id", order="id"), Parent, "is ordered by id, and no key"),
        (lambda: has_many(lambda: Child, by="total"), Parent, "joins Child.total to Owner.id, which are stored as N"),
        (lambda: has_many(lambda: Child, by=("parent_id", "placed")), Parent, "goes by placed, and the key of Owner"),
        (
            lambda: has_many(lambda: Child, by="parent_id"),
            Pair,
            "goes by parent_id, and the key of Owner is tenant, id",
        ),
        (lambda: belongs_to(lambda: Parent, by="parent"), Child, "goes by parent, which is not a field of Owner"),
        (lambda: belongs_to(lambda: Numbered, by="parent_id"), Child, "stored as S and N"),
        (lambda: belongs_to(lambda: Pair, by="tenant"), Child, "the key of Pair needs id too"),
        (lambda: has_one(lambda: Child, by="placed"), Parent, "goes by placed, which is the partition key of neither"),
        (lambda: has_many(lambda: Parent, by="id"), NoTable, ""),
    ],
)
def test_what_a_relation_cannot_be_names_class_and_relation(relation: Any, base: Any, message: str) -> None:
    if not message:  # a base may have a relation, and its classes have it
        assert link(relation(), base).own_fields == ("id",)
        return
    with pytest.raises(DefinitionError) as raised:
        link(relation(), base)
    assert message in str(raised.value)
    assert f"{__name__}:Owner: rel " in str(raised.value)


def test_tables_of_looks_at_relations() -> None:
    class Broken(Model, table="broken"):
        id: Partition[str]
        children = has_many(lambda: Child, by="nothing")

    with pytest.raises(DefinitionError, match="children goes by nothing, which is not a field of Child"):
        tables_of(Broken)


def test_a_relation_is_no_field() -> None:
    class Plain(Model, table="plain"):
        id: Partition[str]
        children: ClassVar[Many[Child]] = has_many(lambda: Child, by="parent_id")
        others = has_many(lambda: Child, by="parent_id")

    class Special(Plain, table="special"):
        pass

    assert set(Special.model_fields) == {"id"}
    assert repr(Special.others) == "Special.others"
    assert isinstance(Special.children, Relation)
    with pytest.raises(NotLoaded):
        _ = Special(id="1").others
    with pytest.raises(ValueError, match="others"):
        Special(id="1", others=[])  # type: ignore[call-arg]

    with pytest.warns(UserWarning, match="shadows"):

        class Shadow(Plain, table="shadow"):
            others: Attr[str]  # type: ignore[assignment]

    with pytest.raises(ValueError, match="others"):
        Shadow(id="1")  # type: ignore[call-arg]
    with pytest.raises(DefinitionError, match="others is a field and a relation"):
        tables_of(Shadow)


def test_a_relation_with_an_annotation_is_refused() -> None:
    with pytest.raises(DefinitionError, match="children is a relation with an annotation"):

        class Annotated(Model, table="annotated"):
            id: Partition[str]
            children: list[Child] = has_many(lambda: Child, by="parent_id")  # type: ignore[assignment]


def test_a_template_of_a_base_is_no_default_of_a_field() -> None:
    class Base(Model):
        pk = partition("x:{id}")
        id: Attr[str]

    with pytest.warns(UserWarning, match="shadows"):

        class Again(Base, table="again"):
            pk: Partition[str]

    assert Again.model_fields["pk"].is_required()


def test_a_relation_outside_a_class_is_not_one() -> None:
    from dynasmith.models.include_plan import plan_include

    with pytest.raises(UsageError, match="is not a relation"):
        plan_include([Parent], [has_many(lambda: Child, by="parent_id")])


@pytest.mark.parametrize(
    ("prefix", "after"),
    [("sale:1", "sale:2"), ("\ud7ff", "\ue000"), ("\U0010ffff", "\U0010ffff\U0010ffff"), ("a:", "a;")],
)
def test_a_text_after_all_with_a_prefix(prefix: str, after: str) -> None:
    from dynasmith.models.relation_link import _after

    assert _after(prefix) == after
    assert (prefix + "\U0010fffe").encode() < after.encode()
