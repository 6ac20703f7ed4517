"""Every custom domain of an API asks for TLS 1.2 or newer."""

import re
from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

REST = "aws:apigateway/domainName:DomainName"
HTTP = "aws:apigatewayv2/domainName:DomainName"
MODERN = re.compile(r"TLS_1_[23]|SecurityPolicy_TLS1[23]_(?!1_[01]_).+")
"""The legacy policy for TLS 1.2, and the enhanced ones, which begin with SecurityPolicy_ (API Gateway guide)."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the domain's security policy, which stands in a block for HTTP and WebSocket APIs."""
    del settings
    domain = item.props.block("domainNameConfiguration") if item.type == HTTP else item.props
    policy = domain.text("securityPolicy").strip()
    if not policy:
        yield Problem(domain.at("securityPolicy"), "the domain does not say which TLS versions it speaks")
    elif not MODERN.fullmatch(policy):
        yield Problem(domain.at("securityPolicy"), "the security policy is not one for TLS 1.2 or newer")


RULE = Rule(
    id="api-tls12",
    area="encryption",
    title="Custom domains of APIs ask for TLS 1.2 or newer",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=(REST, HTTP),
    guards=("securityPolicy", "domainNameConfiguration"),
    check=check,
    rationale="TLS 1.0 and 1.1 are broken, and API Gateway still speaks them where the policy TLS_1_0 is set.",
    fix="Set `securityPolicy` to TLS_1_2, or to one of API Gateway's enhanced policies.",
    references={"checkov": ("CKV_AWS_206",), "trivy": ("AWS-0005",)},
)
