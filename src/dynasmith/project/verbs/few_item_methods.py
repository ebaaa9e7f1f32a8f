"""The methods of `Project` about single items: get, put, delete, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynasmith.errors import ConditionFailed, ItemExists, ItemNotFound, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.argument_kinds import optional, text
from dynasmith.project.verbs.arguments import checked, named_table
from dynasmith.project.verbs.expected_items import delete_expected, put_expected
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.models import Model


class FewItemMethods:
    """Verbs about single items, in DynamoDB JSON. Items of classes are in `Project.db`."""

    _world: World

    @checked(table=named_table)
    def get(self, table: str | type[Model], key: Mapping[str, Any]) -> dict[str, Any]:
        """One item by its key, both DynamoDB JSON, read consistently. Costs one call.

        Raises ItemNotFound where there is none, UsageError for a key that is not DynamoDB JSON.
        """
        name = self._world.name_of(table)
        item = self._world.few_items.get(name, key)
        if item is None:
            raise ItemNotFound(f"Table {name} has no item with that key.", hint=f"dynasmith scan {name}")
        return item

    @checked(table=named_table)
    def put(
        self,
        table: str | type[Model],
        item: Mapping[str, Any],
        *,
        new: bool = False,
        expected: Mapping[str, Any] | None = None,
        consent: Consent | None = None,
    ) -> None:
        """Write one item (DynamoDB JSON); it replaces one with the same key, unless ``new``. Costs one call.

        With ``expected``, the item as it was read, only what differs from it is written, and only where the item still
        is as it was read: no other writer loses anything. That costs one call more, and one where the service refuses.
        Raises ConsentRequired where the environment is protected, ItemExists for ``new`` where there is one,
        ConditionFailed (with ``item``, as it is now) where the item is not as ``expected``, UsageError for an item that
        is not DynamoDB JSON, and for one that has another key than ``expected``.
        """
        name = self._world.name_of(table)
        self._world.granted(consent, [name])
        if expected is not None:
            if new:
                raise UsageError("new and expected contradict each other.", hint="use one of them")
            put_expected(self._world, name, item, expected)
            return
        try:
            self._world.few_items.put(name, item, only_new=new)
        except ConditionFailed as error:
            exists = ItemExists(
                f"Table {name} already has an item with that key; nothing was written.",
                hint="remove --new to replace it",
                service_code=error.service_code,
                operation=error.operation,
                request_id=error.request_id,
            )
            raise exists from error

    @checked(table=named_table)
    def delete_item(
        self,
        table: str | type[Model],
        key: Mapping[str, Any],
        *,
        expected: Mapping[str, Any] | None = None,
        consent: Consent | None = None,
    ) -> None:
        """Delete one item by its key (DynamoDB JSON). Costs one call.

        With ``expected``, the item as it was read, it is deleted only where it still is as it was read; what somebody
        added to it since is put back. Raises ItemNotFound where there is none, ConditionFailed (with ``item``, as it is
        now) where it is not as ``expected``, ConsentRequired where the environment is protected, UsageError for a key
        that is not DynamoDB JSON.
        """
        name = self._world.name_of(table)
        self._world.granted(consent, [name])
        if expected is not None:
            delete_expected(self._world, name, key, expected)
            return
        if not self._world.few_items.delete(name, key):
            raise ItemNotFound(
                f"Table {name} has no item with that key; nothing was deleted.", hint=f"dynasmith scan {name}"
            )

    @checked(table=named_table, index=optional(text))
    def count(self, table: str | type[Model], *, index: str | None = None) -> int:
        """How many items a table has, or one of its indexes, by reading them all: half a read unit for each 4 KB.

        Of a class with an ``entity`` only its own items count. Raises TableNotFound, and UsageError where ``index`` is
        given with such a class. `describe` has DynamoDB's own count, which is up to six hours old and free.
        """
        name = self._world.name_of(table)
        if is_model(table):
            from dynasmith.project.verbs.models import count_entity

            if (own := count_entity(self._world, table, index)) is not None:
                return own
        return self._world.few_items.count(name, index=index)[0]
