"""`leanto check`: holds a stack to the rules before anything exists, without credentials and without the engine."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leanto.cli import check_subject, screen
from leanto.cli.exits import CommandError, Exit
from policies.profiles import PROFILES

if TYPE_CHECKING:
    from leanto.check.findings import Report

FILE = click.Path(dir_okay=False, path_type=Path)


def _reports(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each form of report."""
    for name, what in (
        ("markdown", "Markdown, for a comment on a pull request"),
        ("code-quality", "GitLab code quality"),
        ("junit", "JUnit XML"),
        ("sarif", "SARIF 2.1.0, for code hosts"),
        ("json", "JSON, with everything"),
    ):
        function = click.option(f"--{name}", f"{name.replace('-', '_')}_file", type=FILE, help=f"Write {what}.")(
            function
        )
    return function


@click.command(name="check")
@click.option("--stack", "-s", metavar="NAME", help="Stack to check.")
@click.option(
    "--program",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Check the Pulumi program in DIR, any that is in Python and uses pulumi-aws.  [default: this checkout]",
)
@click.option("--state", "state_file", type=FILE, help="Check what exists, from `pulumi stack export --file FILE`.")
@click.option("--profile", type=click.Choice(PROFILES), help="Profile to hold to.  [default: by the stack's settings]")
@click.option(
    "--policy-config", "config_file", type=FILE, help="Configuration of the rules, as for --policy-pack-config."
)
@click.option("--policy", "policies", multiple=True, metavar="RULE", help="Run only this rule; repeatable.")
@click.option("--base", "base_file", type=FILE, help="JSON report to compare the month's money with.")
@_reports
@click.option("--list", "list_rules", is_flag=True, help="List the rules with their levels, and check nothing.")
@click.option("--explain", metavar="RULE", help="Tell all about one rule, and check nothing.")
def command(
    stack: str | None,
    program: Path | None,
    state_file: Path | None,
    profile: str | None,
    config_file: Path | None,
    policies: tuple[str, ...],
    base_file: Path | None,
    list_rules: bool,
    explain: str | None,
    **files: Path | None,
) -> None:
    """Check a stack: cost caps, encryption, exposure, identity, secrets, logging, governance.

    Exit codes: 0 no mandatory rule is broken, 1 violations, 2 something could not be looked at, 3 a wrong option,
    setting, file or program, 4 a mistake of leanto itself.
    """
    if list_rules or explain:
        from leanto.cli import check_rules  # noqa: PLC0415 - brings the rules

        check_rules.explain(explain, profile, config_file) if explain else check_rules.list_all()
        return
    subject = check_subject.open_subject(stack, program, state_file)
    report = _checked(subject, profile, config_file, policies, base_file)
    _write(report, files)
    from leanto.check.reports import table  # noqa: PLC0415 - as below

    screen.show(table.render(report))
    if report.blocking:
        raise click.exceptions.Exit(Exit.FAILED)
    if report.incomplete:
        raise click.exceptions.Exit(Exit.INCOMPLETE)


def _checked(
    subject: "check_subject.Subject",
    profile: str | None,
    config_file: Path | None,
    policies: tuple[str, ...],
    base_file: Path | None,
) -> "Report":
    from leanto.check import checking, money  # noqa: PLC0415 - brings the rules
    from leanto.cli.check_rules import configuration, known  # noqa: PLC0415

    names = [known(name).id for name in policies]
    effective = configuration(config_file, profile or subject.profile)
    held = checking.held_to(subject.folder, effective, dt.datetime.now(dt.UTC).date(), names)
    base = money.read_base(base_file) if base_file else None
    synthesis = subject.synthesise()
    return checking.check(synthesis, held, origin=subject.origin, environment=subject.environment, base=base)


def _write(report: "Report", files: dict[str, Path | None]) -> None:
    from leanto.check.reports import code_quality, document, junit, markdown, sarif  # noqa: PLC0415

    writers = {
        "json_file": document,
        "sarif_file": sarif,
        "junit_file": junit,
        "code_quality_file": code_quality,
        "markdown_file": markdown,
    }
    for name, path in files.items():
        if path is None:
            continue
        try:
            path.write_text(writers[name].text(report), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from None
