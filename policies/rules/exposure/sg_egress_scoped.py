"""No security group lets traffic out to the whole internet on many ports."""

from collections.abc import Iterator
from functools import partial

from policies.networks import ICMP, Ports
from policies.openings import Allowance, Openings
from policies.rule import ADVISORY, NotApplicable, Outcome, Parameter, Rule, Severity
from policies.security_groups import TYPES
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at every rule of every group, and at the rules of a group together."""
    if not stack.of(*TYPES):
        raise NotApplicable("the stack has no security group")
    allowance = Allowance(partial(_narrow, int(settings["maximumPorts"])), lambda _group, _ports: False)
    yield from Openings(stack, "egress", allowance, "traffic may leave to the internet on").found()


def _narrow(maximum: int, ports: Ports) -> bool:
    return ports.protocol in ICMP or ports.high - ports.low < maximum


RULE = Rule(
    id="sg-egress-scoped",
    area="exposure",
    title="Security groups do not let everything out",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=TYPES,
    guards=("egress",),
    check_stack=check_stack,
    rationale="A taken-over process takes out models, prompts and keys through whatever is open to the outside.",
    fix="Let out HTTPS alone, to endpoints or prefix lists where there are some.",
    references={"checkov": ("CKV_AWS_382",), "trivy": ("AWS-0104",)},
    parameters=(
        Parameter(
            "maximumPorts",
            "integer",
            1024,
            "How many ports one rule may open to the internet.",
            minimum=1,
            maximum=65535,
        ),
    ),
)
