"""Tells which load balancers face the internet, and which security groups are theirs."""

from policies.iam_documents import any_known
from policies.security_groups import GROUPS
from policies.stack import Item, Stack

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CLASSIC = "aws:elb/loadBalancer:LoadBalancer"


def faces_internet(balancer: Item) -> bool:
    """Tell whether a balancer is public: it is when it does not say, unless it balances between gateways."""
    return not balancer.props.flag("internal") and kind(balancer) != "gateway"


def kind(balancer: Item) -> str:
    """Return a balancer's kind: "application", "network", "gateway", or "classic"."""
    if balancer.type == CLASSIC:
        return "classic"
    return balancer.props.text("loadBalancerType", "application").strip().lower()


def on_public_balancer(stack: Stack, group: str) -> bool:
    """Tell whether a security group, by URN or id, is one of a public balancer's.

    Raises Unread when it is none's that is known, and could be one's.
    """
    return any_known(
        stack.of(BALANCER, CLASSIC), lambda balancer: _uses(stack, balancer, group) and faces_internet(balancer)
    )


def _uses(stack: Stack, balancer: Item, group: str) -> bool:
    named = {row.urn for row in stack.targets(balancer, "securityGroups", *GROUPS)}
    listed = balancer.inputs.get("securityGroups")
    return group in named or group in (listed if isinstance(listed, list) else (listed,))
