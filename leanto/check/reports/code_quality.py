"""The check as a GitLab code quality report, which merge requests show beside the lines changed.

The format is a JSON list of issues: description, check_name, fingerprint, severity, location (GitLab documentation,
"Code Quality", custom tools).
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.check.findings import Finding, Report
from policies.rule import Severity

SEVERITY: Mapping[Severity, str] = MappingProxyType(
    {Severity.CRITICAL: "blocker", Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor"}
)
FALLBACK = "Pulumi.yaml"


def text(report: Report) -> str:
    """Return the report as JSON text; what is exempt is no issue."""
    issues = [_issue(row, report.profile) for row in report.findings if not row.exemption]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(row: Finding, profile: str) -> dict[str, Any]:
    file, _, line = row.source.rpartition(":")
    return {
        "type": "issue",
        "check_name": row.rule.id,
        "description": f"{row.subject}: {row.message}. {row.rule.fix}",
        "fingerprint": row.id,
        "severity": SEVERITY[row.rule.severity] if row.blocks(profile) else "info",
        "location": {"path": file or FALLBACK, "lines": {"begin": int(line) if line.isdigit() else 1}},
    }
