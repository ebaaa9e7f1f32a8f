"""The findings of `validate` as documents for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from dynasmith.documentation import code_page
from dynasmith.masking import Masks
from dynasmith.validate import Finding, Verdict
from dynasmith.validate import checklist as points_of
from dynasmith.validate.junit import junit
from dynasmith.validate.sarif import sarif

FORMS: Final = ("text", "json", "junit", "sarif")
"""What ``--format`` takes."""


def findings_document(verdict: Verdict, form: str, masks: Masks, *, checklist: bool = False) -> str:
    """The findings, or the checklist, in one of `FORMS` but text, without values that may not be shown."""
    if form == "junit":
        return junit(_masked(verdict, masks))
    if form == "sarif":
        return _json(masks.document(sarif(_relative(verdict))))
    if checklist:
        return _json(masks.document([each.to_json() for each in points_of(verdict)]))
    return _json(masks.document([finding_json(each) for each in verdict.findings]))


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as programs read it."""
    return {**msgspec.to_builtins(finding), "docs": code_page(finding.code)}


def _masked(verdict: Verdict, masks: Masks) -> Verdict:
    """The verdict without values that may not be shown."""

    def hidden(finding: Finding) -> Finding:
        return replace(finding, why=masks(finding.why), fix=masks(finding.fix))

    accepted = tuple(replace(each, finding=hidden(each.finding)) for each in verdict.accepted)
    return replace(_relative(verdict), findings=tuple(map(hidden, _relative(verdict).findings)), accepted=accepted)


def _relative(verdict: Verdict) -> Verdict:
    """The verdict with files below the working folder named from there, as code scanning wants them."""

    def near(finding: Finding) -> Finding:
        file = Path(finding.file)
        inside = finding.file and file.is_absolute() and file.is_relative_to(Path.cwd())
        return replace(finding, file=file.relative_to(Path.cwd()).as_posix()) if inside else finding

    accepted = tuple(replace(each, finding=near(each.finding)) for each in verdict.accepted)
    return replace(verdict, findings=tuple(map(near, verdict.findings)), accepted=accepted)


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, default=str, indent=2) + "\n"
