"""Rules of the area cost."""

from policies.rule import Rule

RULES: tuple[Rule, ...] = ()
