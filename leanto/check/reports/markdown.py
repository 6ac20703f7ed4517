"""The check as Markdown, to be a comment on a pull request."""

from collections.abc import Iterable, Iterator

from leanto.check import money
from leanto.check.findings import Finding, Report


def text(report: Report) -> str:
    """Return the report as Markdown text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## leanto check: `{report.stack}` ({report.profile})"
    yield ""
    yield verdict_line(report)
    blocking = report.blocking
    others = [row for row in report.findings if not row.exemption and not row.blocks(report.profile)]
    yield from _section("Stops the deployment", blocking)
    yield from _section("For information", others, folded=True)
    yield from _money(report)
    if report.exemptions:
        yield from ("", "### Active exemptions", "", *(f"- {_safe(row)}" for row in report.exemptions))
    if report.notes:
        yield from ("", "<details><summary>Assumptions</summary>", "", *(f"- {_safe(row)}" for row in report.notes))
        yield from ("", "</details>")
    yield ""
    configuration = report.configuration_sha256[:12]
    yield f"{report.resources} resources, {len(report.rules)} rules, configuration `{configuration}`."


def verdict_line(report: Report) -> str:
    """Return the outcome in one sentence."""
    if report.blocking:
        return f"**{len(report.blocking)} findings stop the deployment.**"
    if report.incomplete:
        return f"**Incomplete: {len(report.incomplete)} things could not be looked at.**"
    return "**No mandatory rule is broken.**"


def _section(title: str, rows: Iterable[Finding], *, folded: bool = False) -> Iterator[str]:
    rows = tuple(rows)
    if not rows:
        return
    yield ""
    yield f"<details><summary>{title} ({len(rows)})</summary>" if folded else f"### {title} ({len(rows)})"
    yield ""
    yield "| severity | rule | resource | what | where |"
    yield "|---|---|---|---|---|"
    for row in rows:
        what = f"`{_safe(row.path)}`: {_safe(row.message)}" if row.path else _safe(row.message)
        yield f"| {row.rule.severity.value} | `{row.rule.id}` | {_safe(row.subject)} | {what} | {_safe(row.source)} |"
    if folded:
        yield from ("", "</details>")


def _money(report: Report) -> Iterator[str]:
    if not report.months:
        return
    yield from ("", "### The month in USD", "", "| month | from | to |", "|---|---|---|")
    for month in report.months:
        yield f"| {month.case.value} | {money.usd_text(month.low)} | {money.usd_text(month.high)} |"
    for month in report.months:
        changes = month.changes[: money.LARGEST]
        if changes:
            yield from ("", f"What this change does to the {month.case.value} month:", "")
            yield from (f"- {_safe(money.change_text(row))}" for row in changes)


def _safe(text: str) -> str:
    """Return a text that cannot break out of a cell."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
