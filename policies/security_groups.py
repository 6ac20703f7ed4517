"""Reads what security groups let in and out, however it is written: in the group, or as resources of their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from policies.networks import Network, Ports, network, ports
from policies.normalise import UNKNOWN
from policies.reading import Block, Unread, Value
from policies.stack import Item, Stack

Row = TypeVar("Row")
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
VPC = "aws:ec2/vpc:Vpc"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

GROUPS = (GROUP, DEFAULT_GROUP)
OWN_RULES = (INGRESS_RULE, EGRESS_RULE)
RULE_TYPES = (RULE, *OWN_RULES)
TYPES = (*GROUPS, *RULE_TYPES)
DIRECTIONS: Mapping[str, str] = MappingProxyType({INGRESS_RULE: "ingress", EGRESS_RULE: "egress"})

CIDR_KEYS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
PREFIX_LIST_KEYS = ("prefixListIds", "prefixListId")


@dataclass(frozen=True)
class Grant:
    """One rule of a security group: which ranges may use which ports.

    `unread` is what of it could not be read: ranges that it may have beside `networks`.
    """

    item: Item
    path: str
    ports: Ports
    networks: tuple[Network, ...]
    unread: tuple[Unread, ...]

    @property
    def where(self) -> str:
        """The path for messages: the rule in its group, or the property of a rule that is a resource."""
        if self.path:
            return self.path
        return next(
            (key for key in (*CIDR_KEYS, *PREFIX_LIST_KEYS) if self.item.inputs.get(key) not in (None, "", [])), ""
        )


@dataclass(frozen=True)
class Written:
    """A rule as it stands in a resource, not read yet."""

    item: Item
    value: Value


def written(item: Item, direction: str) -> Iterator[Written]:
    """Yield the rules of a resource for a direction: "ingress" or "egress". Raises Unread when that is unknown."""
    if item.type in GROUPS:
        yield from (Written(item, value) for value in item.props.block_values(direction))
    elif (item.props.text("type").strip().lower() if item.type == RULE else DIRECTIONS[item.type]) == direction:
        yield Written(item, Value(item.inputs, ""))


def grant(stack: Stack, rule: Written) -> Grant:
    """Return a rule, read. Raises Unread when its ports are unknown."""
    block = rule.value.block()
    unread: list[Unread] = []
    found = [row for key in CIDR_KEYS for row in _ranges(block, key, unread)]
    named = [value for key in PREFIX_LIST_KEYS for value in _values(block, key)]
    lists = [row for value in named for row in _tried(partial(_prefix_list, stack, rule, value), unread)]
    for prefix_list in dict.fromkeys(lists):
        for entry in _tried(partial(_entries, stack, prefix_list), unread):
            found.extend(_ranges(entry, "cidr", unread))
    protocol_key = "ipProtocol" if rule.item.type in OWN_RULES else "protocol"
    return Grant(rule.item, rule.value.path, ports(block, protocol_key), tuple(found), tuple(unread))


def _values(block: Block, key: str) -> tuple[Value, ...]:
    """Return what a property names; one that is unknown as a whole counts as one value."""
    try:
        return block.values(key)
    except Unread:
        return (Value(UNKNOWN, block.at(key)),)


def _tried(read: Callable[[], Iterable[Row]], unread: list[Unread]) -> tuple[Row, ...]:
    """Return what is read, or nothing, and then why among `unread`."""
    try:
        return tuple(read())
    except Unread as error:
        unread.append(error)
        return ()


def _ranges(block: Block, key: str, unread: list[Unread]) -> list[Network]:
    values = _tried(partial(block.values, key), unread)
    return [row for value in values for row in _tried(partial(_network, value), unread)]


def _network(value: Value) -> tuple[Network]:
    return (network(value),)


def _prefix_list(stack: Stack, rule: Written, value: Value) -> tuple[Item, ...]:
    """Return the prefix list that a rule names. Raises Unread for one whose entries are not in the stack.

    The list of a gateway endpoint holds AWS's own service and nobody else: nothing of it is looked at.
    """
    found = stack.targets(rule.item, value.path, PREFIX_LIST)
    if not found and not stack.targets(rule.item, value.path, ENDPOINT):
        raise Unread(value.path, "the entries of the prefix list are not in this stack")
    return found


def _entries(stack: Stack, prefix_list: Item) -> list[Block]:
    entries = [value.block() for value in prefix_list.props.block_values("entries")]
    entries += [row.props for row in stack.linked(prefix_list, PREFIX_LIST_ENTRY, by="prefixListId")]
    if not entries:
        raise Unread("entries", f"the prefix list {prefix_list.name} has no entries here: others may add them")
    return entries


def owner(stack: Stack, item: Item) -> str:
    """Return what tells which group a rule belongs to. Raises Unread when that is unknown."""
    if item.type in GROUPS:
        return item.urn
    found = stack.targets(item, "securityGroupId", *GROUPS, VPC)
    return found[0].urn if found else item.props.text("securityGroupId") or item.urn
