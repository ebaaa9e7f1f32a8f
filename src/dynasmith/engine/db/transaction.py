"""`Transaction`: up to 100 actions on items of several classes and tables, all of which are done, or none."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.hook_calls import revert, reverted_unless_written, run_after
from dynasmith.engine.db.planned_action import (
    PlannedAction,
    check_action,
    create_action,
    delete_action,
    put_action,
    save_action,
    update_action,
)
from dynasmith.engine.db.transaction_commit import bring_up_to_date, commit
from dynasmith.engine.db.transaction_parts import item_identity, refuse_too_many
from dynasmith.errors import UsageError
from dynasmith.models.action import ModelAction
from dynasmith.models.condition import ModelCondition
from dynasmith.models.key_of import KeyOf
from dynasmith.models.model import Model

TOKEN_MAX_CHARACTERS: Final = 36
# Source: API, TransactWriteItems, ClientRequestToken.


class Transaction:
    """Actions that are sent together when the ``with`` block ends: all of them are done, or none.

    An action takes its instance as it is then, and raises where it cannot be sent. Where the block raises, nothing is
    sent; a transaction without actions sends nothing either. Each item may be in one action. It costs twice the write
    units. Interrupted while it is sent, it is written whole or not at all.

    At the end of the block it raises TransactionFailed, whose ``reasons`` say for each action whether it was the cause,
    and UsageError, before the call, for more than 100 actions or 4 MB: it is never split. Instances are brought up to
    date after it succeeded, and not before. With ``hooks`` the hooks before an action run when it is added, those after
    it when all was written; where nothing was, what hooks have set is taken back.
    """

    def __init__(self, context: DbContext, token: str) -> None:
        if len(token) > TOKEN_MAX_CHARACTERS:
            raise UsageError(f"A token has up to {TOKEN_MAX_CHARACTERS} characters; this one has {len(token)}.")
        self._context, self._token = context, token
        self._actions: list[PlannedAction] = []
        self._items: dict[str, PlannedAction] = {}
        self._is_open = False

    def __enter__(self) -> Self:
        """Begin; nothing is sent. Raises UsageError for one that was used before, and where this db only reads."""
        self._context.refuse_dry()
        if self._is_open or self._actions:
            raise UsageError("A transaction is used once.", hint="begin another with db.transaction()")
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send the actions, unless the block raised. Raises TransactionFailed, UsageError; see the class."""
        self._is_open = False
        hooks = [action.hooks for action in self._actions]
        if kind is not None:
            revert(hooks)
        elif self._actions:
            with reverted_unless_written(hooks):
                commit(self._context, self._actions, self._token)
            bring_up_to_date(self._context, self._actions)
            run_after(hooks)

    def create(self, item: Model, *, hooks: bool = False) -> None:
        """Write a new item; ItemExists is the reason where there is one of its key. Raises UsageError, ItemInvalid."""
        self._add(lambda: create_action(self._context, item, hooks=hooks))

    def put(self, item: Model, *, where: ModelCondition | None = None) -> None:
        """Write the whole item over what is there. Raises UsageError, ItemInvalid, NotLoaded."""
        self._add(lambda: put_action(self._context, item, where))

    def save(self, item: Model, *, where: ModelCondition | None = None, hooks: bool = False) -> None:
        """Write what changed since the instance was read; an unchanged one adds no action, a changed key two.

        Raises UsageError, ItemInvalid, TemplateIncomplete, NotLoaded for an instance whose version was not read.
        """
        self._add(lambda: save_action(self._context, item, where, hooks=hooks))

    def update(
        self,
        what: Model | KeyOf[Any],
        *actions: ModelAction,
        where: ModelCondition | None = None,
        hooks: bool = False,
    ) -> None:
        """Change an item by actions. An instance is read again after the transaction.

        Raises UsageError, TemplateIncomplete, NotLoaded for an instance whose version was not read.
        """
        self._add(lambda: update_action(self._context, what, actions, where, hooks=hooks))

    def delete(
        self,
        what: Model | KeyOf[Any],
        *,
        where: ModelCondition | None = None,
        hard: bool = False,
        hooks: bool = False,
    ) -> None:
        """Delete an item; an absent one does not fail the transaction, except where deleted items of the class stay.

        Raises UsageError, NotLoaded for an instance whose version was not read.
        """
        self._add(lambda: delete_action(self._context, what, where, hard=hard, hooks=hooks))

    def check(self, what: Model | KeyOf[Any], where: ModelCondition) -> None:
        """Let the transaction fail where ``where`` does not hold for an item that it does not write.

        Of an instance the version is compared too. Raises UsageError, NotLoaded for one whose version was not read.
        """
        self._add(lambda: check_action(self._context, what, where))

    def _add(self, plan: Callable[[], PlannedAction | None]) -> None:
        if not self._is_open:
            raise UsageError("The transaction is not open.", hint="with db.transaction() as tx: tx.create(...)")
        planned = plan()
        if planned is not None:
            with reverted_unless_written([planned.hooks]):
                self._take(planned)

    def _take(self, planned: PlannedAction) -> None:
        write = planned.write
        keys = [write.key] if write.new_key is None else [write.key, write.new_key]
        identities = [item_identity(planned.table, key) for key in keys]
        for identity in identities:
            other = self._items.get(identity)
            if other is not None:
                raise UsageError(
                    f"Two actions of the transaction are about {planned.shown} in {planned.table}: "
                    f"{other.verb} and {planned.verb}.",
                    hint="a transaction has one action for an item; where= gives an action a condition",
                )
        self._actions.append(planned)
        self._items.update(dict.fromkeys(identities, planned))
        refuse_too_many(len(self._items), len(self._actions))
