"""Rules of the area governance."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
