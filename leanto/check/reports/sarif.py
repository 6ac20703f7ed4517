"""The check as SARIF 2.1.0, which code hosts show beside the lines of the program that made a resource."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.check.findings import Finding, Report
from policies.rule import Level, Rule, Severity
from policies.runner import Verdict

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
SECURITY_SEVERITY: Mapping[Severity, str] = MappingProxyType(
    {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
)
"""GitHub's bands for `security-severity`: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, 0.1 to 3.9 low."""

FALLBACK = "Pulumi.yaml"
"""A result without a file is shown nowhere: what has no line of code is told at the project file."""


def text(report: Report) -> str:
    """Return the report as SARIF text."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF log of one run."""
    rules = [row.rule for row in report.rules]
    places = {rule.id: place for place, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA_URI,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "leanto check", "rules": [_rule(rule) for rule in rules]}},
                "automationDetails": {"id": f"leanto-check/{report.project}/{report.stack}/{report.profile}/"},
                "columnKind": "utf16CodeUnits",
                "results": [_result(row, places[row.rule.id], report.profile) for row in report.findings],
                "properties": {"profile": report.profile, "configurationSha256": report.configuration_sha256},
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    tags = ["security", rule.area, *(f"{kind}:{one}" for kind, ids in rule.references.items() for one in ids)]
    return {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.rationale},
        "help": {"text": rule.fix, "markdown": f"{rule.rationale}\n\n**Fix:** {rule.fix}"},
        "defaultConfiguration": {
            "level": "error" if rule.severity in {Severity.CRITICAL, Severity.HIGH} else "warning"
        },
        "properties": {"tags": tags, "security-severity": SECURITY_SEVERITY[rule.severity]},
    }


def _result(row: Finding, place: int, profile: str) -> dict[str, Any]:
    file, _, line = row.source.rpartition(":")
    region = {"region": {"startLine": int(line)}} if line.isdigit() else {}
    result: dict[str, Any] = {
        "ruleId": row.rule.id,
        "ruleIndex": place,
        "level": _level(row, profile),
        "message": {"text": f"{row.subject}{f', {row.path}' if row.path else ''}: {row.message}. {row.rule.fix}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": file or FALLBACK}, **region},
                "logicalLocations": [{"fullyQualifiedName": row.urn or "stack", "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"leantoFinding/v1": row.id},
    }
    if row.exemption:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": row.exemption}]
    return result


def _level(row: Finding, profile: str) -> str:
    """Return the level that tells what the finding does: an error blocks, a note could not be looked at."""
    if row.blocks(profile):
        return "error"
    if row.verdict is Verdict.NOT_EVALUATED:
        return "note"
    return "warning" if row.level is Level.MANDATORY or row.rule.severity is not Severity.LOW else "note"
