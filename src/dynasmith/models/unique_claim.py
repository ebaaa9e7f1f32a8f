"""Claims: the second item by which a value of a unique attribute belongs to one item. The format is a promise.

A claim is in the table of its item. Its key is made of a SHA-256 of the entity, the attribute and the value, so it fits
every key schema, its size does not depend on the value, and no key of an entity equals it:

- text: ``_unique#`` and 64 hexadecimal digits;
- number: minus 10^37 and less than 10^37 of the hash, times 10^-130;
- binary: ``_unique#`` and the 32 bytes.

Every attribute of the key has that value. ``_unique_attribute`` is the name of the attribute, ``_unique_owner`` the key
of the item that has the value, and ``_unique_token`` differs for each write of the claim. A claim has no entity.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.items.number import number_parts
from dynasmith.models.fields import FieldCodec
from dynasmith.models.schema import ModelSchema
from dynasmith.models.value_codec import Tree
from dynasmith.tables.table import KeyType

ATTRIBUTE: Final = "_unique_attribute"
TOKEN: Final = "_unique_token"  # noqa: S105 - the name of an attribute
_PREFIX: Final = "_unique#"
_NUMBER_DIGITS: Final = 37


@dataclass(frozen=True, slots=True)
class UniqueClaim:
    """What a write does to the claim of one value of ``field``, whose key is ``key``.

    ``owner`` is the key of the item that has the value afterwards, None where none has. ``holders`` are the keys of
    those that may hold it before; a holder with a token holds it by just that write of the claim.
    """

    field: FieldCodec
    key: Tree
    owner: Tree | None
    holders: tuple[tuple[Tree, str | None], ...]

    def merged(self, other: UniqueClaim) -> UniqueClaim | None:
        """Both in one: one item gives the value up and another takes it. None where both take it."""
        if self.owner is not None and other.owner is not None and self.owner != other.owner:
            return None
        owner = self.owner if self.owner is not None else other.owner
        return UniqueClaim(self.field, self.key, owner, tuple(_distinct(*self.holders, *other.holders)))

    def may_take_from(self, holder: Tree, token: str | None) -> UniqueClaim:
        """The same, also where the claim is still the one that ``holder`` wrote with that token."""
        return UniqueClaim(self.field, self.key, self.owner, (*self.holders, (holder, token)))

    def action(self, schema: ModelSchema, token: str) -> tuple[str, dict[str, Any]]:
        """The action of a transaction, without its table. It fails where the claim is of another item."""
        names = {"#p": schema.partition.attribute, "#o": CLAIM_OWNER}
        values: Tree = {}
        terms = ["attribute_not_exists(#p)"]
        for place, (holder, written) in enumerate(self.holders):
            values[f":o{place}"] = {"M": holder}
            term = f"#o = :o{place}"
            if written is not None:
                names["#t"], values[f":t{place}"] = TOKEN, {"S": written}
                term = f"({term} AND #t = :t{place})"
            terms.append(term)
        request: dict[str, Any] = {
            "ConditionExpression": " OR ".join(terms),
            "ExpressionAttributeNames": names,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            request["ExpressionAttributeValues"] = values
        if self.owner is None:
            return "Delete", {"Key": self.key, **request}
        item = {
            **self.key,
            ATTRIBUTE: {"S": self.field.attribute},
            CLAIM_OWNER: {"M": self.owner},
            TOKEN: {"S": token},
        }
        return "Put", {"Item": item, **request}


def _distinct(*holders: tuple[Tree, str | None]) -> Iterable[tuple[Tree, str | None]]:
    return {json.dumps(each, sort_keys=True): each for each in holders}.values()


def claims_of(
    schema: ModelSchema,
    old: Mapping[str, Tree | None],
    new: Mapping[str, Tree | None],
    *,
    keys: tuple[Tree, Tree],
    claims_all: bool,
) -> list[UniqueClaim]:
    """What a write that gives unique attributes the values ``new`` instead of ``old`` does to their claims.

    ``keys`` are the keys of the item before and after. A value that stays is claimed again only with ``claims_all``, or
    where the key changes.
    """
    before, after = keys
    holders = ((before, None),) if before == after else ((before, None), (after, None))
    claims = []
    for field in schema.unique:
        if field.attribute not in new:
            continue
        old_key = _claimed(schema, field, old.get(field.attribute))
        new_key = _claimed(schema, field, new[field.attribute])
        if new_key is not None and (new_key != old_key or claims_all or before != after):
            claims.append(UniqueClaim(field, new_key, after, holders))
        if old_key is not None and new_key != old_key:
            claims.append(UniqueClaim(field, old_key, None, holders))
    return claims


def _claimed(schema: ModelSchema, field: FieldCodec, stored: Tree | None) -> Tree | None:
    return None if stored is None or "NULL" in stored else claim_key(schema, field, stored)


def claim_key(schema: ModelSchema, field: FieldCodec, stored: Tree) -> Tree:
    """The key of the claim of one value. Equal values have one key: a number has many spellings."""
    ((tag, content),) = stored.items()
    parts = number_parts(content) if tag == "N" else None
    value = content if parts is None else f"{'-' if parts[0] else ''}{parts[1]}E{parts[2]}"
    text = json.dumps([schema.entity or "", field.attribute, tag, value], ensure_ascii=True, sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return {place.attribute: _key_value(place.type, digest) for place in schema.key}


def _key_value(kind: KeyType, digest: bytes) -> Tree:
    match kind:
        case "S":
            return {"S": f"{_PREFIX}{digest.hex()}"}
        case "N":
            digits = 10**_NUMBER_DIGITS + int.from_bytes(digest) % 10**_NUMBER_DIGITS
            return {"N": f"-{digits}E-130"}
        case "B":
            return {"B": base64.b64encode(_PREFIX.encode() + digest).decode("ascii")}


def with_values_as_read(
    request: Mapping[str, Any], old: Mapping[str, Tree | None], concerned: Sequence[str]
) -> dict[str, Any]:
    """A write that also fails where one of these unique attributes is not what it was read as."""
    names, values, terms = {}, {}, []
    for place, attribute in enumerate(concerned):
        names[f"#u{place}"] = attribute
        stored = old.get(attribute)
        if stored is None:
            terms.append(f"attribute_not_exists(#u{place})")
        else:
            values[f":u{place}"] = stored
            terms.append(f"#u{place} = :u{place}")
    if not terms:
        return dict(request)
    condition = request.get("ConditionExpression")
    made: dict[str, Any] = {
        **request,
        "ConditionExpression": " AND ".join([f"({condition})", *terms] if condition else terms),
        "ExpressionAttributeNames": {**request.get("ExpressionAttributeNames", {}), **names},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if values:
        made["ExpressionAttributeValues"] = {**request.get("ExpressionAttributeValues", {}), **values}
    return made
