"""Rules of the area encryption."""

from policies.rule import Rule
from policies.rules.encryption import ebs_encrypted

RULES: tuple[Rule, ...] = (ebs_encrypted.RULE,)
