"""Rules of the area resilience."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
