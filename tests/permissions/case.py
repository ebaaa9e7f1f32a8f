"""`Case`: a command that is run as a role, with the row of the permissions page that it proves."""

import shlex
from dataclasses import dataclass

from dynasmith.aws.control.migration_actions import MIGRATION_VERBS, STEPS
from dynasmith.aws.control.setting_actions import SETTING_READS
from dynasmith.aws.control.verb_actions import VERB_ACTIONS, VerbActions
from permissions.prepare import Prepare, nothing

ROWS = {**VERB_ACTIONS, **MIGRATION_VERBS}
NAMES = (
    "orders",
    "plain",
    "others",
    "scratch",
    "world",
    "leaving",
    "parting",
    "people",
    "restored",
    "imported",
    "fresh",
)


@dataclass(frozen=True)
class Case:
    """A command of a verb. ``also`` names what is asked for besides; ``settings`` is which are read: those of the rich
    table where it is None; ``reads`` the actions that read them, where not all are taken. ``steps`` are those of its
    migration, ``more`` the actions of what is changed, ``tables`` those that it is about, by default those among its
    words. ``before`` is done by the owner before each run. ``fenced`` are actions that are refused once the command has
    stopped writes, and were allowed until then."""

    verb: str
    words: str
    also: tuple[str, ...] = ()
    settings: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None
    steps: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    before: Prepare = nothing
    fenced: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[VerbActions, ...]:
        return (ROWS[self.verb], *(STEPS[step] for step in self.steps))

    @property
    def history(self) -> tuple[str, ...]:
        """What it needs on the table of the history of migrations."""
        row = ROWS[self.verb]
        return tuple(dict.fromkeys((*row.history, *self._also(row)))) if row.history else ()

    @property
    def needs(self) -> tuple[str, ...]:
        found = dict.fromkeys(self.more)
        for row in self.rows:
            found |= dict.fromkeys((*row.needs, *(() if row.history else self._also(row))))
        return tuple(found)

    def _also(self, row: VerbActions) -> tuple[str, ...]:
        return tuple(action for name in self.also for action in row.also.get(name, ()))

    @property
    def unread(self) -> tuple[str, ...]:
        known = SETTING_READS if self.settings is None else self.settings
        found: dict[str, None] = {}
        for row in self.rows:
            reads = () if row.reads == "none" else [each for name in known for each in SETTING_READS[name]]
            if row.reads != "none" and self.reads is not None:
                reads = [*self.reads]
            also = [each for name in self.also for each in row.also_unread.get(name, ())]
            found |= dict.fromkeys((*row.unread, *also, *reads))
        return tuple(each for each in found if each not in (*self.needs, *self.spare))

    @property
    def spare(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each for row in self.rows for each in row.spare if each not in self.needs))

    @property
    def concerns(self) -> tuple[str, ...]:
        """The tables that its statements name."""
        words = [word for word in shlex.split(self.words) if word in NAMES]
        return self.tables or tuple(dict.fromkeys(words)) or ("*",)
