"""The check for people at a terminal: by severity and rule, with the line of code that made each resource."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from leanto.check import money
from leanto.check.findings import SEVERITIES, Finding, Report
from leanto.check.reports.markdown import verdict_line
from policies.rule import Level, Rule, Severity
from policies.runner import Verdict

STYLES = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}


def render(report: Report) -> RenderableType:
    """Return what to print: what stops the deployment first, the summary last."""
    return Group(*_parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    blocking = report.blocking
    exempt = tuple(row for row in report.findings if row.exemption)
    others = tuple(row for row in report.findings if not row.exemption and not row.blocks(report.profile))
    yield from section("Stops the deployment", blocking)
    yield from section("Does not stop it", others)
    yield from section("Exempt", exempt)
    yield from _money(report)
    for title, rows in (("Active exemptions", report.exemptions), ("Assumptions", report.notes)):
        if rows:
            yield Text(f"\n{title}", style="bold")
            yield from (Text(f"  {row}") for row in rows)
    yield Text("")
    yield Text(
        f"{report.origin}: {report.resources} resources, {len(report.rules)} rules, profile {report.profile}, "
        f"configuration {report.configuration_sha256[:12]}"
    )
    yield Text(verdict_line(report).strip("*"), style="bold red" if blocking else "bold green")


def _money(report: Report) -> Iterator[RenderableType]:
    if not report.months:
        return
    months = ", ".join(f"{month.case.value} {money.range_text(month)}" for month in report.months)
    yield Text.assemble("\n", ("The month: ", "bold"), months)
    for month in report.months:
        for row in month.changes[: money.LARGEST]:
            yield Text(f"  {month.case.value}: {money.change_text(row)}")


def section(title: str, rows: tuple[Finding, ...]) -> Iterator[RenderableType]:
    """Yield findings under a title, by severity and rule; nothing when there are none."""
    if not rows:
        return
    yield Text(f"\n{title} ({len(rows)})", style="bold")
    for severity in SEVERITIES:
        of_severity = [row for row in rows if row.rule.severity is severity]
        for _, found in groupby(of_severity, key=lambda row: row.rule.id):
            group = list(found)
            yield Text.assemble(
                "\n  ", (severity.value, STYLES[severity]), f"  {group[0].rule.id}: ", (group[0].rule.title, "bold")
            )
            yield _rows(group)
            yield Text(f"      fix: {_fix(group[0].rule, group)}", style="green")


def _rows(group: list[Finding]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for _ in range(4):
        table.add_column(overflow="fold")  # paths are long, and must be there to the last letter
    for row in group:
        what = f"{row.path}: {row.message}" if row.path else row.message
        table.add_row(f"      {_mark(row)}", row.subject, what, row.exemption or row.source)
    return table


def _mark(row: Finding) -> str:
    if row.verdict is Verdict.NOT_EVALUATED:
        return "?"
    return "x" if row.level is Level.MANDATORY else "-"


def _fix(rule: Rule, group: list[Finding]) -> str:
    if all(row.verdict is Verdict.NOT_EVALUATED for row in group):
        return "give the value in a way that is known before the deployment, or exempt the finding with a reason"
    return rule.fix
