"""Rules of the area exposure."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
