"""Options for the items of other programs, and what imports give."""

from datetime import datetime
from typing import assert_type

from dynasmith import ImportedText, Model, NewProject, Project, Table, onetable_project
from dynasmith.models import Attr, Partition, attr, created_at, sort, ttl, ulid, updated_at, version


def to_text(value: datetime) -> str:
    return value.isoformat()


class Dog(Model, table="pets", entity="dog", entity_attribute="cls"):
    id: Partition[str] = ulid(name="pet-id")
    sk = sort("{born:milliseconds}")
    born: Attr[datetime] = attr(epoch="ms")
    created: Attr[datetime] = created_at(stored=(to_text, datetime.fromisoformat), name="made")
    updated: Attr[datetime] = updated_at(epoch="ms")
    ends: Attr[datetime | None] = ttl(name="ends-at")
    rev: Attr[int] = version(name="_version")


def imports(project: Project) -> None:
    imported = project.import_from("app.models:User", form="models", keys={"User": "id"}, tables={"User": "users"})
    assert_type(imported, ImportedText)
    assert_type(imported.tables, tuple[Table, ...])
    assert_type(project.render.models(["pets"], sample=10, minimal=True).notes, tuple[str, ...])
    made = onetable_project("migrate.json")
    assert_type(made, NewProject)
    assert_type(made.files, dict[str, str])
    assert_type(Dog(born=datetime.now()).ends, datetime | None)
