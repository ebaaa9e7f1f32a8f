"""What the documents of several verbs have in common: times, places, errors, free values."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from msgspec import Meta

Time: TypeAlias = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", description="A time: RFC 3339, UTC.")
]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^ds1:\d+:[0-9a-f]{32}$", description="A digest of items.")]
Value: TypeAlias = Annotated[
    Any, Meta(description="A value in the form of a definition file; null is off or not there.")
]
Severity: TypeAlias = Literal["critical", "warning", "notice"]


class PlaceDetails(TypedDict):
    """Where it was done, or would be: null is unknown, or does not apply."""

    environment: str
    region: str | None
    account: str | None
    endpoint: str | None


class NeededConsent(TypedDict):
    """A consent that a command needs: a question (``kind`` yes), a ``name`` that must be given, or only an option
    (``kind`` flag). ``flag`` is what the command line takes for it."""

    kind: Literal["yes", "name", "flag"]
    question: str
    flag: str
    name: str


class ErrorDetails(TypedDict):
    """An error: ``code`` is stable, ``exit`` the exit code, ``docs`` the page of the code. ``findings`` are the
    mistakes of a definition; ``failures`` the error of each table that failed; ``needs``, with the place, the missing
    consents."""

    code: str
    message: str
    hint: str
    exit: Literal[1, 2, 3, 4, 5, 130]
    docs: str
    findings: NotRequired[list[DefinitionMistake]]
    failures: NotRequired[dict[str, ErrorDetails]]
    needs: NotRequired[list[NeededConsent]]
    environment: NotRequired[str]
    region: NotRequired[str | None]
    account: NotRequired[str | None]
    endpoint: NotRequired[str | None]


class DefinitionMistake(TypedDict):
    """A mistake of a definition or of the project file; ``line`` is 0 where it concerns the whole file. One of an
    operations file has its place in the message: what is null is unknown."""

    code: str | None
    file: str | None
    line: int | None
    path: str | None
    severity: Literal["error", "warning"]
    message: str
    hint: str
    docs: str | None


class ErrorDocument(TypedDict):
    """What every verb prints where it fails."""

    error: ErrorDetails


class TableError(TypedDict):
    """A table that failed, among others that did not."""

    table: str
    error: ErrorDetails


class Estimate(TypedDict):
    """What reading and writing take, before it begins. ``seconds`` is null without a pace, ``cost_dollars`` where a
    price is unknown; with ``at_least`` more follows, which is unknown until it is read."""

    items: int
    size_bytes: int
    read_units: float
    write_units: float
    seconds: float | None
    cost_dollars: float | None
    sampled_items: int
    at_least: bool


class RefusedCallDetails(TypedDict):
    """A call that user code tried in a dry run, and that was not done."""

    service: str
    operation: str
    table: str
    times: int


class GuardDetails(TypedDict):
    """What is known of a run of user code: what a dry run could not keep dry or had to refuse, and the last sentence of
    the report."""

    hazards: list[str]
    refused_calls: list[RefusedCallDetails]
    closing: str
