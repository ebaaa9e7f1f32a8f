"""The hooks of one write: those before it with what they set on the instance, and those after it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from dynasmith.errors import HookFailed, UsageError
from dynasmith.models.hooks import HookEvent, hook_names
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model

_DONE: Final[Mapping[HookEvent, str]] = {"create": "created", "update": "updated", "delete": "deleted"}
_ABSENT: Final = object()


@dataclass(slots=True)
class HookCalls:
    """The hooks of a write of ``item``. ``names`` are the fields that an update changes."""

    item: Model
    event: HookEvent
    names: tuple[str, ...] = ()
    _set: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def before(self, changes: Callable[[], Mapping[str, Any]]) -> None:
        """Run the hooks before the write; ``changes`` gives what the write changes as it is then.

        What a hook raises goes on, and the instance is as it was.
        """
        start = dict(self.item.__dict__)
        try:
            for name in hook_names(type(self.item), "before", self.event):
                self._run(name, changes() if self.event == "update" else None)
        except BaseException as error:
            self._note(start)
            self.revert()
            if isinstance(error, Exception):
                error.add_note(f"A hook before the {self.event} raised this; nothing was sent.")
            raise
        self._note(start)

    def after(self) -> None:
        """Run the hooks after the write. Raises HookFailed at the first that fails."""
        values = {name: self.item.__dict__[name] for name in self.names if name in self.item.__dict__}
        for name in hook_names(type(self.item), "after", self.event):
            try:
                self._run(name, values if self.event == "update" else None)
            except Exception as cause:
                codec = codec_of(type(self.item))
                key = ", ".join(f"{part}={value!r}" for part, value in codec.describe_key(codec.key(self.item)).items())
                raise HookFailed(
                    f"{codec.schema.name} ({key}) was {_DONE[self.event]}; then its hook {name} raised "
                    f"{type(cause).__name__}: {cause}",
                    hint="the write stands: repeat only what the hook does",
                    hook=name,
                    item=self.item,
                ) from cause

    def revert(self) -> None:
        """Take back what the hooks set on the instance, where nothing was written."""
        values = self.item.__dict__
        for name, (old, new) in self._set.items():
            if values.get(name, _ABSENT) is new:
                values.pop(name, None) if old is _ABSENT else values.update({name: old})
        self._set = {}

    def _note(self, start: Mapping[str, Any]) -> None:
        now = self.item.__dict__
        pairs = {name: (start.get(name, _ABSENT), now.get(name, _ABSENT)) for name in (*start, *now)}
        self._set = {name: pair for name, pair in pairs.items() if pair[0] is not pair[1]}

    def _run(self, name: str, changes: Mapping[str, Any] | None) -> None:
        method = getattr(self.item, name)
        given = method() if changes is None else method(MappingProxyType(changes))
        if inspect.isawaitable(given):
            close = getattr(given, "close", None)
            if close is not None:
                close()
            raise UsageError(f"The hook {type(self.item).__name__}.{name} is async.", hint="hooks are plain methods")


def hook_calls(what: Model | KeyOf[Any], event: HookEvent, *, hooks: bool) -> HookCalls | None:
    """The hooks of a write; None where the call does not ask for them. Raises UsageError for a key."""
    if not hooks:
        return None
    if isinstance(what, KeyOf):
        raise UsageError(
            f"Hooks are methods of an instance, and this is a key of {what.model.__name__}.",
            hint="read the item and write that, or leave hooks=True out",
        )
    return HookCalls(what, event)


@contextmanager
def reverted_unless_written(calls: Iterable[HookCalls | None]) -> Iterator[None]:
    """Where the block raises, instances are as they were before their hooks."""
    try:
        yield
    except BaseException:
        revert(calls)
        raise


def revert(calls: Iterable[HookCalls | None]) -> None:
    """Take back what hooks set on their instances, the last first."""
    for each in reversed(list(calls)):
        if each is not None:
            each.revert()


def run_after(calls: Iterable[HookCalls | None]) -> None:
    """Run the hooks after writes that succeeded, in their order. Raises HookFailed at the first that fails."""
    for each in calls:
        if each is not None:
            each.after()
