"""Rules of the area logging."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
