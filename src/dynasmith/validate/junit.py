"""Findings as JUnit XML, which CI systems show as tests. Pure.

A suite is a table, a test is a check. Critical findings are failures, as they are what the command ends with exit code
3 for; warnings and notices are tests that passed, with what was found in their output. A check that could not judge,
and a finding that the definition accepts, is a test that was skipped, with the reason.
"""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dynasmith.validate.finding import AcceptedFinding, Finding, Verdict
from dynasmith.validate.report_text import ReportedCheck, is_unknown, reported_checks, xml_text


def junit(verdict: Verdict) -> str:
    """The document, in the form of Ant's JUnit task that Jenkins, GitLab and others read."""
    suites = Element("testsuites", name="dynasmith validate")
    for table in verdict.unknown:
        suite = SubElement(suites, "testsuite", name=xml_text(table), errors="0")
        for case in _cases(verdict, table):
            suite.append(case)
        _count(suite)
    _count(suites)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _count(element: Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    if element.tag == "testsuite":
        element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))


def _cases(verdict: Verdict, table: str) -> Iterator[Element]:
    for check in reported_checks():
        findings = [each for each in verdict.findings if (each.table, each.code) == (table, check.code)]
        accepted = [each for each in verdict.accepted if (each.finding.table, each.finding.code) == (table, check.code)]
        yield from (_found(check, each, is_unknown(verdict, each)) for each in findings)
        yield from (_accepted(check, each) for each in accepted)
        if not findings and not accepted:
            yield _quiet(check, table, check.code in verdict.unknown[table])


def _case(check: ReportedCheck, table: str, path: str = "") -> Element:
    place = f" at {path}" if path else ""
    name = f"{check.code} {check.title}{place}"
    return Element("testcase", classname=xml_text(f"dynasmith.{table}"), name=xml_text(name), time="0")


def _found(check: ReportedCheck, finding: Finding, unknown: bool) -> Element:
    case = _case(check, finding.table, finding.path)
    text = _text((finding.sentence, f"Fix: {finding.fix}"), finding)
    if finding.severity == "critical":
        SubElement(case, "failure", message=xml_text(finding.why), type=finding.severity).text = text
    elif unknown:
        SubElement(case, "skipped", message=xml_text(finding.why))
    else:
        SubElement(case, "system-out").text = text
    return case


def _text(lines: Sequence[str], finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}\n" if finding.file else ""
    return xml_text(place + "\n".join(lines))


def _accepted(check: ReportedCheck, accepted: AcceptedFinding) -> Element:
    case = _case(check, accepted.finding.table, accepted.finding.path)
    SubElement(case, "skipped", message=xml_text(f"accepted: {accepted.reason}"))
    return case


def _quiet(check: ReportedCheck, table: str, unknown: bool) -> Element:
    case = _case(check, table)
    if unknown:
        SubElement(case, "skipped", message="this could not be judged here")
    return case
