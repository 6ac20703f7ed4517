"""No load balancer answers plain HTTP, except to send callers to HTTPS."""

from collections.abc import Iterator

from policies.reading import Block, Value
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each, each_item
from policies.stack import Item, Settings, Stack

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CLASSIC = "aws:elb/loadBalancer:LoadBalancer"
CLASSIC_PROTOCOLS = ("HTTPS", "SSL")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at listeners of all load balancers, and at the rules by which HTTP listeners answer otherwise."""
    yield from each_item(stack.of(LISTENER), lambda row: _listener(stack, row, settings))
    yield from each_item(stack.of(LISTENER_RULE), lambda row: _listener_rule(stack, row, settings))
    yield from each_item(stack.of(CLASSIC), lambda row: _classic(row, settings))


def _listener(stack: Stack, listener: Item, settings: Settings) -> Iterator[Outcome]:
    if _protocol(listener.props) == "HTTP" and not _internal(stack, listener, settings):
        actions = listener.props.block_values("defaultActions")
        if not actions:
            yield Problem("defaultActions", "the HTTP listener does not send callers to HTTPS")
        yield from each(actions, _redirect)


def _protocol(listener: Block) -> str:
    """Application load balancers take HTTP where none is given; gateway load balancers know neither port nor it."""
    return listener.text("protocol", "HTTP" if listener.has("port") else "").strip().upper()


def _listener_rule(stack: Stack, row: Item, settings: Settings) -> Iterator[Outcome]:
    for listener in stack.targets(row, "listenerArn", LISTENER):
        if _protocol(listener.props) == "HTTP" and not _internal(stack, listener, settings):
            yield from each(row.props.block_values("actions"), _redirect)


def _redirect(value: Value) -> Iterator[Outcome]:
    action = value.block()
    redirect = action.block("redirect")
    to_https = redirect.text("protocol", "#{protocol}").strip().upper() == "HTTPS"
    if action.text("type").strip().lower() != "redirect" or not to_https:
        yield Problem(value.path, "the listener answers plain HTTP instead of sending callers to HTTPS")


def _classic(balancer: Item, settings: Settings) -> Iterator[Outcome]:
    if not _opted_in(settings) or not balancer.props.flag("internal"):
        yield from each(balancer.props.block_values("listeners"), _classic_listener)


def _classic_listener(value: Value) -> Iterator[Outcome]:
    listener = value.block()
    if listener.text("lbProtocol").strip().upper() not in CLASSIC_PROTOCOLS:
        yield Problem(listener.at("lbProtocol"), "the listener ends no TLS: it must be HTTPS or SSL")


def _internal(stack: Stack, listener: Item, settings: Settings) -> bool:
    if not _opted_in(settings):
        return False
    balancer = stack.target(listener, "loadBalancerArn", BALANCER)
    return balancer is not None and balancer.props.flag("internal")


def _opted_in(settings: Settings) -> bool:
    return settings.profile == "dev" and bool(settings["allowInternalHttp"])


RULE = Rule(
    id="lb-https-only",
    area="encryption",
    title="Load balancers answer over TLS only",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(LISTENER, LISTENER_RULE, CLASSIC),
    guards=("protocol", "defaultActions", "actions", "listeners"),
    check_stack=check_stack,
    rationale="Prompts, answers and the keys of callers cross the network readable over plain HTTP.",
    fix=(
        "Listen on HTTPS or TLS with a certificate; let a listener on port 80 do nothing but redirect with"
        " `protocol: HTTPS`."
    ),
    references={"checkov": ("CKV_AWS_2", "CKV2_AWS_20"), "fsbp": ("ELB.1", "ELB.18"), "trivy": ("AWS-0054",)},
    parameters=(
        Parameter(
            "allowInternalHttp",
            "boolean",
            False,
            "Whether balancers with `internal: true` may answer HTTP in the profile dev.",
        ),
    ),
)
