"""Which migrations a command runs, in which order, decided and checked before the first of them begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dynasmith.errors import Locked, UsageError
from dynasmith.migrations.event import Direction
from dynasmith.migrations.history import MigrationHistory, MigrationState
from dynasmith.migrations.version import NOTHING, Version, parse_version, version_of

LATEST: Final = ("latest", "reset")
"""Names of the migration that `reset` runs; the second is OneTable's."""


class MigrationFile(Struct, frozen=True, kw_only=True):
    """One file of migrations, as it was parsed; nothing of it was run.

    ``file`` is its name in the folder; ``checksum`` that of its text. ``has_down`` where it has a function ``down``.
    """

    version: str
    name: str
    file: str
    description: str
    checksum: str
    has_down: bool
    covers: str = ""

    @property
    def key(self) -> str:
        """The version, or the name of one without."""
        return self.version or self.name

    @property
    def title(self) -> str:
        """How sentences name it: ``0.0.3 split_name``."""
        return f"{self.version} {self.name}".strip()


class PathStep(Struct, frozen=True, kw_only=True):
    """One migration that a command runs. ``goes_on`` where it began earlier."""

    file: MigrationFile
    direction: Direction
    goes_on: bool = False


class Files(Struct, frozen=True):
    """All files of the folder: those with a version in its order, then the named ones by name."""

    files: tuple[MigrationFile, ...] = ()

    @property
    def versioned(self) -> tuple[MigrationFile, ...]:
        """Those with a version, in the order of SemVer."""
        return tuple(sorted((each for each in self.files if each.version), key=_order))

    @property
    def named(self) -> tuple[MigrationFile, ...]:
        """Those without, by name."""
        return tuple(sorted((each for each in self.files if not each.version), key=lambda each: each.name))

    def find(self, key: str) -> MigrationFile | None:
        """The file of a version or a name."""
        return next((each for each in self.files if each.key == key), None)


class Catalog(Struct, frozen=True, kw_only=True):
    """Files and history: what a command may choose from.

    ``accepted`` are versions whose changed file is taken as it is now; ``out_of_order`` lets a version run that is
    below the current one.
    """

    files: Files
    history: MigrationHistory
    accepted: frozenset[str] = frozenset()
    out_of_order: bool = False

    # --- what there is

    @property
    def states(self) -> dict[str, MigrationState]:
        """What became of each migration."""
        return self.history.states

    @property
    def outstanding(self) -> tuple[MigrationFile, ...]:
        """The files with a version that are not applied, in order; those that began are among them."""
        states = self.states
        return tuple(each for each in self.files.versioned if not _is_applied(states.get(each.key)))

    @property
    def late(self) -> tuple[MigrationFile, ...]:
        """Outstanding files that come before what is applied already, and did not begin."""
        current, states = self.history.current, self.states
        return tuple(
            each
            for each in self.outstanding
            if _order(each) < current and not ((state := states.get(each.key)) and state.is_open)
        )

    @property
    def changed(self) -> tuple[MigrationFile, ...]:
        """Applied files whose text is another one now."""
        states = self.states
        return tuple(
            each
            for each in self.files.files
            if (state := states.get(each.key)) is not None and self._is_changed(each, state)
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Versions that are applied, and whose files are not here: this is an older checkout, or they were removed."""
        return tuple(key for key, state in self.states.items() if state.is_applied and self.files.find(key) is None)

    @property
    def open(self) -> tuple[MigrationState, ...]:
        """Migrations that began and did not end, oldest first."""
        return tuple(sorted((each for each in self.states.values() if each.is_open), key=_by_number))

    def applied(self) -> tuple[MigrationState, ...]:
        """Migrations with a version that are applied or marked, in the order in which they became that."""
        found = (each for each in self.states.values() if each.is_applied and parse_version(each.key) is not None)
        return tuple(sorted(found, key=_by_number))

    # --- what a command runs

    def up(self, count: int = 1) -> tuple[PathStep, ...]:
        """The next ``count`` outstanding migrations; one that began goes first. Raises UsageError."""
        return self._upwards(None)[:count]

    def all(self) -> tuple[PathStep, ...]:
        """Every outstanding migration. Raises UsageError."""
        return self._upwards(None)

    def down(self, count: int = 1) -> tuple[PathStep, ...]:
        """The last ``count`` migrations that were applied, the newest first. Raises UsageError.

        One that began counts as the first: its ``down`` takes back what its steps did.
        """
        states = [*self._taking_back(), *reversed(self.applied())]
        return self._downwards(states[:count])

    def to(self, version: str) -> tuple[PathStep, ...]:
        """What brings the tables to a version: everything up to it, or nothing above it. Raises UsageError for one that
        no file has."""
        target = version_of(version)
        if target != NOTHING and self.files.find(str(target)) is None:
            known = ", ".join(each.key for each in self.files.versioned) or "none"
            raise UsageError(f"There is no migration {target}.", hint=f"there are: {known}")
        above = [each for each in reversed(self.applied()) if version_of(each.key) > target]
        open_above = [each for each in self.open if (parsed := parse_version(each.key)) and parsed > target]
        if above or open_above:
            if any(each not in open_above for each in self.open):
                self._refuse_another()
            return self._downwards([*open_above, *above])
        return self._upwards(target)

    def repeat(self) -> tuple[PathStep, ...]:
        """The last applied migration down, then up again. Raises UsageError."""
        if self.open:
            self._refuse_another()
        last = self.applied()[-1:]
        if not last:
            raise UsageError("No migration is applied, so that none can be repeated.", hint="dynasmith migrate up")
        (back,) = self._downwards(last)
        return back, PathStep(file=back.file, direction="up")

    def rollback(self, run: str = "") -> tuple[PathStep, ...]:
        """All that the last run, or that run, applied, the newest first; nothing where nothing of it is applied any
        more. Raises UsageError."""
        applied = self.applied()
        run = run or self._last_run()
        states = [each for each in reversed(applied) if each.last.run == run]
        opened = [each for each in self._taking_back() if any(event.run == run for event in each.events)]
        if run and not any(event.run == run for event in self.history.events):
            raise UsageError(f"There is no run {run}.", hint="`dynasmith migrate show VERSION` names the runs")
        return self._downwards([*opened, *states])

    def run(self, name: str) -> tuple[PathStep, ...]:
        """A named migration, up; it may run again and again. Raises UsageError."""
        found = self.files.find(name)
        if found is None or found.version:
            names = ", ".join(each.name for each in self.files.named) or "none"
            raise UsageError(f"There is no named migration {name}.", hint=f"there are: {names}")
        if any(each.key != name for each in self.open):
            self._refuse_another()
        return (PathStep(file=found, direction="up", goes_on=any(each.key == name for each in self.open)),)

    def reset(self) -> tuple[PathStep, ...]:
        """The migration named ``latest`` (or ``reset``), alone. Raises UsageError where there is none, or both."""
        found = [file for name in LATEST if (file := self.files.find(name)) is not None]
        if len(found) != 1:
            what = "There are latest.py and reset.py" if found else "There is no latest.py"
            raise UsageError(f"{what}, and reset runs one.", hint="it makes the tables as after the last migration")
        return (PathStep(file=found[0], direction="up", goes_on=any(each.key == found[0].key for each in self.open)),)

    # --- how

    def _last_run(self) -> str:
        """The run that brought up what came last of all that is applied, or that began; empty where nothing is. A
        rollback of it that was stopped is still of it."""
        ups = (event for each in (*self.applied(), *self.open) for event in each.events if event.direction == "up")
        last = max(ups, key=lambda event: event.number, default=None)
        return "" if last is None else last.run

    def _upwards(self, target: Version | None) -> tuple[PathStep, ...]:
        self._refuse_unknown_open()
        opened = self._opened()
        if self.late and not self.out_of_order:
            late = ", ".join(each.title for each in self.late)
            raise UsageError(
                f"{late} would run after {self.history.current}, which is applied already.",
                hint="give it a version above that, `migrate mark` it, or run it with --out-of-order",
            )
        begun = {step.file for step in opened if step.direction == "up"}  # what is taken back is outstanding then
        wanted = [each for each in self.outstanding if each not in begun and (target is None or _order(each) <= target)]
        return (*opened, *(PathStep(file=each, direction="up") for each in wanted))

    def _opened(self) -> list[PathStep]:
        """What began: it goes on in its direction, before anything else."""
        found = []
        for state in self.open:
            file = self.files.find(state.key)
            assert file is not None
            found.append(PathStep(file=file, direction=state.last.direction, goes_on=True))
        return found

    def _taking_back(self) -> list[MigrationState]:
        """What began, the newest first: a down of it takes it back."""
        self._refuse_unknown_open()
        return list(reversed(self.open))

    def _refuse_another(self) -> None:
        opened = self.open[0]
        if opened.state == "running":
            raise Locked(
                f"Migration {opened.key} is running, or its process was killed (run {opened.last.run}).",
                hint="wait for it; `dynasmith migrate up` goes on with one that was killed, `down` takes it back",
            )
        raise UsageError(
            f"Migration {opened.key} is {opened.state}: it goes first.",
            hint="`dynasmith migrate up` goes on with it, `dynasmith migrate down` takes it back",
        )

    def _refuse_unknown_open(self) -> None:
        for state in self.open:
            if self.files.find(state.key) is None:
                raise UsageError(
                    f"Migration {state.key} is {state.state}, and its file is not here.",
                    hint="check out the version of your code that has it",
                )

    def _downwards(self, states: Sequence[MigrationState]) -> tuple[PathStep, ...]:
        steps = []
        for state in states:
            file = self.files.find(state.key)
            if file is None:
                raise UsageError(
                    f"Migration {state.key} is {state.state}, and its file is not here: it cannot be taken back.",
                    hint="check out the version of your code that has it",
                )
            if self._is_changed(file, state) and file.key not in self.accepted:
                raise UsageError(
                    f"{file.file} was changed after it was applied.",
                    hint=f"put it back, or take it as it is now with --accept-changed {file.key}",
                )
            goes_on = state.is_open and state.last.direction == "down"
            steps.append(PathStep(file=file, direction="down", goes_on=goes_on))
        return tuple(steps)

    def _is_changed(self, file: MigrationFile, state: MigrationState) -> bool:
        """Whether an applied file has another text; one that failed may be fixed."""
        kept = state.last.checksum
        return state.is_applied and bool(kept) and kept != file.checksum


def covered(files: Files, latest: MigrationFile) -> tuple[str, ...]:
    """The versions that a ``latest`` migration stands for: up to what it says, else all that there are. Raises
    UsageError."""
    most = version_of(latest.covers) if latest.covers else None
    return tuple(each.version for each in files.versioned if most is None or _order(each) <= most)


def still_agreed(agreed: Sequence[PathStep], now: Sequence[PathStep]) -> tuple[PathStep, ...]:
    """What is left to run of a path that was agreed to, given the one that is there now: another run may have done some
    of it meanwhile. Nothing runs that was not agreed to. Raises UsageError where something else would come first."""
    wanted = {(each.file.key, each.direction, each.file.checksum) for each in agreed}
    left = [(each.file.key, each.direction, each.file.checksum) in wanted for each in now]
    first = left.index(False) if False in left else len(left)
    keys = {(each.file.key, each.direction) for each in agreed}
    if late := [each for each in now[first:] if (each.file.key, each.direction) in keys]:
        raise UsageError(
            f"Before {late[0].direction} of {late[0].file.title} something changed: another run, or a file.",
            hint="run the command again, and look at what it would do",
        )
    return tuple(now[:first])


def duplicates(files: Iterable[MigrationFile]) -> Mapping[str, Sequence[str]]:
    """Versions or names that several files have, with the names of these files."""
    found: dict[str, list[str]] = {}
    for each in files:
        parsed = parse_version(each.version)
        found.setdefault(str(parsed) if parsed else each.name, []).append(each.file)
    return {key: names for key, names in found.items() if len(names) > 1}


def _order(file: MigrationFile) -> Version:
    return version_of(file.version)


def _by_number(state: MigrationState) -> int:
    return state.last.number


def _is_applied(state: MigrationState | None) -> bool:
    return state is not None and state.is_applied
