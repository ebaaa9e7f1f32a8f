"""Pairs of a many_to_many relation: idempotent, counted, over all pages, and what is unprocessed again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from dynasmith import Db, Project, SyncCounts, connect
from dynasmith.errors import DefinitionError, DynasmithError, NotLoaded, UsageError
from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    belongs_to,
    created_at,
    gsi,
    key,
    many_to_many,
    partition,
    sort,
    tables_of,
    template,
    version,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Student(Model, table="piv_students"):
    """One side."""

    id: Partition[str]
    courses = many_to_many(lambda: Course, lambda: Enrollment)
    graded = many_to_many(lambda: Course, lambda: Enrollment, by="student_id", to="course_id")
    friends = many_to_many(lambda: Student, lambda: Friendship, by="one_id", to="other_id")
    twice = many_to_many(lambda: Course, lambda: Visit, by="student_id", to="course_id")
    counted = many_to_many(lambda: Course, lambda: Counted, by="student_id", to="course_id")


class Course(Model, table="piv_courses"):
    """The other side."""

    id: Partition[str]
    title: Attr[str] = attr(default="")
    students = many_to_many(lambda: Student, lambda: Enrollment)


class Enrollment(Model, table="piv_enrollments"):
    """What joins them, with data of its own."""

    student_id: Partition[str]
    course_id: Sort[str]
    grade: Attr[str | None] = attr(default=None)
    body: Attr[str] = attr(default="")
    created: Attr[datetime] = created_at()
    by_course = gsi("course_id", sort="student_id")
    student = belongs_to(lambda: Student, by="student_id")
    course = belongs_to(lambda: Course, by="course_id")


class Friendship(Model, table="piv_graph", entity="friendship"):
    """Pairs of one class, in a table with other entities."""

    pk = partition("student:{one_id}")
    sk = sort("friend:{other_id}")
    gs1pk = template("friend:{other_id}")
    gs1 = gsi("gs1pk", sort="pk")
    one_id: Attr[str]
    other_id: Attr[str]


class Visit(Model, table="piv_visits"):
    """Whose key says nothing of the pair."""

    id: Partition[str]
    student_id: Attr[str]
    course_id: Attr[str]
    by_student = gsi("student_id")


class Counted(Model, table="piv_counted"):
    """Which has a version."""

    student_id: Partition[str]
    course_id: Sort[str]
    rev: Attr[int] = version()


CLASSES = (Student, Course, Enrollment, Friendship, Visit, Counted)


@pytest.fixture(scope="module")
def school(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    tables = tables_of(*CLASSES)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(school: Project) -> Db:
    """What is tested."""
    return school.db()


@pytest.fixture
def student(db: Db, name: str) -> Student:
    """A student of the test's own."""
    return db.create(Student(id=name))


def courses(db: Db, name: str, number: int) -> list[Course]:
    """So many courses, whose ids sort in their order."""
    found = [Course(id=f"{name}-{each:03d}", title=str(each)) for each in range(number)]
    db.put_many(found)
    return found


def ids(db: Db, student: Student) -> list[str]:
    """The courses that the student has, as they are read."""
    return [each.id for each in db.require(Student, student.id, include=[Student.courses]).courses]


def test_attaching_is_idempotent_and_counted(db: Db, student: Student, name: str) -> None:
    one, two, three = courses(db, name, 3)
    assert db.attach(student, Student.courses, [one, two], grade="A") == 2
    first = db.require(Enrollment, name, one.id)
    assert first.grade == "A"
    assert db.attach(student, Student.courses, [two, three.id, key(Course, one.id), three, {"id": two.id}]) == 1
    assert db.require(Enrollment, name, one.id) == first
    assert ids(db, student) == [one.id, two.id, three.id]
    assert db.attach(student, Student.courses, []) == 0
    assert db.detach(student, Student.courses, [one, one.id, "none", f"{name}-none"]) == 1
    assert db.detach(student, Student.courses, [one]) == 0
    assert ids(db, student) == [two.id, three.id]
    assert db.get(Course, one.id) == one


def test_both_sides_are_read(db: Db, student: Student, name: str, endpoint: StrictServer) -> None:
    made = courses(db, name, 3)
    other = db.create(Student(id=f"{name}-other"))
    db.attach(student, Student.courses, made)
    db.attach(made[1], Course.students, [other])
    db.attach(other, Student.courses, ["gone"])
    before = len(endpoint.journal)
    found = db.get_many(Student, [name, other.id], include=[Student.courses.then(Course.students)])
    assert [[course.title for course in each.courses] for each in found if each] == [["0", "1", "2"], ["1"]]
    assert found[0]
    assert found[1]
    assert found[0].courses[1] is found[1].courses[0]
    assert [each.id for each in found[0].courses[1].students] == [name, other.id]
    calls = [call.operation for call in list(endpoint.journal)[before:]]
    assert calls.count("BatchGetItem") == 3
    assert calls.count("Query") == 2 + 3


def test_explain_says_both_ways(db: Db) -> None:
    (through,) = db.query(Student, Student.id == "x").limit(250).include(Student.courses).explain().includes
    assert (through.operation, through.table, through.requests_max) == ("Query", "piv_enrollments", 250)
    (onward,) = through.includes
    assert (onward.operation, onward.table, onward.requests) == (
        "BatchGetItem",
        "piv_courses",
        "one for 100 distinct keys",
    )


def test_sync_makes_them_just_these(db: Db, student: Student, name: str) -> None:
    made = courses(db, name, 6)
    assert db.sync(student, Student.courses, made[:4], grade="B") == SyncCounts(attached=4, detached=0, kept=0)
    assert db.sync(student, Student.courses, made[2:], grade="C") == SyncCounts(attached=2, detached=2, kept=2)
    grades = [each.grade for each in db.query(Enrollment, Enrollment.student_id == name)]
    assert grades == ["B", "B", "C", "C"]
    assert db.sync(student, Student.courses, made[2:]) == SyncCounts(attached=0, detached=0, kept=4)
    assert db.sync(student, Student.courses, []) == SyncCounts(attached=0, detached=4, kept=0)
    assert ids(db, student) == []


def test_sync_reads_every_page_of_pairs(db: Db, student: Student, name: str) -> None:
    made = courses(db, name, 20)
    assert db.attach(student, Student.courses, made, body="x" * 120_000) == 20
    assert db.sync(student, Student.courses, made[18:]) == SyncCounts(attached=0, detached=18, kept=2)
    assert ids(db, student) == [each.id for each in made[18:]]


def test_many_pairs_are_bounded_batches(db: Db, student: Student, name: str, endpoint: StrictServer) -> None:
    before = len(endpoint.journal)
    assert db.attach(student, Student.courses, (f"{name}-{each:03d}" for each in range(130))) == 130
    written = [call.request for call in list(endpoint.journal)[before:] if call.operation == "BatchWriteItem"]
    assert [len(each["RequestItems"]["piv_enrollments"]) for each in written] == [25, 25, 25, 25, 25, 5]
    assert db.sync(student, Student.courses, [f"{name}-000"]) == SyncCounts(attached=0, detached=129, kept=1)


def test_unprocessed_pairs_are_sent_again(db: Db, student: Student, name: str, endpoint: StrictServer) -> None:
    made = courses(db, name, 30)
    endpoint.fault("BatchWriteItem", kind="unprocessed", times=2, table="piv_enrollments")
    endpoint.fault("BatchGetItem", kind="unprocessed", times=2, table="piv_enrollments")
    assert db.attach(student, Student.courses, made) == 30
    endpoint.fault("BatchWriteItem", kind="unprocessed", times=2, table="piv_enrollments")
    endpoint.fault("Query", kind="throttle", times=2, table="piv_enrollments")
    assert db.sync(student, Student.courses, made[5:]) == SyncCounts(attached=0, detached=5, kept=25)


def test_what_was_interrupted_goes_on_with_the_same_call(
    db: Db, student: Student, name: str, endpoint: StrictServer
) -> None:
    made = courses(db, name, 60)
    fault = endpoint.fault("BatchWriteItem", kind="access-denied", nth=2, table="piv_enrollments")
    with pytest.raises(DynasmithError, match="25 items of the batch were written before"):
        db.attach(student, Student.courses, made)
    fault.remove()
    assert db.attach(student, Student.courses, made) == 35
    assert len(ids(db, student)) == 60


def test_what_was_read_is_forgotten(db: Db, name: str) -> None:
    (one,) = courses(db, name, 1)
    db.create(Student(id=name))
    student = db.require(Student, name, include=[Student.courses, Student.friends])
    assert student.courses == []
    for change in (db.attach, db.detach, db.sync):
        student = db.require(Student, name, include=[Student.courses, Student.friends])
        change(student, Student.courses, [one])
        with pytest.raises(NotLoaded):
            _ = student.courses
        assert student.friends == []


def test_a_class_may_be_joined_to_itself(db: Db, student: Student, client: Any, name: str) -> None:
    other = db.create(Student(id=f"{name}-other"))
    stranger = {"pk": {"S": f"student:{name}"}, "sk": {"S": "friend:x"}, "_type": {"S": "foe"}}
    client.put_item(TableName="piv_graph", Item={**stranger, "one_id": {"S": name}, "other_id": {"S": "x"}})
    assert db.attach(student, Student.friends, [other]) == 1
    assert db.require(Student, name, include=[Student.friends]).friends == [other]
    assert db.sync(student, Student.friends, []) == SyncCounts(attached=0, detached=1, kept=0)
    assert client.get_item(TableName="piv_graph", Key={"pk": stranger["pk"], "sk": stranger["sk"]})["Item"]


def test_what_cannot_be_attached_is_refused_before_a_call(
    db: Db, school: Project, student: Student, endpoint: StrictServer
) -> None:
    before = len(endpoint.journal)
    course = Course(id="c")
    wrong: list[tuple[type[DynasmithError], str, Any]] = [
        (UsageError, "is not a many_to_many relation of Course", lambda: db.attach(course, Student.courses, [course])),
        (UsageError, "not a many_to_many relation", lambda: db.attach(student, Enrollment.course, [course])),  # type: ignore[arg-type]
        (UsageError, "not of a value of type KeyOf", lambda: db.sync(key(Student, "s"), Student.courses, [])),  # type: ignore[arg-type]
        (UsageError, "takes several items", lambda: db.attach(student, Student.courses, "c1")),
        (UsageError, "takes several items", lambda: db.detach(student, Student.courses, course)),
        (UsageError, "takes several items", lambda: db.sync(student, Student.courses, key(Course, "c"))),  # type: ignore[arg-type]
        (UsageError, "takes items of Course", lambda: db.attach(student, Student.courses, [student])),  # type: ignore[misc]
        (UsageError, "is a key of Student", lambda: db.attach(student, Student.courses, [key(Student, "s")])),  # type: ignore[misc]
        (
            UsageError,
            "student_id is a part of the pair",
            lambda: db.attach(student, Student.courses, ["c"], student_id="x"),
        ),
        (UsageError, "sends nothing but reads", lambda: school.db(dry=True).attach(student, Student.courses, ["c"])),
        (
            DefinitionError,
            "twice goes through Visit, whose key is made of id",
            lambda: db.attach(student, Student.twice, ["c"]),
        ),
        (
            DefinitionError,
            "counted goes through Counted, which has a version",
            lambda: db.sync(student, Student.counted, ["c"]),
        ),
    ]
    for kind, message, change in wrong:
        with pytest.raises(kind, match=message):
            change()
    with pytest.raises(ValueError, match="grades"):
        db.attach(student, Student.courses, ["c"], grades="A")
    assert len(endpoint.journal) == before


def test_a_class_between_has_to_refer_to_both() -> None:
    class Lost(Model, table="lost"):
        id: Partition[str]
        rel = many_to_many(lambda: Course, through=Enrollment)

    with pytest.raises(
        DefinitionError, match=r"Lost: rel goes through Enrollment, of which no relation belongs to .*Lost"
    ):
        tables_of(Lost)

    class Both(Model, table="both"):
        id: Partition[str]
        rel = many_to_many(lambda: Both, lambda: BothPair)

    class BothPair(Model, table="pairs"):
        one: Partition[str]
        two: Sort[str]
        first = belongs_to(lambda: Both, by="one")
        second = belongs_to(lambda: Both, by="two")

    with pytest.raises(DefinitionError, match="of which first and second belongs to") as raised:
        tables_of(Both)
    assert 'say by="..."' in raised.value.hint

    class Unkeyed(Model, table="unkeyed"):
        id: Partition[str]
        rel = many_to_many(lambda: Course, through=Enrollment, by="grade", to="course_id")

    with pytest.raises(DefinitionError, match="rel goes by grade, which is the partition key of neither"):
        tables_of(Unkeyed)


def test_pairs_that_are_there_twice_give_an_item_once(db: Db, student: Student, client: Any, name: str) -> None:
    (one,) = courses(db, name, 1)
    for number in range(2):
        db.create(Visit(id=f"{name}-{number}", student_id=name, course_id=one.id))
    assert db.require(Student, name, include=[Student.twice]).twice == [one]
