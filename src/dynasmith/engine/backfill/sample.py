"""What a transform would do to an item of a survey: asked here, or of a guarded process that user code runs in."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.user_code.dry_run import LoadedTransform
from dynasmith.items.transform import Divergence, ItemRefused, ItemSkipped, Policy, Rewrite, check_converges
from dynasmith.items.wire import RawItem


@dataclass(frozen=True, slots=True)
class TransformSample:
    """One item: how it changes, or why not, and what a second run would change again. All None: nothing to do."""

    rewrite: Rewrite | None = None
    refused: ItemRefused | None = None
    divergences: Sequence[Divergence] = ()


class _Ask(Struct):
    items: list[RawItem]
    converge: bool


class _Told(Struct, omit_defaults=True):
    """A `TransformSample` as it leaves a process in which user code ran: bytes and texts, nothing that is code."""

    after: tuple[RawItem, ...] = ()  # at most one: raw bytes and null are no union
    assigned: dict[str, RawItem] = {}
    removed: tuple[str, ...] = ()
    refused: "_Refused | None" = None
    diverges: tuple[tuple[str, tuple[str, ...]], ...] = ()


class _Refused(Struct, omit_defaults=True):
    message: str
    hint: str = ""
    policy: Policy | None = None
    key: str = ""


class TransformSampler:
    """Looks at items with a rewriter; bytes of bytes, so that it can be given to another process."""

    def __init__(self, rewriter: Rewriter) -> None:
        self._rewriter = rewriter

    def prepare(self) -> None:
        """Load the transform where it is not loaded yet. Raises what loading raises."""
        function = self._rewriter.transform.function
        if isinstance(function, LoadedTransform):
            function.prepare()

    def look(self, raw: RawItem, *, converge: bool) -> TransformSample:
        """One item; ``converge`` also runs the transform on its own result."""
        try:
            rewrite = self._rewriter.rewrite(raw)
        except ItemSkipped:
            return TransformSample()
        except ItemRefused as refused:
            return TransformSample(refused=refused)
        if rewrite is None:
            return TransformSample()
        return TransformSample(
            rewrite, divergences=check_converges(self._rewriter.transform, [raw]) if converge else ()
        )

    def __call__(self, body: bytes) -> bytes:
        """What ``asked`` made, to what ``looks_of`` reads."""
        ask = msgspec.json.decode(body, type=_Ask)
        return msgspec.json.encode([_told(self.look(raw, converge=ask.converge)) for raw in ask.items])


def asked(raws: Sequence[RawItem], *, converge: bool) -> bytes:
    """A question about some items for `TransformSampler` in another process."""
    return msgspec.json.encode(_Ask(list(raws), converge))


def looks_of(body: bytes, raws: Sequence[RawItem]) -> list[TransformSample]:
    """Its answer. What a rewrite depends on (``expected``) is not told: a survey writes nothing."""
    told = msgspec.json.decode(body, type=list[_Told])
    return [_look(raw, one) for raw, one in zip(raws, told, strict=True)]


def _told(look: TransformSample) -> _Told:
    refused, rewrite = look.refused, look.rewrite
    if refused is not None:
        return _Told(refused=_Refused(refused.message, refused.hint, refused.policy, refused.key))
    if rewrite is None:
        return _Told()
    return _Told(
        after=(rewrite.after,),
        assigned={name: RawItem(wire) for name, wire in rewrite.assigned.items()},
        removed=rewrite.removed,
        diverges=tuple((each.key, each.names) for each in look.divergences),
    )


def _look(raw: RawItem, told: _Told) -> TransformSample:
    if told.refused is not None:
        said = told.refused
        return TransformSample(refused=ItemRefused(said.message, hint=said.hint, policy=said.policy, key=said.key))
    if not told.after:
        return TransformSample()
    assigned = {name: bytes(wire) for name, wire in told.assigned.items()}
    rewrite = Rewrite(raw, RawItem(bytes(told.after[0])), assigned, told.removed, expected={})
    return TransformSample(rewrite, divergences=[Divergence(key, names) for key, names in told.diverges])
