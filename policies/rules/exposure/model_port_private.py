"""Model servers' ports are reached from groups only, as of load balancers and callers, and never from outside."""

from collections.abc import Iterator
from functools import partial

from policies.balancers import BALANCER, CLASSIC, faces_internet
from policies.iam_documents import any_known
from policies.networks import Network, network
from policies.reading import Value
from policies.rule import (
    ALWAYS,
    NotApplicable,
    Outcome,
    Parameter,
    Problem,
    Rule,
    Severity,
    Unevaluated,
    each,
    each_item,
)
from policies.security_groups import GROUPS, TYPES, Grant, grant, owner, written
from policies.stack import Item, Settings, Stack

LISTENER = "aws:lb/listener:Listener"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP_PATHS = ("securityGroups", "vpcSecurityGroupIds", "networkInterfaces.securityGroups")
ENCRYPTED = ("https", "tls")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at rules that open a model server's port to ranges, and at what public balancers forward to."""
    if not stack.of(*TYPES, LISTENER):
        raise NotApplicable("the stack has no security group and no listener")
    ports = tuple(int(port) for port in settings["modelPorts"])
    trusted = [network(Value(row, "trustedRanges")) for row in settings["trustedRanges"]]
    yield from each_item(stack.of(*TYPES), lambda item: _group(stack, item, ports, trusted))
    yield from each_item(stack.of(LISTENER), lambda listener: _listener(stack, listener, ports))


def _group(stack: Stack, item: Item, ports: tuple[int, ...], trusted: list[Network]) -> Iterator[Outcome]:
    rules = tuple(written(item, "ingress"))
    yield from each(rules, lambda rule: _grant(stack, grant(stack, rule), ports, trusted), item)


def _grant(stack: Stack, row: Grant, ports: tuple[int, ...], trusted: list[Network]) -> Iterator[Outcome]:
    opened = [port for port in ports if row.ports.covers("tcp", port)]
    if not opened or _of_balancers_alone(stack, row.item):
        return
    yield from (Unevaluated(error.path, error.reason, row.item) for error in row.unread)
    if not all(any(_within(row_network, other) for other in trusted) for row_network in row.networks):
        numbers = ", ".join(map(str, opened))
        yield Problem(row.where, f"a model server's port {numbers} is reached from a range instead of from a group")


def _within(row: Network, other: Network) -> bool:
    return row.version == other.version and other.supernet_of(row)  # type: ignore[arg-type]


def _of_balancers_alone(stack: Stack, item: Item) -> bool:
    """Tell whether a group is load balancers' and no node's: its ports are not a model server's then."""
    key = owner(stack, item)
    if not any_known(stack.of(BALANCER, CLASSIC), lambda row: key in _groups(stack, row)):
        return False
    return not any_known(stack.of(INSTANCE, TEMPLATE), lambda row: key in _groups(stack, row))


def _groups(stack: Stack, user: Item) -> set[str]:
    """Return the groups of a balancer, an instance or a launch template."""
    return {row.urn for path in GROUP_PATHS for row in stack.targets(user, path, *GROUPS)}


def _listener(stack: Stack, listener: Item, ports: tuple[int, ...]) -> Iterator[Outcome]:
    balancer = stack.target(listener, "loadBalancerArn", BALANCER)
    if balancer is None or not faces_internet(balancer):
        return
    if listener.props.text("protocol", "HTTP").strip().lower() in ENCRYPTED:
        return
    yield from each(("port",), partial(_own_port, listener, ports))
    yield from each(listener.props.block_values("defaultActions"), partial(_target, stack, listener, ports))


def _own_port(listener: Item, ports: tuple[int, ...], key: str) -> Iterator[Outcome]:
    if listener.props.number(key) in ports:
        yield Problem(key, "a public load balancer offers a model server's port as it is")


def _target(stack: Stack, listener: Item, ports: tuple[int, ...], value: Value) -> Iterator[Outcome]:
    action = value.block()
    named = [f"{action.path}.targetGroupArn", f"{action.path}.forward.targetGroups.arn"]
    for group in dict.fromkeys(row for path in named for row in _target_groups(stack, listener, path)):
        if group.props.number("port") in ports:
            yield Problem(
                action.path, f"a public load balancer forwards unencrypted calls to the model port of {group.name}"
            )


def _target_groups(stack: Stack, listener: Item, path: str) -> tuple[Item, ...]:
    return stack.targets(listener, path, TARGET_GROUP)


RULE = Rule(
    id="model-port-private",
    area="exposure",
    title="Model servers' ports are private",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(*TYPES, LISTENER),
    guards=("ingress", "cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6", "port", "defaultActions"),
    check_stack=check_stack,
    rationale="llama.cpp, vLLM and Ollama answer whoever reaches their port, and use the GPU for it.",
    fix="Name the group of the load balancer or of the calling function as the source instead of address ranges.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter("modelPorts", "texts", ("8000", "8080", "11434"), "Ports at which model servers listen."),
        Parameter("trustedRanges", "texts", (), "Address ranges from which model servers may be reached all the same."),
    ),
)
