"""All rules of the pack: floors first, then by area in the order below."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.rule import Rule
from policies.rules import cost, encryption, exposure, governance, identity, logging, resilience, secrecy

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
