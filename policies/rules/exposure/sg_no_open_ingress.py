"""No security group lets the internet in, but to HTTPS on a public load balancer."""

from collections.abc import Iterator
from functools import partial

from policies.balancers import on_public_balancer
from policies.networks import Ports
from policies.openings import Allowance, Openings
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Rule, Severity
from policies.security_groups import TYPES
from policies.stack import Settings, Stack

PATH_MTU = (Ports("icmp", 3, 3), Ports("icmpv6", 2, 2))
"""Answers that say a packet was too big: without them connections of others hang, and they open nothing."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at every rule of every group, and at the rules of a group together."""
    if not stack.of(*TYPES):
        raise NotApplicable("the stack has no security group")
    public = tuple(int(port) for port in settings["publicPorts"])
    allowance = Allowance(PATH_MTU.__contains__, partial(_allowed, stack, public))
    yield from Openings(stack, "ingress", allowance, "the internet may reach").found()


def _allowed(stack: Stack, public: tuple[int, ...], group: str, ports: Ports) -> bool:
    return ports.only("tcp", public) and on_public_balancer(stack, group)


RULE = Rule(
    id="sg-no-open-ingress",
    area="exposure",
    title="Security groups let nobody in from the internet",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=TYPES,
    guards=(
        "ingress",
        "cidrBlocks",
        "ipv6CidrBlocks",
        "cidrIpv4",
        "cidrIpv6",
        "prefixListIds",
        "prefixListId",
        "fromPort",
        "toPort",
        "protocol",
        "ipProtocol",
        "securityGroups",
    ),
    check_stack=check_stack,
    rationale=(
        "Whatever listens behind an open port is scanned within minutes. A range counts by what it takes in: "
        "0.0.0.0/0, ::/0, their halves in several rules, or all but a few addresses are the same."
    ),
    fix=(
        "Name a security group or the ranges of your own networks as the source. Only a public load balancer's group "
        "may let the internet in, to the ports of `publicPorts`."
    ),
    references={
        "checkov": ("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"),
        "fsbp": ("EC2.13", "EC2.14", "EC2.18", "EC2.19"),
        "nag": ("EC23",),
        "trivy": ("AWS-0107",),
        "cis": ("6.3", "6.4"),
    },
    parameters=(
        Parameter("publicPorts", "texts", ("443",), "Ports that a public load balancer may offer to the internet."),
    ),
)
