"""The parameters of a job as format 1 keeps them: one flat object, which the verb of the job and its keys tell apart.

Beside the spec it holds ``total_items``, an estimate, and what a job learnt while it ran (``only_new``,
``ran_seconds``, whether its reason is a ``plain_reason``), and the ``origin`` of one that a migration began. A
transform is two keys, ``transform`` and ``transform_digest``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from dynasmith.jobs.spec import (
    Apply,
    Backfill,
    BulkPut,
    Copy,
    DeleteItems,
    Erase,
    Export,
    FunctionExport,
    PopulateDatabase,
    PopulateFiles,
    PopulateItems,
    Refresh,
    Replace,
    Restore,
    RollBack,
    ServiceExport,
    ServiceImport,
    Spec,
    Undo,
    UnreadableSpec,
)

DIGEST: Final = "transform_digest"
ONLY_NEW: Final = "only_new"
RAN_SECONDS: Final = "ran_seconds"
TOTAL_ITEMS: Final = "total_items"
ORIGIN: Final = "origin"
PLAIN_REASON: Final = "plain_reason"

_BY_VERB: Final[dict[str, type[Spec]]] = {
    kind.verb: kind for kind in (Copy, Backfill, DeleteItems, Undo, Restore, RollBack, Apply, Refresh, Erase, Replace)
}
"""The specs of verbs that have one."""

_Parameters = dict[str, msgspec.Raw]


class Parameters(NamedTuple):
    """The parameters of a job, read."""

    spec: Spec | UnreadableSpec
    only_new: bool = False
    ran_seconds: float = 0.0
    estimated_items: int | None = None
    origin: str = ""
    plain_reason: bool = False


def encode_parameters(
    spec: Spec | UnreadableSpec,
    *,
    only_new: bool,
    ran_seconds: float,
    estimated_items: int | None,
    origin: str = "",
    plain_reason: bool = False,
) -> msgspec.Raw:
    """The parameters as one object of JSON."""
    if isinstance(spec, UnreadableSpec):
        return spec.parameters
    written: dict[str, object] = {}
    for name, value in msgspec.to_builtins(spec).items():
        if name == "transform":
            written[name] = value["name"]
            if value.get("digest"):
                written[DIGEST] = value["digest"]
        else:
            written[name] = value
    if estimated_items is not None:
        written[TOTAL_ITEMS] = estimated_items
    if only_new:
        written[ONLY_NEW] = True
    if ran_seconds:
        written[RAN_SECONDS] = ran_seconds
    if origin:
        written[ORIGIN] = origin
    if plain_reason:
        written[PLAIN_REASON] = True
    return msgspec.Raw(msgspec.json.encode(written))


def decode_parameters(verb: str, written: msgspec.Raw) -> Parameters:
    """What `encode_parameters` wrote. Parameters that cannot be read become an `UnreadableSpec`."""
    try:
        given = msgspec.json.decode(written, type=dict[str, msgspec.Raw])
        only_new = msgspec.json.decode(given.pop(ONLY_NEW, b"false"), type=bool)
        ran_seconds = msgspec.json.decode(given.pop(RAN_SECONDS, b"0"), type=float)
        estimated_items = msgspec.json.decode(given.pop(TOTAL_ITEMS, b"null"), type=int | None)
        origin = msgspec.json.decode(given.pop(ORIGIN, b'""'), type=str)
        plain_reason = msgspec.json.decode(given.pop(PLAIN_REASON, b"false"), type=bool)
        if (kind := _kind_of(verb, given)) is None:
            return Parameters(UnreadableSpec(verb=verb, parameters=written, reason=f"this version has no verb {verb}"))
        spec = msgspec.json.decode(_nested(kind, given), type=kind)
        return Parameters(spec, only_new, ran_seconds, estimated_items, origin, plain_reason)
    except msgspec.MsgspecError as error:
        return Parameters(UnreadableSpec(verb=verb, parameters=written, reason=str(error)))


def _kind_of(verb: str, given: _Parameters) -> type[Spec] | None:
    """The type of a spec: by the verb, and where a verb has several by what its parameters name."""
    match verb:
        case Export.verb:
            if "place" in given:
                return ServiceExport
            return Export if "dest" in given else FunctionExport
        case PopulateItems.verb:
            if "place" in given:
                return ServiceImport if "definition" in given else BulkPut
            if "files" in given:
                return PopulateFiles
            return PopulateDatabase if "from" in given else PopulateItems
    return _BY_VERB.get(verb)


def _nested(kind: type[Spec], given: _Parameters) -> bytes:
    """The JSON of a spec from the flat object; what jobs of earlier versions did not keep has the value it had then."""
    nested: dict[str, object] = {}
    if kind is Backfill:
        nested["journal"] = True
    elif kind is PopulateFiles:
        nested["fingerprints"] = {}
    digest = given.pop(DIGEST, msgspec.Raw(b'""'))
    nested |= given
    if "transform" in given:
        nested["transform"] = {"name": given["transform"], "digest": digest}
    return msgspec.json.encode(nested)
