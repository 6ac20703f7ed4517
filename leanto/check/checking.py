"""Checks one stack: runs the rules over its resources, applies exemptions, and puts the findings into a report."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.pricing import Line
from leanto.check.findings import Finding, Report, counts_of, findings_of, in_order
from leanto.check.items import policy_stack
from leanto.check.money import months_of
from leanto.check.results import Synthesis
from policies import exemption_file, exemptions
from policies.configuration import Configuration
from policies.exemptions import Applied, Exemptions
from policies.pack import RULES, run_of
from policies.rule import Level, Rule
from policies.runner import evaluate


@dataclass(frozen=True)
class Held:
    """What a check holds a stack to. `only` names the rules to run; empty stands for all that are not disabled."""

    configuration: Configuration
    exemptions: Exemptions
    today: dt.date
    only: Collection[str] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are run."""
        levels = self.configuration.levels
        return tuple(
            rule for rule in RULES if (rule.id in self.only if self.only else levels[rule.id] is not Level.DISABLED)
        )


def held_to(folder: Path, configuration: Configuration, today: dt.date, only: Sequence[str] = ()) -> Held:
    """Return what the files of exemptions in a project's folder and a configuration come to."""
    return Held(configuration, exemption_file.read(folder, RULES, today), today, tuple(only))


def check(
    synthesis: Synthesis,
    held: Held,
    *,
    origin: str,
    environment: str = "",
    base: dict[str, tuple[Line, ...]] | None = None,
) -> Report:
    """Return the report on a stack.

    `origin` tells people where its resources come from. `base` holds the months of an earlier report to compare with.
    """
    stack = policy_stack(synthesis, environment=environment)
    configuration = held.configuration
    run = run_of(configuration.profile, held.today, configuration.parameters, held.exemptions.problems)
    results = evaluate(held.rules, stack, run)
    applied = exemptions.apply(results, held.exemptions)
    found = (_exempted(row, applied) for row in findings_of(results, configuration.levels))
    return Report(
        project=synthesis.project,
        stack=synthesis.stack,
        profile=configuration.profile,
        date=held.today,
        origin=origin,
        resources=len(stack.items),
        rules=counts_of(held.rules, results, configuration.levels),
        findings=in_order(found, configuration.profile),
        configuration_sha256=configuration.sha256,
        # Of a part of the rules it cannot be said which exemptions are of use.
        exemptions=tuple(str(row) for row in applied.exempted.values()) if held.only else applied.notes,
        notes=stack.notes,
        months=months_of(stack, run, base),
    )


def _exempted(row: Finding, applied: Applied) -> Finding:
    if (exemption := applied.exempted.get(row.id)) is not None:
        return replace(row, exemption=str(exemption))
    if (expired := applied.expired.get(row.id)) is not None:
        return replace(row, message=f"{row.message} (the exemption of {expired.place} has expired)")
    return row
