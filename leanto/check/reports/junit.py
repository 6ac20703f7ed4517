"""The check as JUnit XML: one test case a rule, so that pipelines show which rule holds and which does not."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from leanto.check.findings import Finding, Report
from policies.runner import Verdict

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def text(report: Report) -> str:
    """Return the report as JUnit XML text."""
    by_rule: dict[str, list[Finding]] = {}
    for row in report.findings:
        by_rule.setdefault(row.rule.id, []).append(row)
    suite = ET.Element("testsuite", name=f"leanto check {report.stack} ({report.profile})")
    failures = skipped = 0
    for counts in report.rules:
        case = ET.SubElement(
            suite, "testcase", name=f"{counts.rule.id}: {counts.rule.title}", classname=f"policies.{counts.rule.area}"
        )
        found = by_rule.get(counts.rule.id, [])
        blocking = [row for row in found if row.blocks(report.profile)]
        if blocking:
            failures += 1
            message = f"{len(blocking)} found. {counts.rule.fix}"
            ET.SubElement(case, "failure", message=message, type=counts.rule.severity.value).text = _lines(blocking)
        elif not any(counts.counts[verdict] for verdict in (Verdict.PASS, Verdict.FAIL)):
            skipped += 1
            ET.SubElement(case, "skipped", message=_why_skipped(found))
        others = [row for row in found if not row.blocks(report.profile)]
        if others:
            ET.SubElement(case, "system-out").text = _lines(others)
    for name, count in (("tests", len(report.rules)), ("failures", failures), ("errors", 0), ("skipped", skipped)):
        suite.set(name, str(count))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _why_skipped(found: Sequence[Finding]) -> str:
    return "could not be evaluated" if found else "no resource is of the types that the rule is about"


def _lines(rows: Sequence[Finding]) -> str:
    text = "\n".join(
        f"{row.subject}{f', {row.path}' if row.path else ''}: {row.message}"
        f"{f' ({row.source})' if row.source else ''}{f' [exempt: {row.exemption}]' if row.exemption else ''}"
        for row in rows
    )
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
