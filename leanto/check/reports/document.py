"""The check as JSON: everything that the other reports show, for scripts."""

import json
from typing import Any

from leanto.check import money
from leanto.check.findings import Finding, Report

SCHEMA = 1
"""Grows when a field changes its meaning or goes; new fields do not change it."""


def text(report: Report) -> str:
    """Return the report as JSON text, byte for byte the same for the same report."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "stack": report.stack,
        "profile": report.profile,
        "date": report.date.isoformat(),
        "origin": report.origin,
        "resources": report.resources,
        "configuration_sha256": report.configuration_sha256,
        "blocking": len(report.blocking),
        "incomplete": len(report.incomplete),
        "rules": [
            {
                "id": row.rule.id,
                "level": row.level.value,
                "severity": row.rule.severity.value,
                "verdicts": {verdict.value: count for verdict, count in row.counts.items()},
            }
            for row in report.rules
        ],
        "findings": [_finding(row, report.profile) for row in report.findings],
        "months": money.as_plain(report.months),
        "exemptions": list(report.exemptions),
        "notes": list(report.notes),
    }


def _finding(row: Finding, profile: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "rule": row.rule.id,
        "title": row.rule.title,
        "severity": row.rule.severity.value,
        "level": row.level.value,
        "verdict": row.verdict.value,
        "blocks": row.blocks(profile),
        "urn": row.urn or None,
        "type": row.type or None,
        "name": row.name or None,
        "property": row.path or None,
        "message": row.message,
        "fix": row.rule.fix,
        "source": row.source or None,
        "exemption": row.exemption or None,
    }
