"""Encrypted attributes as users write them; on an instance they have their own types."""

from typing import assert_type

from dynasmith import Db, DecryptionFailed, EncryptionKey, Model, Project, connect
from dynasmith.models import Attr, Partition, attr, key


class Patient(Model, table="patients"):
    """Two keys, and an attribute that is being encrypted."""

    id: Partition[str]
    ssn: Attr[str | None] = attr(default=None, encrypted=True)
    notes: Attr[list[str]] = attr(default_factory=list, encrypted="notes", read_plain=True)


def keys() -> None:
    """A key has one source; keys have names."""
    found = {"main": EncryptionKey(variable="A"), "notes": EncryptionKey(kms="alias/notes")}
    assert_type(connect(crypto=found), Project)
    assert_type(Project.load(crypto=found), Project)
    connect(crypto={"old": EncryptionKey(file="a.key", format="onetable")})
    EncryptionKey(file="a.key", format="other")  # type: ignore[arg-type]
    connect(crypto=["main"])  # type: ignore[arg-type]
    attr(encrypted=3)  # type: ignore[arg-type]


def values(db: Db) -> None:
    """Nothing in the types says that a value is encrypted."""
    patient = db.require(Patient, "p1")
    assert_type(patient.ssn, str | None)
    assert_type(patient.notes, list[str])
    db.update(key(Patient, "p1"), Patient.ssn.set("078-05-1120"), where=Patient.ssn.missing())


def failed(error: DecryptionFailed) -> None:
    """What an error names."""
    assert_type(error.key_name, str)
    assert_type(error.attribute, str)
