"""Rules of the area governance."""

from policies.rule import Rule
from policies.rules.governance import exemption_hygiene

RULES: tuple[Rule, ...] = (exemption_hygiene.RULE,)
