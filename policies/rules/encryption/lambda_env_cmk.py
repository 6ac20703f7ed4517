"""A function's environment variables are encrypted with a key of the account's own."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.rule import ADVISORY, NotApplicable, Outcome, Rule, Severity
from policies.stack import Item, Settings

FUNCTION = "aws:lambda/function:Function"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at functions with variables; Lambda keeps no key for those without."""
    del settings
    if not item.props.block("environment").mapping("variables"):
        raise NotApplicable("the function has no environment variables")
    yield from own_key(item.props, "kmsKeyArn", "the environment variables")


RULE = Rule(
    id="lambda-env-cmk",
    area="encryption",
    title="Environment variables of functions are encrypted with a key of the account's own",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=(FUNCTION,),
    guards=("environment", "kmsKeyArn"),
    check=check,
    rationale=(
        "Whoever may read a function's configuration reads its variables, unless a key asks for a permission more."
        " No secret belongs there in any case."
    ),
    fix="Set `kmsKeyArn`, and let the function's role decrypt with the key.",
    references={"checkov": ("CKV_AWS_173",)},
)
