"""A load balancer is internal, or has a web ACL in front and asks who calls."""

from collections.abc import Iterator

from policies.balancers import BALANCER, CLASSIC, faces_internet, kind
from policies.firewalls import protected
from policies.iam_documents import any_known
from policies.reading import Block
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
ASKING = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
ANSWERING = ("redirect", "fixed-response")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the balancers that face the internet."""
    del settings
    if not stack.of(BALANCER, CLASSIC):
        raise NotApplicable("the stack has no load balancer")
    yield from each_item(stack.of(BALANCER, CLASSIC), lambda balancer: _balancer(stack, balancer))


def _balancer(stack: Stack, balancer: Item) -> Iterator[Outcome]:
    if not faces_internet(balancer):
        return
    if kind(balancer) != "application":
        yield Problem("internal", "the balancer faces the internet, and no web ACL can be in front of it")
    elif not protected(stack, balancer):
        yield Problem("internal", "the balancer faces the internet without a web ACL")
    elif not _asks_who_calls(stack, balancer):
        yield Problem("internal", "the balancer faces the internet, and a listener of it does not ask who calls")


def _asks_who_calls(stack: Stack, balancer: Item) -> bool:
    """Tell whether each listener asks for an identity or a certificate. A balancer without any proves nothing."""
    listeners = stack.linked(balancer, LISTENER, by="loadBalancerArn")
    return bool(listeners) and not any_known(listeners, lambda row: not _asking(stack, row))


def _asking(stack: Stack, listener: Item) -> bool:
    if listener.props.block("mutualAuthentication").text("mode").strip().lower() == "verify":
        return True
    rules = stack.linked(listener, LISTENER_RULE, by="listenerArn")
    given = [listener.props.blocks("defaultActions"), *(row.props.blocks("actions") for row in rules)]
    return not any_known(given, lambda actions: not _safe(actions))


def _safe(actions: tuple[Block, ...]) -> bool:
    """Tell whether actions ask first, or answer without the targets."""
    kinds = {action.text("type").strip().lower() for action in actions}
    return bool(kinds & {*ASKING}) or (bool(kinds) and kinds <= {*ANSWERING})


RULE = Rule(
    id="lb-internal-default",
    area="exposure",
    title="Load balancers are internal, or protected and authenticated",
    severity=Severity.HIGH,
    levels=PROD,
    types=(BALANCER, CLASSIC),
    guards=("internal",),
    check_stack=check_stack,
    rationale="Behind a balancer that faces the internet, everything depends on the servers alone.",
    fix="Set `internal` to true, or add a web ACL and actions that authenticate to each listener.",
    references={"checkov": ("CKV2_AWS_28",), "fsbp": ("ELB.16",), "trivy": ("AWS-0053",)},
)
