"""Items and long verbs as ``--json`` prints them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from msgspec import Meta

from dynasmith.cli.json_types.values import Digest, Estimate, GuardDetails, PlaceDetails, Time

Item: TypeAlias = Annotated[
    dict[str, Any],
    Meta(description="An item as plain JSON, or with --wire as DynamoDB JSON. Numbers keep every digit."),
]


class WrittenItem(PlaceDetails):
    """How many items were written: 0 in a dry run."""

    table: str
    written: Literal[0, 1]


class DeletedItem(PlaceDetails):
    """How many items were deleted: 0 in a dry run."""

    table: str
    deleted: Literal[0, 1]


class ItemsDocument(TypedDict):
    """A few items, and how they were read. ``filtered`` are the conditions that no key served; ``cursor`` is null where
    there are no more."""

    operation: Literal["Query", "Scan"]
    index: str | None
    filtered: list[str]
    scanned: int
    read_units: float
    items: list[Item]
    cursor: str | None


class CountDocument(TypedDict):
    """A count of items; with ``estimate`` the service's own, up to six hours old."""

    table: str
    index: str | None
    count: int
    estimate: bool
    read_units: float


class PersonalCountDetails(TypedDict):
    """What became of the values of a personal attribute."""

    masked: int
    dropped: int
    passed: int


class SampleMissingDetails(TypedDict):
    """Items without one value of the attribute by which a sample is taken: left out, which is counted among the
    dropped, or kept."""

    dropped: int
    kept: int


class JobDetails(TypedDict):
    """A long run. Its counts are of items, but ``throttled``, which is of requests, and ``throttles``, the same by the
    reasons of the service. ``digest`` is null where none was made, ``reason`` where the job did not fail; ``personal``
    has values by the path of each personal attribute; ``parameters`` are what it was asked to do."""

    id: str
    verb: str
    state: Literal["running", "waiting", "paused", "interrupted", "done", "failed", "cancelled"]
    started_at: Time
    changed_at: Time
    total_items_estimate: int | None
    read: int
    fanned_out: int
    dropped: int
    written: int
    unchanged: int
    already: int
    skipped: int
    retried: int
    throttled: int
    throttles: dict[str, int]
    dead: int
    personal: dict[str, PersonalCountDetails]
    sample_missing: SampleMissingDetails
    read_units: float
    write_units: float
    digest: Digest | None
    reason: str | None
    parameters: dict[str, Any]


class ActivitySampleDetails(TypedDict):
    """What a job had done at a time, over all its runs. ``begins`` is true where a run began: the time before it is
    unknown."""

    at: Time
    read: int
    arrived: int
    read_units: float
    write_units: float
    throttled: int
    begins: bool


class SegmentsPartDetails(TypedDict):
    """Segments from ``first`` on: how many they are, are done, were begun; items read, requests throttled."""

    first: int
    segments: int
    done: int
    begun: int
    read: int
    throttled: int


class RateDetails(TypedDict):
    """What is done a second, over the last seconds."""

    items: float
    read_units: float
    write_units: float


class JobActivityDetails(TypedDict):
    """What a job did over time; ``max_read_units`` and ``max_write_units`` are the limits of its pace a second, null
    where there is none."""

    at: Time
    per_second: RateDetails
    max_read_units: float | None
    max_write_units: float | None
    remaining_seconds: float | None
    samples: list[ActivitySampleDetails]
    segments: list[SegmentsPartDetails]


class DeadLetterDetails(TypedDict):
    """An item that could not be moved: ``item`` is in DynamoDB JSON; ``line`` is there where it is no item."""

    item: NotRequired[dict[str, Any]]
    line: NotRequired[str]
    code: str
    reason: str
    place: str


class ShownJob(JobDetails):
    """A long run; ``activity`` is null where none was kept."""

    activity: JobActivityDetails | None


class ApplyJobDetails(JobDetails):
    """A detached apply: ``step`` of ``steps`` are done. The times are null where they are not known, or nothing is
    waited for; ``seen`` and ``failed`` have a sentence for each table that is waited for, or does not go on."""

    done: bool
    step: int
    steps: int
    next_look_at: Time | None
    eta_at: Time | None
    seen: dict[str, str]
    failed: dict[str, str]


class ManifestDetails(TypedDict):
    """What was checked of an export of the service."""

    manifests: bool
    files: int
    etags: int
    items: int


class ChangedSince(TypedDict):
    """What others changed since a backfill that is undone: counts, and some keys."""

    beside: int
    left: int
    beside_keys: list[str]
    left_keys: list[str]
    unseen: bool


class JobReport(JobDetails):
    """The end of a job. ``adds_up`` says that every item that was read has a known end, ``arithmetic`` the sum in
    words. The place is that of the table that was written; it is left out for an export. The other keys are there where
    the service exported or imported, and ``changed_since`` after ``jobs undo``."""

    adds_up: bool
    arithmetic: str
    seconds: float
    cost_dollars: float | None
    dead_letters: str | None
    environment: NotRequired[str]
    region: NotRequired[str | None]
    account: NotRequired[str | None]
    endpoint: NotRequired[str | None]
    problems: NotRequired[list[str]]
    notes: NotRequired[list[str]]
    export_arn: NotRequired[str]
    export_status: NotRequired[str]
    item_count: NotRequired[int]
    billed_bytes: NotRequired[int]
    manifest: NotRequired[str | None]
    checked: NotRequired[ManifestDetails | None]
    import_arn: NotRequired[str]
    import_status: NotRequired[str]
    imported_items: NotRequired[int]
    operation_arn: NotRequired[str]
    operation_status: NotRequired[str]
    processed_items: NotRequired[int]
    error_count: NotRequired[int]
    errors_at: NotRequired[str | None]
    first_errors: NotRequired[list[str]]
    changed_since: NotRequired[ChangedSince]


class ErasedTableDetails(TypedDict):
    """What an erasure did in one table. ``keys`` are keyed hashes of keys, ``remains`` says what may still hold the
    person."""

    table: str
    how: str
    state: Literal["waiting", "running", "done", "failed"]
    found: int
    deleted: int
    left: int
    verified_at: Time | None
    reason: str | None
    keys: list[str]
    remains: list[str]


class ErasureDocument(JobReport):
    """The end of an erasure. ``verified``: each table was read again, and nothing of the person was found."""

    verified: bool
    erased: list[ErasedTableDetails]


class ErasureDryRunDetails(TypedDict):
    """How many items an erasure would delete from a table; ``found`` is null where it would be read whole."""

    table: str
    how: str
    found: int | None
    read_units: float


class RefreshPartDetails(TypedDict):
    """One part of a refresh, and its own counts. ``job`` is the job that did it, null for one that is none; ``found``
    counts differences and findings."""

    part: str
    do: Literal["empty", "copy", "migrate", "validate", "verify", "run"]
    table: str | None
    state: Literal["waiting", "running", "done", "failed", "skipped"]
    job: str | None
    reason: str | None
    found: int
    read: int
    fanned_out: int
    dropped: int
    written: int
    unchanged: int
    already: int
    skipped: int
    dead: int
    retried: int
    throttled: int
    throttles: dict[str, int]
    read_units: float
    write_units: float
    personal: dict[str, PersonalCountDetails]
    sample_missing: SampleMissingDetails


class RefreshDocument(JobReport):
    """The end of a refresh. ``source_env`` is the environment that was copied; the counts are those of all parts."""

    source_env: str
    parts: list[RefreshPartDetails]


class BlockedKeyDetails(TypedDict):
    """A key that cannot be made equal as the source is now, and why."""

    key: str
    reason: str


class ReplacementDetails(TypedDict):
    """How far a replacement is. Counts of keys are of the source; the times are null where nothing was read, or
    nothing verified yet. ``differences`` are those that the last comparison found, and that are equal now;
    ``late_keys`` are some of the ``conflicts``."""

    state: Literal[
        "planned",
        "target",
        "capturing",
        "copying",
        "draining",
        "following",
        "verified",
        "cutover",
        "following back",
        "cutover back",
        "finished",
        "aborted",
    ]
    safety_point: str | None
    copy_job: str | None
    dirty_keys: int
    blocked_keys: int
    records: int
    handled_keys: int
    lag_seconds: float
    captured_at: Time | None
    blocked: list[BlockedKeyDetails]
    differences: int | None
    foreign_items: int
    verified_at: Time | None
    pointer: str | None
    fenced_at: Time | None
    switched_at: Time | None
    fence_seconds: float | None
    conflicts: int
    late_keys: list[str]
    fenced_tables: list[str]


class DefinitionPatchDetails(TypedDict):
    """The change that gives the definition the name of the table that is in use: a unified ``diff`` of ``files``, empty
    where no text can be changed. ``by_hand`` says what has to be changed by hand, ``notes`` what else names the old
    table; the names are without prefix and suffix."""

    old_name: str
    new_name: str
    files: list[str]
    diff: str
    by_hand: list[str]
    notes: list[str]
    written: bool


class ReplacementDocument(JobReport):
    """The end of a run of a replacement, or how far it is. ``reached`` says whether it is where its run was to end;
    the counts are those of the copy. ``goes_back`` says whether a cut-over can be taken back, ``ready`` whether it may
    be cut over, by what its last run kept; ``not_ready_because`` is null where it may. ``warning`` says that writes are
    stopped, or how long changes were not read; null where neither is so for long. ``definition`` is null before the
    switch, and where no definition names the table that is not in use."""

    source_table: str
    target_table: str
    reached: bool
    goes_back: bool
    replacement: ReplacementDetails
    ready: bool
    not_ready_because: str | None
    warning: str | None
    definition: DefinitionPatchDetails | None


class ServiceTransferDetails(TypedDict):
    """An export, import or bulk write of the service, by its ARN; the keys depend on the kind."""

    kind: Literal["export", "import", "bulk-operation"]
    arn: str
    status: str
    table: NotRequired[str]
    failure: NotRequired[str]
    failure_code: NotRequired[str]
    token: NotRequired[str]
    started_at: NotRequired[Time | None]
    item_count: NotRequired[int]
    billed_bytes: NotRequired[int]
    manifest: NotRequired[str]
    bucket: NotRequired[str]
    prefix: NotRequired[str]
    processed: NotRequired[int]
    imported: NotRequired[int]
    errors: NotRequired[int]
    failed: NotRequired[int]
    processed_bytes: NotRequired[int]
    log_group: NotRequired[str]


class SampleDetails(TypedDict):
    """One item before, and what becomes of it, as JSON text; ``refused`` says why a transform refuses it."""

    before: str
    after: list[str]
    refused: str


class AlternativeDetails(TypedDict):
    """One way to do a copy; ``impossible`` says why it cannot be used here, else null."""

    name: Literal["ours", "export and import", "backup and restore"]
    read_units: float
    write_units: float
    seconds: float | None
    cost_dollars: float | None
    commands: list[str]
    notes: list[str]
    impossible: str | None
    cheapest: bool


class TransferDryRun(Estimate, GuardDetails):
    """What a copy, an export or a populate would do."""

    samples: list[SampleDetails]
    notes: list[str]
    alternatives: list[AlternativeDetails]


class DifferenceDetails(TypedDict):
    """What changes of one item: attributes as JSON text; ``untouched`` counts the others."""

    key: str
    removed: dict[str, str]
    added: dict[str, str]
    untouched: int


class BackfillDryRunDocument(Estimate, GuardDetails):
    """What a backfill would do. ``changed`` items, give or take ``changed_error`` 19 times of 20; ``counted`` says that
    every item was read. ``attributes`` counts what would be written of the items that were looked at."""

    changed: int
    changed_error: int
    counted: bool
    refused_of_sampled: int
    attributes: dict[str, int]
    samples: list[DifferenceDetails]
    notes: list[str]


class BackfillCheckDocument(GuardDetails):
    """Whether a backfill would have nothing to do; ``differing`` are some of the items that are not in the new
    shape."""

    clean: bool
    read: int
    unchanged: int
    to_change: int
    refused: int
    differing: list[DifferenceDetails]
    reasons: list[str]
    notes: list[str]


class DeletionDryRunDocument(Estimate):
    """What a deletion would do. ``deleted`` items, give or take ``deleted_error`` 19 times of 20; ``keys`` are of
    some. Of the keys of a file ``missing`` have no item, and ``repeated`` came before. With ``limit_items`` the job
    would end after so many."""

    deleted: int
    deleted_error: int
    counted: bool
    keys: list[str]
    missing: int
    repeated: int
    limit_items: int | None
    notes: list[str]


class RefreshPartDryRun(TypedDict):
    """What one part of a refresh would do; figures only where they are known before."""

    part: str
    items: NotRequired[int]
    size_bytes: NotRequired[int]
    read_units: NotRequired[float]
    write_units: NotRequired[float]
    seconds: NotRequired[float | None]
    cost_dollars: NotRequired[float | None]
    sampled_items: NotRequired[int]
    at_least: NotRequired[bool]
    notes: list[str]


class RefreshDryRunDocument(Estimate):
    """What a refresh would do, part by part; the figures are the sum of those that are known."""

    source_env: str
    environment: str
    parts: list[RefreshPartDryRun]


class UndoDryRunDocument(Estimate):
    """What an undo would put back; ``damaged_frames`` are parts of the journal that cannot be read."""

    samples: list[DifferenceDetails]
    damaged_frames: int


class SideDigest(TypedDict):
    """How many items a side has, and their digest."""

    count: int
    digest: Digest


class KeyDifferenceDetails(TypedDict):
    """A key that is not equal on both sides. ``changing``: something writes to it right now."""

    kind: Literal["missing", "extra", "differs", "twice"]
    key: str
    changing: bool


class VerifyDocument(GuardDetails):
    """Whether two sides hold the same items. ``more`` says that there are more differences, ``dead`` counts what is no
    item, ``same_code`` that dynasmith wrote the file that is a side."""

    equal: bool
    source: SideDigest
    target: SideDigest
    differences: list[KeyDifferenceDetails]
    more: bool
    dead: int
    same_code: bool
    notes: list[str]
