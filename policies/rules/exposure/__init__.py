"""Rules of the area exposure."""

from policies.rule import Rule
from policies.rules.exposure import sg_no_open_ingress

RULES: tuple[Rule, ...] = (sg_no_open_ingress.RULE,)
