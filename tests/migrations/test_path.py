"""Which migrations a command runs: the fold of the history, the order, and what is refused before anything begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.migrations.event import Kind, LockRecord, MigrationEvent
from dynasmith.migrations.file_name import name_of, read_file_name
from dynasmith.migrations.history import MigrationHistory
from dynasmith.migrations.path import Catalog, Files, MigrationFile, still_agreed
from dynasmith.migrations.version import NOTHING, bumped, parse_version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def file(version: str, name: str = "", *, text: str = "a", has_down: bool = True) -> MigrationFile:
    return MigrationFile(
        version=version, name=name, file=f"{version}_{name}.py", description=name, checksum=text, has_down=has_down
    )


def events(*said: tuple[Kind, str], run: str = "r") -> tuple[MigrationEvent, ...]:
    return tuple(
        MigrationEvent(
            number=number,
            kind=kind,
            version=version if parse_version(version) else "",
            name="" if parse_version(version) else version,
            direction="down" if kind in ("reverting", "reverted", "revert_failed") else "up",
            run=f"{run}{number}",
            at=NOON + timedelta(seconds=number),
            checksum="a",
        )
        for number, (kind, version) in enumerate(said, 1)
    )


def catalog(
    files: tuple[str, ...], *said: tuple[Kind, str], lock: LockRecord | None = None, **options: object
) -> Catalog:
    made = tuple(file(version) if parse_version(version) else file("", version) for version in files)
    history = MigrationHistory(events=events(*said), lock=lock or LockRecord())
    return Catalog(files=Files(made), history=history, **options)  # type: ignore[arg-type]


def keys(path: object) -> list[str]:
    return [f"{step.direction} {step.file.key}" for step in path]  # type: ignore[attr-defined]


THREE = ("0.0.1", "0.0.2", "0.0.10")


@pytest.mark.parametrize(
    ("name", "version", "part", "odd"),
    [
        ("0.0.3_split_name.py", "0.0.3", "split_name", False),
        ("0.0.3.py", "0.0.3", "", False),
        ("1.2.0-rc.1_x.py", "1.2.0-rc.1", "x", False),
        ("v0.0.3.py", "", "v0.0.3", True),
        ("1.0.py", "", "1.0", True),
        ("00.0.3_x.py", "", "00.0.3_x", True),
        ("0.0.3 (copy).py", "", "0.0.3 (copy)", True),
        ("0.0.3+build.py", "", "0.0.3+build", True),
        ("latest.py", "", "latest", False),
        ("helpers.py", "", "helpers", False),
    ],
)
def test_a_name_is_a_version_a_name_or_what_only_looks_like_a_version(
    name: str, version: str, part: str, odd: bool
) -> None:
    read = read_file_name(name)
    assert (read.version, read.name, read.is_odd) == (version, part, odd)


def test_versions_are_in_the_order_of_semver() -> None:
    said = ["1.0.0-rc.10", "1.0.0", "1.0.0-rc.9", "0.0.10", "0.0.9"]
    versions = sorted(filter(None, map(parse_version, said)))
    assert list(map(str, versions)) == ["0.0.9", "0.0.10", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0"]


@pytest.mark.parametrize(
    ("bump", "following"), [("patch", "0.1.3"), ("minor", "0.2.0"), ("major", "1.0.0"), ("2.0.0", "2.0.0")]
)
def test_the_next_version(bump: str, following: str) -> None:
    base = parse_version("0.1.2")
    assert base is not None
    assert str(bumped(base, bump)) == following


@pytest.mark.parametrize("bump", ["0.1.2", "0.0.9", "big", "1.0"])
def test_a_version_that_is_not_above_all_others_is_refused(bump: str) -> None:
    base = parse_version("0.1.2")
    assert base is not None
    with pytest.raises(UsageError):
        bumped(base, bump)


def test_a_message_becomes_a_part_of_a_file_name() -> None:
    assert name_of("Split the name! (2)") == "split_the_name_2"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([("started", "0.0.1"), ("applied", "0.0.1")], "applied"),
        ([("started", "0.0.1")], "interrupted"),
        ([("started", "0.0.1"), ("failed", "0.0.1")], "failed"),
        ([("started", "0.0.1"), ("failed", "0.0.1"), ("resumed", "0.0.1")], "interrupted"),
        ([("started", "0.0.1"), ("applied", "0.0.1"), ("reverting", "0.0.1"), ("reverted", "0.0.1")], "outstanding"),
        ([("started", "0.0.1"), ("applied", "0.0.1"), ("reverting", "0.0.1"), ("revert_failed", "0.0.1")], "failed"),
        ([("marked", "0.0.1")], "marked"),
        ([("marked", "0.0.1"), ("unmarked", "0.0.1")], "outstanding"),
        ([("marked", "0.0.1"), ("accepted", "0.0.1"), ("unlocked", "0.0.1")], "marked"),
    ],
)
def test_the_events_of_a_migration_say_its_state(said: list[tuple[Kind, str]], state: str) -> None:
    assert catalog(THREE, *said).states["0.0.1"].state == state


def test_one_that_began_is_running_while_the_lock_is_its_runs() -> None:
    running = catalog(THREE, ("started", "0.0.1"), lock=LockRecord(run="r1", state="running", fence=1))
    other = catalog(THREE, ("started", "0.0.1"), lock=LockRecord(run="r9", state="running", fence=2))
    free = catalog(THREE, ("started", "0.0.1"), lock=LockRecord(run="r1", state="free", fence=1))
    assert [each.states["0.0.1"].state for each in (running, other, free)] == ["running", "interrupted", "interrupted"]


def test_a_failed_migration_does_not_count_as_applied() -> None:
    found = catalog(THREE, ("started", "0.0.1"), ("applied", "0.0.1"), ("started", "0.0.2"), ("failed", "0.0.2"))
    assert str(found.history.current) == "0.0.1"
    assert keys(found.up()) == ["up 0.0.2"]
    assert found.up()[0].goes_on
    assert keys(found.all()) == ["up 0.0.2", "up 0.0.10"]
    assert keys(found.down()) == ["down 0.0.2"]


def test_up_all_and_to() -> None:
    found = catalog(THREE)
    assert found.history.current == NOTHING
    assert keys(found.up()) == ["up 0.0.1"]
    assert keys(found.up(2)) == ["up 0.0.1", "up 0.0.2"]
    assert keys(found.all()) == ["up 0.0.1", "up 0.0.2", "up 0.0.10"]
    assert keys(found.to("0.0.2")) == ["up 0.0.1", "up 0.0.2"]
    assert keys(found.to("0.0.0")) == []


def applied(*versions: str) -> list[tuple[Kind, str]]:
    said: list[tuple[Kind, str]] = []
    for version in versions:
        said += [("started", version), ("applied", version)]
    return said


def test_to_a_version_twice_does_nothing_the_second_time_and_leaves_that_version_applied() -> None:
    found = catalog(THREE, *applied(*THREE))
    assert keys(found.to("0.0.2")) == ["down 0.0.10"]
    assert keys(catalog(THREE, *applied("0.0.1", "0.0.2")).to("0.0.2")) == []
    assert keys(found.to("0.0.0")) == ["down 0.0.10", "down 0.0.2", "down 0.0.1"]


def test_down_takes_the_last_that_was_applied_and_not_the_highest() -> None:
    found = catalog(THREE, *applied("0.0.10", "0.0.1"))
    assert keys(found.down()) == ["down 0.0.1"]
    assert keys(found.down(5)) == ["down 0.0.1", "down 0.0.10"]


def test_an_unknown_version_is_refused_and_names_those_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        catalog(THREE).to("0.0.4")
    assert refused.value.hint == "there are: 0.0.1, 0.0.2, 0.0.10"


def test_a_late_lower_version_is_refused_and_neither_skipped_nor_run() -> None:
    found = catalog(THREE, *applied("0.0.1", "0.0.10"))
    for choose in (found.all, found.up, lambda: found.to("0.0.10")):
        with pytest.raises(UsageError, match=r"0\.0\.2 would run after 0\.0\.10"):
            choose()
    allowed = catalog(THREE, *applied("0.0.1", "0.0.10"), out_of_order=True)
    assert keys(allowed.all()) == ["up 0.0.2"]


def test_a_changed_applied_file_refuses_its_own_down_only() -> None:
    history = MigrationHistory(events=events(*applied("0.0.1")))
    files = Files((file("0.0.1", text="b"), file("0.0.2")))
    found = Catalog(files=files, history=history)
    assert [each.key for each in found.changed] == ["0.0.1"]
    assert keys(found.up()) == ["up 0.0.2"]
    with pytest.raises(UsageError, match="was changed after it was applied"):
        found.down()
    accepted = Catalog(files=files, history=history, accepted=frozenset({"0.0.1"}))
    assert keys(accepted.down()) == ["down 0.0.1"]


def test_a_renamed_file_is_the_same_migration() -> None:
    history = MigrationHistory(events=events(*applied("0.0.1")))
    found = Catalog(files=Files((file("0.0.1", "renamed"),)), history=history)
    assert found.outstanding == ()


def test_an_applied_migration_without_a_file_is_missing_and_cannot_be_taken_back() -> None:
    found = catalog(("0.0.1",), *applied("0.0.1", "0.0.2"))
    assert found.missing == ("0.0.2",)
    with pytest.raises(UsageError, match="its file is not here"):
        found.down()


def test_what_failed_is_not_called_applied_where_its_file_is_gone() -> None:
    found = catalog(("0.0.1",), *applied("0.0.1"), ("started", "0.0.2"), ("failed", "0.0.2"))
    for version in ("0.0.0", "0.0.1"):
        with pytest.raises(UsageError, match=r"Migration 0\.0\.2 is failed, and its file is not here"):
            found.to(version)


def test_repeat_is_the_last_one_down_and_up_again() -> None:
    assert keys(catalog(THREE, *applied("0.0.1", "0.0.2")).repeat()) == ["down 0.0.2", "up 0.0.2"]
    with pytest.raises(UsageError, match="No migration is applied"):
        catalog(THREE).repeat()


def test_rollback_is_all_that_the_last_run_applied() -> None:
    first = events(("started", "0.0.1"), ("applied", "0.0.1"))
    second = tuple(
        MigrationEvent(number=number, kind=kind, version=version, run="second", at=NOON, checksum="a")
        for number, (kind, version) in enumerate(applied("0.0.2", "0.0.10"), 3)
    )
    found = Catalog(files=Files(tuple(map(file, THREE))), history=MigrationHistory(events=first + second))
    assert keys(found.rollback()) == ["down 0.0.10", "down 0.0.2"]
    assert keys(found.rollback("r2")) == ["down 0.0.1"]
    with pytest.raises(UsageError, match="There is no run none"):
        found.rollback("none")
    assert catalog(THREE).rollback() == ()


def test_a_rollback_that_was_stopped_is_still_of_its_run() -> None:
    """Not of an older run, whose migrations nobody asked to take back."""
    first = events(("started", "0.0.1"), ("applied", "0.0.1"))
    second = tuple(
        MigrationEvent(number=number, kind=kind, version="0.0.2", run="second", at=NOON, checksum="a")
        for number, (kind, _) in enumerate(applied("0.0.2"), 3)
    )
    back = MigrationEvent(number=5, kind="reverting", version="0.0.2", run="third", direction="down", at=NOON)
    history = MigrationHistory(events=(*first, *second, back))
    found = Catalog(files=Files(tuple(map(file, THREE))), history=history)
    assert keys(found.rollback()) == ["down 0.0.2"]


def test_a_named_migration_runs_again_and_is_never_current() -> None:
    found = catalog((*THREE, "stamp"), *applied("0.0.1", "stamp"))
    assert str(found.history.current) == "0.0.1"
    assert keys(found.run("stamp")) == ["up stamp"]
    with pytest.raises(UsageError, match="no named migration stmp"):
        found.run("stmp")


def test_what_began_goes_first_and_others_are_refused() -> None:
    found = catalog((*THREE, "stamp"), ("started", "0.0.1"))
    assert found.up()[0].goes_on
    with pytest.raises(UsageError, match="is interrupted: it goes first"):
        found.run("stamp")
    with pytest.raises(UsageError, match="is interrupted: it goes first"):
        found.repeat()


def test_nothing_runs_that_was_not_agreed_to() -> None:
    found = catalog(THREE)
    agreed = found.up(2)
    assert still_agreed(agreed, found.all()) == found.all()[:2]
    assert still_agreed(agreed, found.all()[1:]) == found.all()[1:2]  # another run did the first
    assert still_agreed(agreed, found.all()[2:]) == ()  # and both
    assert still_agreed(agreed, ()) == ()
    with pytest.raises(UsageError, match=r"Before up of 0\.0\.2 something changed"):
        still_agreed(agreed[1:], found.all())
    changed = tuple(replace(each, file=replace(each.file, checksum="b")) for each in found.all())
    with pytest.raises(UsageError, match=r"Before up of 0\.0\.1 something changed"):
        still_agreed(agreed, changed)
