"""What becomes of a change that found its item changed: of a backfill, and of an undo. Pure."""

from dataclasses import dataclass

from dynasmith.engine.backfill.sink import ChangeOutcome
from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.backfill.unconfirmed_changes import same, unwritten
from dynasmith.items.key import KeySchema, format_key, key_of
from dynasmith.items.transform import ItemRefused, ItemSkipped
from dynasmith.items.wire import RawItem, attributes
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.updates import ItemChange, UpdateAnswer, change_of, stands


@dataclass(frozen=True, slots=True)
class RetryOutcome:
    """A backfill rewrites the item as it is now. Raises ItemRefused where the policy is to stop."""

    rewriter: Rewriter

    def __call__(self, change: ItemChange, answer: UpdateAnswer) -> ChangeOutcome:
        """A deleted item is skipped; one that another writer brought into the new shape needs nothing."""
        if answer.current is None:
            return ChangeOutcome(end="skipped", applied=answer.uncertain)
        applied = answer.uncertain and not unwritten(change, answer.current)
        try:
            found = self.rewriter.rewrite(RawItem(answer.current))
        except ItemSkipped:  # it is another entity's now
            return ChangeOutcome(end="skipped", applied=applied)
        except ItemRefused as refused:
            if self.rewriter.stops(refused):
                raise
            dead = DeadLetter(code="transform", reason=refused.message, item=answer.current)
            return ChangeOutcome(dead=dead, applied=applied)
        if found is None:
            return ChangeOutcome(end="written" if applied else "unchanged", applied=applied)
        return ChangeOutcome(again=change_of(found), applied=applied)


@dataclass(frozen=True, slots=True)
class PutBack:
    """An undo never overrides: what others changed since is reported and stays."""

    key: KeySchema

    def __call__(self, change: ItemChange, answer: UpdateAnswer) -> ChangeOutcome:
        """A deleted item is skipped; one that looks as before already is there; any other was changed since."""
        if answer.current is None:
            again = change.kind == "create"  # what was there is gone: there is place for it now
            return ChangeOutcome(again=change) if again else ChangeOutcome(end="skipped")
        if stands(change, answer.current):
            return ChangeOutcome(end="written" if answer.uncertain else "already", applied=True)
        names = _differing(change, answer.current)
        key = format_key(key_of(change.before, self.key), self.key)
        reason = f"item {key} was changed by others since, in {', '.join(names)}; it was left as it is"
        return ChangeOutcome(dead=DeadLetter(code="changed", reason=reason, item=answer.current), names=names)


def _differing(change: ItemChange, current: bytes) -> list[str]:
    """The attributes that the job wrote and that are not as it left them; of an item that it deleted those in which
    another item, which has its key now, differs from it."""
    left, found = attributes(change.before), attributes(current)
    if change.kind == "create":
        return sorted(name for name in left.keys() | found.keys() if not same(name, left, found))
    return sorted(name for name in change.names if bytes(left.get(name, b"")) != bytes(found.get(name, b"")))
