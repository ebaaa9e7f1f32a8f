"""Rules of exports to S3 and imports from S3. Those on recovery that exports share with restores: `protection`."""

import re
from typing import Any

from dynasmith.strict.expressions.expression import read_expression
from dynasmith.strict.rules.protection import source_of
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.describe import window

RULES: list[StrictRule] = []
EXPORT, IMPORT = "ExportTableToPointInTime", "ImportTable"
_GUIDE_EXPORT = GUIDE + "S3DataExport_Requesting.html"
WINDOW_SECONDS_MIN, WINDOW_SECONDS_MAX = 15 * 60, 24 * 3600  # GUIDE S3DataExport_Requesting.html: incremental exports
HEADERS_MAX = 255  # API_CsvOptions.html
_DELIMITER = re.compile(r"[,;:|\t ]\Z")
_OWNER = re.compile(r"[0-9]{12}\Z")


@rule(
    RULES,
    "export-kind",
    EXPORT,
    refuses="an incremental export without a start, or with ExportTime, and a full one with an incremental window",
    source=API + "API_ExportTableToPointInTime.html (IncrementalExportSpecification)",
    certainty="assumed",
)
def _kind(ask: JudgedRequest) -> Refusal | None:
    incremental = ask.body.get("IncrementalExportSpecification")
    if ask.body.get("ExportType") != "INCREMENTAL_EXPORT":
        return (
            invalid_values("IncrementalExportSpecification needs ExportType INCREMENTAL_EXPORT")
            if incremental
            else None
        )
    if ask.body.get("ExportTime") is not None:
        return invalid_values("ExportTime cannot be given for an incremental export")
    if not incremental or incremental.get("ExportFromTime") is None:
        return invalid_values("IncrementalExportSpecification.ExportFromTime is required for an incremental export")
    return None


@rule(
    RULES,
    "export-window",
    EXPORT,
    refuses="an incremental export of less than 15 minutes or more than 24 hours, or outside of the window of PITR",
    source=_GUIDE_EXPORT,
)
def _window(ask: JudgedRequest) -> Refusal | None:
    table, incremental = source_of(ask), ask.body.get("IncrementalExportSpecification") or {}
    if table is None or incremental.get("ExportFromTime") is None:
        return None
    begin, end = float(incremental["ExportFromTime"]), float(incremental.get("ExportToTime") or ask.now)
    if not WINDOW_SECONDS_MIN <= end - begin <= WINDOW_SECONDS_MAX:
        return invalid("The export period must be at least 15 minutes and at most 24 hours")
    earliest, _ = window(table, ask.now)
    if begin < earliest or end > ask.now:
        return Refusal(
            "InvalidExportTimeException",
            f"The export period {begin:.0f} to {end:.0f} is not between {earliest:.0f} and now",
        )
    return None


@rule(
    RULES,
    "export-encryption",
    EXPORT,
    refuses="a KMS key without the algorithm KMS",
    source=API + "API_ExportTableToPointInTime.html (S3SseKmsKeyId)",
    certainty="assumed",
)
def _encryption(ask: JudgedRequest) -> Refusal | None:
    if ask.body.get("S3SseKmsKeyId") and ask.body.get("S3SseAlgorithm") != "KMS":
        return invalid_values("S3SseKmsKeyId needs S3SseAlgorithm KMS")
    return None


@rule(
    RULES,
    "export-filter",
    EXPORT,
    refuses="a FilterExpression of an export that cannot be read",
    source=API + "API_ExportTableToPointInTime.html (FilterSpecification)",
    certainty="assumed",
)
def _filter(ask: JudgedRequest) -> Refusal | None:
    text = (ask.body.get("FilterSpecification") or {}).get("FilterExpression")
    error = read_expression("FilterExpression", text).error if isinstance(text, str) else ""
    return invalid(f"Invalid FilterExpression: {error}") if error else None


@rule(
    RULES,
    "bucket-owner",
    EXPORT,
    IMPORT,
    refuses="a bucket owner that is not an account of 12 digits",
    source=API + "API_S3BucketSource.html (S3BucketOwner)",
)
def _owner(ask: JudgedRequest) -> Refusal | None:
    owner = ask.body.get("S3BucketOwner") or (ask.body.get("S3BucketSource") or {}).get("S3BucketOwner")
    if owner is None or _OWNER.match(str(owner)):
        return None
    return invalid(f"Value '{owner}' at 's3BucketOwner' failed to satisfy constraint: [0-9]{{12}}")


@rule(
    RULES,
    "import-no-local-index",
    IMPORT,
    refuses="an import with local secondary indexes, tags, a stream or another member that TableCreationParameters "
    "does not have",
    source=API + "API_TableCreationParameters.html",
)
def _members(ask: JudgedRequest) -> Refusal | None:
    known = {
        "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "OnDemandThroughput",
        "SSESpecification", "GlobalSecondaryIndexes", "VectorIndexes",
    }  # fmt: skip
    other = sorted(set(_created(ask)) - known)
    return invalid(f"TableCreationParameters has no member {', '.join(other)}") if other else None


@rule(
    RULES,
    "import-csv-options",
    IMPORT,
    refuses="options of CSV for another format, a delimiter that is not one of , ; : | tab and space, and more than "
    "255 headers",
    source=API + "API_CsvOptions.html",
)
def _csv(ask: JudgedRequest) -> Refusal | None:
    options: dict[str, Any] = (ask.body.get("InputFormatOptions") or {}).get("Csv") or {}
    if options and ask.body.get("InputFormat") != "CSV":
        return invalid_values("InputFormatOptions.Csv needs InputFormat CSV")
    delimiter, headers = options.get("Delimiter"), options.get("HeaderList")
    if delimiter is not None and not _DELIMITER.match(delimiter):
        return invalid(f"Value '{delimiter}' at 'delimiter' failed to satisfy constraint: [,;:|\\t ]")
    if headers is not None and not 1 <= len(headers) <= HEADERS_MAX:
        return invalid(f"HeaderList must have 1 to {HEADERS_MAX} members")
    return None


def _created(ask: JudgedRequest) -> dict[str, Any]:
    return dict(ask.body.get("TableCreationParameters") or {})
