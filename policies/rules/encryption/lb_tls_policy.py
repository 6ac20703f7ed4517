"""Every TLS listener of a load balancer asks for TLS 1.2 or newer."""

import re
from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

LISTENER = "aws:lb/listener:Listener"
CLASSIC_POLICY = "aws:elb/loadBalancerPolicy:LoadBalancerPolicy"
NEGOTIATION = "aws:elb/sslNegotiationPolicy:SslNegotiationPolicy"
FAMILIES = (
    "ELBSecurityPolicy-TLS13-1-3-",
    "ELBSecurityPolicy-TLS13-1-2-",
    "ELBSecurityPolicy-TLS-1-2-",
    "ELBSecurityPolicy-FS-1-2-",
)
"""Beginnings of the security policies without TLS 1.0 and 1.1 (Elastic Load Balancing, security policies)."""
NAME = re.compile(r"ELBSecurityPolicy(?:-[A-Za-z0-9]{1,8}){1,8}")
"""What may stand in a message: a name of AWS's form."""
OLD_PROTOCOLS = ("protocol-sslv2", "protocol-sslv3", "protocol-tlsv1", "protocol-tlsv1.1")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the security policy of a listener, or at what a classic load balancer's policy negotiates."""
    families = tuple(family.lower() for family in settings["families"])
    if item.type == LISTENER:
        yield from _listener(item.props, families)
        return
    kind = "SSLNegotiationPolicyType"
    if item.type == CLASSIC_POLICY and item.props.text("policyTypeName", kind).strip() != kind:
        raise NotApplicable("the policy is not about TLS")
    rows = item.props.block_values("attributes" if item.type == NEGOTIATION else "policyAttributes")
    if not rows:
        yield Problem("attributes", "the policy does not say which protocols it negotiates")
    yield from each(rows, lambda row: _attribute(row, families))


def _listener(listener: Block, families: tuple[str, ...]) -> Iterator[Outcome]:
    if listener.text("protocol").strip().upper() not in {"HTTPS", "TLS"}:
        raise NotApplicable("the listener ends no TLS")
    yield from _policy(listener.at("sslPolicy"), listener.text("sslPolicy"), families)


def _policy(path: str, name: str, families: tuple[str, ...]) -> Iterator[Outcome]:
    if not name.strip().lower().startswith(families):
        said = name if NAME.fullmatch(name) else "named here"
        yield Problem(path, f"the security policy {said} is not one of those without TLS 1.0 and 1.1")


def _attribute(value: Value, families: tuple[str, ...]) -> Iterator[Outcome]:
    attribute = value.block()
    name = attribute.text("name").strip().lower()
    if name == "reference-security-policy":
        yield from _policy(attribute.at("value"), attribute.text("value"), families)
    elif name in OLD_PROTOCOLS and attribute.text("value").strip().lower() == "true":
        yield Problem(attribute.at("value"), f"the policy negotiates {name.removeprefix('protocol-')}")


RULE = Rule(
    id="lb-tls-policy",
    area="encryption",
    title="Load balancers ask for TLS 1.2 or newer",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(LISTENER, CLASSIC_POLICY, NEGOTIATION),
    guards=("sslPolicy", "policyAttributes", "attributes"),
    check=check,
    rationale=(
        "Where no security policy is named, AWS takes ELBSecurityPolicy-2016-08, which still speaks TLS 1.0 and 1.1."
    ),
    fix="Set `sslPolicy`, for example to ELBSecurityPolicy-TLS13-1-2-2021-06.",
    references={"checkov": ("CKV_AWS_103", "CKV2_AWS_74"), "fsbp": ("ELB.17",), "trivy": ("AWS-0047",)},
    parameters=(
        Parameter("families", "texts", FAMILIES, "Beginnings of the names of security policies that may be used."),
    ),
)
