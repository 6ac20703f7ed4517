"""Resources come from providers that the rules know."""

from collections.abc import Iterator

from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

PROVIDERS = "pulumi:providers:"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the package of a resource or of a provider; a component makes nothing itself."""
    kind = item.given_type
    if item.component:
        raise NotApplicable("a component makes nothing itself")
    is_provider = kind.startswith(PROVIDERS)
    package = kind.removeprefix(PROVIDERS) if is_provider else kind.partition(":")[0]
    if package not in settings["providers"]:
        allowed = ", ".join(settings["providers"])
        yield Problem("type", f"it comes from the provider {package}; allowed are {allowed}")


RULE = Rule(
    id="provider-allowed",
    area="resilience",
    title="Resources come from providers that the rules know",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    check=check,
    rationale="The same bucket made by aws-native has other names for its properties: no rule on aws would see it.",
    fix="Use the types of pulumi-aws, or list the provider in `providers` when its resources need no rule.",
    parameters=(
        Parameter("providers", "texts", ("aws", "pulumi", "random", "time", "tls"), "Packages that may be used."),
    ),
)
