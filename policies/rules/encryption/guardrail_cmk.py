"""Every Bedrock guardrail is encrypted with a key of the account's own."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.rule import Level, Levels, Outcome, Rule, Severity
from policies.stack import Item, Settings

GUARDRAIL = "aws:bedrock/guardrail:Guardrail"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the guardrail."""
    del settings
    yield from own_key(item.props, "kmsKeyArn", "the guardrail")


RULE = Rule(
    id="guardrail-cmk",
    area="encryption",
    title="Bedrock guardrails are encrypted with a key of the account's own",
    severity=Severity.LOW,
    levels=Levels(dev=Level.DISABLED, prod=Level.ADVISORY, eu=Level.ADVISORY),
    types=(GUARDRAIL,),
    guards=("kmsKeyArn",),
    check=check,
    rationale="A guardrail's word lists and topics say what a company will not talk about.",
    fix="Set `kmsKeyArn`, and let those who apply the guardrail decrypt with the key.",
)
