"""Names, forms and the entity's attribute, where items of another program have their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dynasmith.errors import DefinitionError
from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    created_at,
    gsi,
    partition,
    sort,
    tables_of,
    template,
    ttl,
    ulid,
    updated_at,
    uuid,
    version,
)
from dynasmith.models.metaclass import codec_of
from dynasmith.models.save_write import save_write
from dynasmith.models.writes import create_write
from dynasmith.tables.document_of import document_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def milliseconds(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def test_stamps_versions_and_identifiers_have_names_and_forms_of_their_own() -> None:
    class Note(Model, table="notes"):
        id: Partition[str] = uuid(name="note-id")
        at: Sort[str] = ulid(name="note-at")
        created: Attr[datetime] = created_at(name="created-at", stored=(milliseconds, datetime.fromisoformat))
        updated: Attr[datetime] = updated_at(name="updatedAt", epoch="ms")
        ends: Attr[datetime | None] = ttl(name="ends-at")
        rev: Attr[int] = version(name="_version")

    table = tables_of(Note)[0]
    assert [attribute.name for attribute in table.key] == ["note-id", "note-at"]
    assert document_of(table)["time_to_live"] == {"attribute": "ends-at"}
    note = Note(ends=NOW)
    write = create_write(note, NOW)
    tree = write.tree
    assert tree is not None
    assert tree["created-at"] == {"S": "2026-01-02T03:04:05.678Z"}
    assert tree["updatedAt"] == {"N": "1767323045678"}
    assert tree["ends-at"] == {"N": "1767323045"}
    assert tree["_version"] == {"N": "1"}
    assert write.stamps["created"] == write.stamps["updated"] == NOW.replace(microsecond=678000)


def test_the_entity_stands_in_the_attribute_that_the_class_names() -> None:
    class Dog(Model, table="pets", entity="dog", entity_attribute="cls"):
        id: Partition[str]
        name: Attr[str]
        by_name = gsi("name", projection="keys")

    assert codec_of(Dog).write(Dog(id="1", name="Rex")) == {"cls": {"S": "dog"}, "id": {"S": "1"}, "name": {"S": "Rex"}}
    index = document_of(tables_of(Dog)[0])["global_secondary_indexes"][0]
    assert index["projection"] == {"type": "INCLUDE", "attributes": ["cls"]}


def test_a_field_cannot_be_stored_where_the_entity_stands() -> None:
    class Cat(Model, table="pets", entity="cat", entity_attribute="kind"):
        id: Partition[str]
        kind: Attr[str]

    with pytest.raises(DefinitionError, match="kind is stored as kind, which holds the entity"):
        tables_of(Cat)


def test_templates_render_datetimes_as_other_programs_do() -> None:
    class Event(Model, table="events"):
        pk = partition("event")
        sk = sort("at#{at:milliseconds}")
        gs1pk = template("{at:epoch_ms}")
        gs1sk = template("{at:epoch_s}")
        gs2sk = template("{at}")
        at: Attr[datetime]
        gs1 = gsi("gs1pk", sort="gs1sk")

    event = Event(at=NOW)
    assert event.sk == "at#2026-01-02T03:04:05.678Z"
    assert (event.gs1pk, event.gs1sk) == ("1767323045678", "1767323045")
    assert event.gs2sk == "2026-01-02T03:04:05.678901Z"


def test_a_saved_stamp_has_its_form_too() -> None:
    class Page(Model, table="pages"):
        id: Partition[str]
        text: Attr[str] = attr(default="")
        updated: Attr[datetime] = updated_at(stored=(milliseconds, datetime.fromisoformat))

    page = codec_of(Page).read({"id": {"S": "1"}, "text": {"S": "a"}, "updated": {"S": "2020-01-01T00:00:00.000Z"}})
    page.text = "b"
    write = save_write(page, None, NOW)
    assert write is not None
    assert write.tree is not None
    assert write.tree["updated"] == {"S": "2026-01-02T03:04:05.678Z"}


def test_braces_of_a_template_stand_beside_fields() -> None:
    class Braced(Model, table="braced"):
        pk = partition("{{{id}}}")
        sk = sort("{{}}")
        gs1pk = template("a{{b}}{id}{{")
        id: Attr[str]

    braced = Braced(id="x")
    assert (braced.pk, braced.sk, braced.gs1pk) == ("{x}", "{}", "a{b}x{")
