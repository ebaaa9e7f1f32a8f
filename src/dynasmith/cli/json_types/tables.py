"""Tables, plans and findings as ``--json`` prints them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from dynasmith.cli.json_types.values import ErrorDetails, PlaceDetails, Severity, Time, Value


class TableRow(TypedDict):
    """A table. The estimates are the service's, up to six hours old. ``failure`` is there where the table cannot be
    described, and then what is unknown is null; all but the name is also null for a table that is missing."""

    name: str
    status: str | None
    billing_mode: str | None
    item_count_estimate: int | None
    size_bytes_estimate: int | None
    arn: str | None
    defined: Literal["defined", "undefined", "missing"]
    failure: NotRequired[str | None]


class IndexDetails(TypedDict):
    """The state of a global secondary index."""

    name: str
    status: str
    backfilling: bool
    item_count_estimate: int
    size_bytes_estimate: int


class ReplicaDetails(TypedDict):
    """The state of a replica in another Region."""

    region: str
    status: str
    reason: str


class TableDetails(TableRow):
    """A table with all its settings. ``settings`` has each that was read; ``unread`` says why one was not."""

    created_at: Time
    settings: dict[str, Any]
    indexes: list[IndexDetails]
    replicas: list[ReplicaDetails]
    stream_arn: str | None
    unread: dict[str, str]
    notices: list[str]


class OutputTrigger(TypedDict):
    """A function that the changes of the table call."""

    uuid: str
    function: str
    state: str
    stream_arn: str


class TableOutputs(TypedDict):
    """What other programs want to know of a table; null where there is none, or it was not read."""

    name: str
    arn: str
    id: str | None
    status: str
    partition_key: str
    sort_key: str | None
    billing_mode: str | None
    stream_arn: str | None
    stream_label: str | None
    stream_view_type: str | None
    time_to_live_attribute: str | None
    point_in_time_recovery: bool | None
    deletion_protection: bool | None
    table_class: str | None
    encryption: str | None
    indexes: dict[str, str]
    local_indexes: dict[str, str]
    autoscaling: Any
    replicas: list[str]
    kinesis_stream_arn: str | None
    contributor_insights: bool | None
    contributor_insights_mode: str | None
    backup_vault: str | None
    backup_plan_id: str | None
    backup_selection_id: str | None
    backup_role_arn: str | None
    triggers: list[OutputTrigger]
    alarms: list[str]
    access: Any
    tags: dict[str, str] | None
    unread: dict[str, str]


ChangeDetails = TypedDict(
    "ChangeDetails",
    {"table": str, "kind": str, "path": str, "from": Value, "to": Value, "hazard": str | None},
)
ChangeDetails.__doc__ = "One change: from what to what. ``hazard`` is the kind of what it destroys or breaks, or null."


class RefusalDetails(TypedDict):
    """Something that can never be applied, and the way out."""

    path: str
    why: str
    way_out: str


class HazardDetails(TypedDict):
    """What a change destroys or breaks; ``consent`` is the option that accepts it, empty where none is needed."""

    kind: str
    path: str
    why: str
    consent: str


class NoteDetails(TypedDict):
    """What a plan leaves alone, or should be known."""

    kind: str
    path: str
    text: str


class CostDetails(TypedDict):
    """What a change costs, once and each month; null is unknown."""

    path: str
    basis: str
    once_dollars: float | None
    monthly_dollars: float | None


class TablePlanDetails(TypedDict):
    """The plan of one table: its changes, and the steps in words, in their order."""

    table: str
    exists: bool
    changes: list[ChangeDetails]
    steps: list[str]
    cannot_be_applied: list[RefusalDetails]
    hazards: list[HazardDetails]
    notes: list[NoteDetails]
    costs: list[CostDetails]


class PlanFailureDetails(TypedDict):
    """A table that could not be planned."""

    table: str
    code: str
    message: str
    hint: str


class PlanDocument(TypedDict):
    """A plan. ``fingerprint`` is of what was described; ``prices`` names the price list of the costs."""

    empty: bool
    applicable: bool
    environment: str
    account: str | None
    region: str | None
    endpoint: str | None
    fingerprint: str
    prices: str | None
    tables: list[TablePlanDetails]
    failures: list[PlanFailureDetails]


class CheckDocument(PlanDocument):
    """A plan, and the job of the detached apply that is changing a table, by the table's name."""

    being_changed_by: dict[str, str]


class AppliedTable(TypedDict):
    """A table whose plan was applied: what is postponed or unfinished is said in a sentence, else null."""

    table: str
    changes: list[ChangeDetails]
    steps: int
    seconds: float
    postponed: str | None
    unfinished: str | None


class ApplyDocument(PlaceDetails):
    """What became of a plan. ``plan`` is there in a dry run only."""

    applied: list[AppliedTable]
    failures: dict[str, ErrorDetails]
    plan: NotRequired[PlanDocument]


class EnsureDocument(TypedDict):
    """Tables that were created and that existed. ``differing`` has the paths in which an existing one is not as
    defined, ``unread`` why a setting could not be compared."""

    created: list[str]
    existing: list[str]
    differing: dict[str, list[str]]
    unfinished: Any
    unread: dict[str, dict[str, str]]
    failures: dict[str, ErrorDetails]


class RemoteError(TypedDict):
    """An error that a function answered."""

    code: str
    message: str
    hint: str
    exit: int


class RemoteEnsureDocument(TypedDict):
    """What a function created and found: as without it, but for what it could not read."""

    created: list[str]
    existing: list[str]
    differing: dict[str, list[str]]
    unfinished: Any
    failures: dict[str, RemoteError]


class DeleteDocument(PlaceDetails):
    """Tables that are gone, and those that are still being deleted."""

    deleted: list[str]
    unfinished: NotRequired[list[str]]
    failures: NotRequired[dict[str, ErrorDetails]]


class SideDifferenceDetails(TypedDict):
    """A setting on which two or three sides do not agree: file, definition, live. ``agree`` names those that do."""

    table: str
    path: str
    sides: dict[str, Value]
    agree: list[str]


class UnresolvedDetails(TypedDict):
    """A value that a file of another tool does not say by itself."""

    path: str
    reference: str
    hint: str


class FormCheckDocument(TypedDict):
    """Whether a file of another tool, the definitions and the live tables agree."""

    agrees: bool
    source: str
    tables: list[str]
    differences: list[SideDifferenceDetails]
    unresolved: list[UnresolvedDetails]
    notes: list[str]
    failures: list[PlanFailureDetails]


class FindingDetails(TypedDict):
    """A finding. ``path`` is in the words of a definition, empty for the table as a whole; ``file`` and ``line`` are
    the place in a definition file, where one is known; ``docs`` is the page of the code."""

    table: str
    code: str
    severity: Severity
    path: str
    why: str
    fix: str
    docs: str
    file: NotRequired[str]
    line: NotRequired[int]


class InvalidItemFinding(FindingDetails):
    """An item that its model class does not accept."""

    model: str
    key: dict[str, str]
    kind: str
    message: str


class ItemTotalsFinding(FindingDetails):
    """How many items of a model class are not valid, of how many."""

    model: str
    items: int
    invalid: int
    problems: int
    shown: int


class ManyItemsFinding(FindingDetails):
    """What many items have in common: ``items`` were read, ``count`` have it, ``keys`` are of some of them."""

    items: int
    sampled: bool
    count: int
    keys: list[dict[str, str]]
    message: str


class AttributeCountDetails(TypedDict):
    """How many of the items have an attribute, in which types."""

    name: str
    items: int
    types: dict[str, int]


class ItemCensusFinding(FindingDetails):
    """Which attributes the items have, and how large they are; ``items`` were read."""

    items: int
    items_estimate: int
    sampled: bool
    read_units: float
    average_bytes: int
    largest_bytes: int
    attributes: list[AttributeCountDetails]
    more_attributes: int


class PracticeDetails(TypedDict):
    """A line of the checklist: its checks (``codes``), and those that found something."""

    table: str
    point: int
    practice: str
    state: str
    codes: list[str]
    found: list[str]
    why: str


class RetiredStep(TypedDict):
    """One thing that a retirement removes or leaves; ``why`` says the reason where it is absent or left."""

    step: str
    region: str
    state: Literal["planned", "done", "absent", "left"]
    why: str | None
    what: str


class RetirementPlan(PlaceDetails):
    """What retiring a table would do."""

    table: str
    steps: list[RetiredStep]
    export: str | None


class RetiredTable(PlaceDetails):
    """A table that is gone: where its items are, and their digest."""

    table: str
    export: str | None
    digest: str | None
    backup: str | None
    steps: list[RetiredStep]


class UnretiredTable(PlaceDetails):
    """A table that could not be retired, and the steps that were done."""

    table: str
    steps: list[RetiredStep]
    error: ErrorDetails


class ReplicaReportDetails(TypedDict):
    """A replica in another Region. ``lag_ms`` is null where there is no figure; ``probe_ms`` without a probe, and where
    its item was not seen."""

    region: str
    status: str
    reason: str
    lag_ms: float | None
    settings_differ: list[str]
    differences: dict[str, dict[str, Any]]
    unread: str
    probe_ms: int | None
    probe_failure: str


class MetricPointDetails(TypedDict):
    """The value of the period that begins then."""

    at: Time
    value: float


class MetricSeriesDetails(TypedDict):
    """A metric; a period without data has no point. ``total`` is there for sums, ``per_second`` for consumed units."""

    metric: str
    dimensions: dict[str, str]
    statistic: str
    unit: str
    period_seconds: int
    points: list[MetricPointDetails]
    total: float | None
    per_second: float | None
    source: str


class UnknownMetricDetails(TypedDict):
    """A metric that could not be had, and why."""

    metric: str
    why: str


MetricsDocument = TypedDict(
    "MetricsDocument",
    {
        "table": str,
        "from": Time,
        "to": Time,
        "period_seconds": int,
        "series": list[MetricSeriesDetails],
        "unknown": list[UnknownMetricDetails],
    },
)
MetricsDocument.__doc__ = "The metrics of a table over a window, a point a period."


class DiagnosisDetails(TypedDict):
    """A cause that was found: what was seen, what ends it, whether ``--fix`` can do it and did. ``docs`` is the page of
    the code."""

    code: str
    why: str
    fix: str
    evidence: str
    fixable: bool
    fixed: bool
    docs: str
