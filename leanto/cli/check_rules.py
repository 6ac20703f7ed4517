"""Tells about the rules: `leanto check --list` and `--explain`, and the configuration that they are run with."""

from pathlib import Path
from typing import Any

from rich.table import Table

from leanto.cli import screen
from leanto.cli.exits import CommandError
from policies import configuration as pack_configuration
from policies.configuration import Configuration
from policies.pack import BY_ID, RULES
from policies.parameters import meant
from policies.profiles import PROFILES, STRICTEST
from policies.rule import Rule


def configuration(file: Path | None, profile: str) -> Configuration:
    """Return the effective configuration. Raises ConfigurationError naming everything that is wrong in the file."""
    if file is None:
        return pack_configuration.of_profile(profile, RULES)
    return pack_configuration.read(file, RULES, profile)


def known(name: str) -> Rule:
    """Return a rule. Raises CommandError for a name that none has."""
    if name not in BY_ID:
        raise CommandError(f"there is no rule {name!r}{meant(name, BY_ID)}; `leanto check --list` names all")
    return BY_ID[name]


def list_all() -> None:
    """Show every rule with its severity, its level in each profile and its title."""
    table = Table("Rule", "Area", "Severity", *PROFILES, "Floor", "Title", box=None, pad_edge=False)
    for rule in RULES:
        levels = [rule.levels.of(profile).value for profile in PROFILES]
        table.add_row(rule.id, rule.area, rule.severity.value, *levels, "yes" if rule.floor else "", rule.title)
    screen.show(table)


def explain(name: str, profile: str | None, file: Path | None) -> None:
    """Show all about one rule, with the values that it is run with."""
    rule = known(name)
    effective = configuration(file, profile or STRICTEST)
    screen.result(f"{rule.id}: {rule.title}\n")
    screen.result(f"{rule.rationale}\n\nFix: {rule.fix}\n")
    floor = "; a floor: no configuration weakens it in prod and eu" if rule.floor else ""
    screen.result(f"Severity: {rule.severity.value}")
    screen.result(f"Level in {effective.profile}: {effective.levels[rule.id].value}{floor}")
    screen.result(f"Looks at: {', '.join(rule.types)}")
    for kind, ids in rule.references.items():
        screen.result(f"{kind}: {', '.join(ids)}")
    values = rule.values(effective.profile, effective.parameters.get(rule.id, {}))
    for parameter in rule.parameters:
        screen.result(f"{parameter.name} = {_shown(values[parameter.name])}: {parameter.description}")


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)
