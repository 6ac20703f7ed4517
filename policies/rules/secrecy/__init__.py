"""Rules of the area secrecy."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
