"""What verbs about Lambda functions, files, the embedded engine and the program itself print with ``--json``."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from dynasmith.cli.json_types.tables import UnresolvedDetails
from dynasmith.cli.json_types.values import Time


class AttachedTriggerDetails(TypedDict):
    """A trigger as Lambda has it, null for one that is not there, and what was changed."""

    table: str
    function: str
    uuid: str | None
    state: str | None
    stream_arn: str | None
    changed: list[str]


class TriggerDetails(TypedDict):
    """A function that the changes of the table call. ``iterator_age_ms`` is how old changes were, at most, in the last
    15 minutes; null where there is no figure, or where ``age_unknown`` says why it is not known."""

    kind: Literal["trigger"]
    uuid: str
    function: str
    state: str
    last_result: str
    on_current_stream: bool
    stream_arn: str
    declared: bool
    iterator_age_ms: int | None
    age_unknown: str


class GrantedAccessDetails(TypedDict):
    """Access that a role has by dynasmith's policy; ``indexes`` is all, or names."""

    kind: Literal["access"]
    function: str
    role: str
    policy: str
    allowed: list[str]
    indexes: list[str] | str
    leading_keys: list[str]
    declared: bool
    why: str


class AccessChangeDetails(TypedDict):
    """What became of the access of one function, or of a role by itself."""

    function: str
    role: str
    policy: str
    state: str
    why: str


class LogLineDetails(TypedDict):
    """What a function wrote."""

    at: Time
    stream: str
    text: str


class LeftOutDetails(TypedDict):
    """A file of the project that is not in the bundle."""

    name: str
    reason: str


class BundleDocument(TypedDict):
    """A bundle that was written; ``sha256`` is Lambda's CodeSha256."""

    path: str
    size_bytes: int
    unzipped_bytes: int
    sha256: str
    platform: str
    python: str
    files: list[str]
    packages: dict[str, str]
    services: list[str]
    left_out: list[LeftOutDetails]
    notes: list[str]
    handler: str


class PolicyDocument(TypedDict):
    """An IAM policy, in IAM's own words."""

    Version: str
    Statement: list[dict[str, Any]]


class ImportDocument(TypedDict):
    """What was made of tables, of models or of a document of another tool; ``text`` is the file."""

    form: str
    text: str
    tables: list[str]
    notes: list[str]
    unresolved: list[UnresolvedDetails]


class UnsaidDetails(TypedDict):
    """What a form cannot say of a table, and why."""

    table: str
    path: str
    why: str


class RenderDocument(TypedDict):
    """Files for another tool, as text by name."""

    form: str
    files: dict[str, str]
    unsaid: list[UnsaidDetails]
    notes: list[str]


class FormattedDetails(TypedDict):
    """A definition file that was formatted, or would be."""

    file: str
    changed: bool
    diff: str


class InitDocument(TypedDict):
    """The files that were written. ``notes`` and ``variables`` come with ``--from``."""

    files: list[str]
    notes: NotRequired[list[str]]
    variables: NotRequired[dict[str, str]]


class CheckDetails(TypedDict):
    """One thing that ``doctor`` looked at; ``statement`` would allow what is denied."""

    name: str
    state: Literal["ok", "warning", "failed"]
    says: str
    fix: str
    statement: dict[str, Any]


class HelpDocument(TypedDict):
    """The help of a verb or a topic."""

    topic: str
    text: str


class CompletionDocument(TypedDict):
    """The script for a shell."""

    shell: str
    script: str


class ConsoleDocument(TypedDict):
    """A console that answers: the link that opens it once, and whether its pages may change something."""

    url: str
    changes: bool


class ReportDocument(TypedDict):
    """A report that was written: ``differing`` are tables that differ from their definitions or are missing,
    ``critical`` counts critical findings, ``failures`` are sentences about what could not be read."""

    html: str
    bytes: int
    tables: int
    differing: list[str]
    findings: int
    critical: int
    failures: list[str]


class EngineRunningDocument(TypedDict):
    """An engine that answers; ``began`` says that this call started it."""

    endpoint: str
    port: int
    pid: int
    folder: str
    log: str
    strict: bool
    clock: Literal["real", "fast"]
    began: bool
    last_stop_clean: bool
    repeated_calls: int
    refused_calls: int


class EngineStoppedDocument(TypedDict):
    """An engine that does not run; ``not_saved`` names services whose data was not saved."""

    port: int
    folder: str
    was_running: bool
    clean: bool
    not_saved: list[str]
    seconds: float


class EngineStatusDocument(TypedDict):
    """What is known of the engine. ``last_stop_clean`` is null where it runs, or never ran; ``port_folder`` is the
    folder of another engine that has the port."""

    running: bool
    endpoint: str
    port: int
    folder: str
    pid: int | None
    started_at: str | None
    strict: bool
    clock: Literal["real", "fast"]
    log: str | None
    last_stop_clean: bool | None
    saved_bytes: int
    journal_bytes: int
    port_in_use: bool
    port_folder: str | None
