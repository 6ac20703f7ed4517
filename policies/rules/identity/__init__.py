"""Rules of the area identity."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
