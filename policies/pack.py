"""All rules of the pack: floors first, then by area in the order below."""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from catalog.families import canonical
from catalog.month import LISTED
from policies.rule import Rule
from policies.rules import cost, encryption, exposure, governance, identity, logging, resilience, secrecy
from policies.runner import Run

AREAS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "cost": cost.RULES,
        "encryption": encryption.RULES,
        "exposure": exposure.RULES,
        "identity": identity.RULES,
        "secrecy": secrecy.RULES,
        "logging": logging.RULES,
        "governance": governance.RULES,
        "resilience": resilience.RULES,
    }
)

RULES: tuple[Rule, ...] = tuple(
    sorted((rule for rules in AREAS.values() for rule in rules), key=lambda rule: not rule.floor)
)
"""Every rule; the sort keeps the order within floors and within the others."""

BY_ID: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in RULES})


@cache
def known_types() -> frozenset[str]:
    """Return the canonical types that a rule is about by name, or whose cost the catalogue knows."""
    of_rules = {kind for rule in RULES for kind in rule.types if kind != "*"}
    return frozenset(of_rules | {canonical(kind) for kind in LISTED})


def run_of(
    profile: str,
    today: dt.date,
    parameters: Mapping[str, Mapping[str, Any]],
    exemption_problems: tuple[tuple[str, str], ...] | None = None,
) -> Run:
    """Return a run of the pack: parameters by rule, and what the files of exemptions have wrong, None without any."""
    return Run(profile, today, parameters, known_types(), guarded(), exemption_problems)


@cache
def guarded() -> Mapping[str, frozenset[str]]:
    """Return by canonical type the inputs that rules must be able to see changes of; "*" holds for every type."""
    found: dict[str, set[str]] = {}
    for rule in RULES:
        for kind in rule.types:
            found.setdefault(kind, set()).update(rule.guards)
    return MappingProxyType({kind: frozenset(names) for kind, names in found.items() if names})
