"""Address ranges and ports: how much of the internet a set of ranges holds, and where rules on ports overlap."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from policies.reading import Block, Unread, Value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOT_PUBLIC: Final = tuple(
    ipaddress.IPv4Network(cidr)
    for cidr in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
"""IPv4 ranges that are not routed in the internet (IANA's special-purpose registry), and multicast."""
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The IPv6 addresses that are routed in the internet (RFC 4291)."""

WIDEST_IPV4 = 2**24
WIDEST_IPV6 = 2**96
"""Up to how many public addresses a set of ranges is still somebody in particular: one /8, or one /32 of IPv6.

The bounds are those of AWS's own meaning of "public" for source addresses in policies of S3 buckets.
"""

ALL = "all"
PROTOCOLS: Mapping[str, str] = MappingProxyType({"-1": ALL, "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"})
"""Numbers of protocols that have names in security groups (IANA)."""
ICMP = ("icmp", "icmpv6")
WITH_PORTS = ("tcp", "udp")
LAST_PORT = 65535
LAST_PROTOCOL = 255


@dataclass(frozen=True, order=True)
class Ports:
    """Ports of a protocol, both ends included; for ICMP, message types. `protocol` "all" has every port of each."""

    protocol: str
    low: int = 0
    high: int = LAST_PORT

    def covers(self, protocol: str, port: int) -> bool:
        """Tell whether these hold a port of a protocol."""
        return self.protocol in {ALL, protocol} and self.low <= port <= self.high

    def only(self, protocol: str, ports: Iterable[int]) -> bool:
        """Tell whether these hold no other port than some of one protocol. A range counts by all that it spans."""
        allowed = set(ports)
        if self.protocol != protocol or self.high - self.low >= len(allowed):
            return False
        return all(port in allowed for port in range(self.low, self.high + 1))

    def __str__(self) -> str:
        """Return them as people write them."""
        if self.protocol == ALL:
            return "all ports of all protocols"
        if (self.low, self.high) == (0, LAST_PORT):
            return f"all of {self.protocol}" if self.protocol in {*WITH_PORTS, *ICMP} else f"protocol {self.protocol}"
        what = f"{self.protocol} type" if self.protocol in ICMP else f"{self.protocol} port"
        return f"{what} {self.low}" if self.low == self.high else f"{what}s {self.low}-{self.high}"


def network(value: Value) -> Network:
    """Return the range that a property holds; host bits are ignored, as EC2 does. Raises Unread for anything else."""
    try:
        return ipaddress.ip_network(value.text().strip(), strict=False)
    except ValueError:
        raise Unread(value.path, "it is not an address range such as 10.0.0.0/16") from None


def is_open(networks: Iterable[Network]) -> bool:
    """Tell whether ranges together let in the internet rather than somebody in particular."""
    rows = tuple(networks)
    ipv4 = ipaddress.collapse_addresses(row for row in rows if isinstance(row, ipaddress.IPv4Network))
    ipv6 = ipaddress.collapse_addresses(row for row in rows if isinstance(row, ipaddress.IPv6Network))
    return sum(map(_public_ipv4, ipv4)) > WIDEST_IPV4 or sum(map(_public_ipv6, ipv6)) > WIDEST_IPV6


def is_public(row: Network) -> bool:
    """Tell whether a range holds any public address."""
    return bool(_public_ipv4(row) if isinstance(row, ipaddress.IPv4Network) else _public_ipv6(row))


def ports(rule: Block, protocol_key: str, from_key: str = "fromPort", to_key: str = "toPort") -> Ports:
    """Return the ports of a rule of a security group. Without a protocol it is about all; -1 stands for every port."""
    written = rule.text(protocol_key, "-1").strip().lower()
    protocol = PROTOCOLS.get(written, written)
    if protocol not in {ALL, *WITH_PORTS, *ICMP} and not (protocol.isdecimal() and int(protocol) <= LAST_PROTOCOL):
        raise Unread(rule.at(protocol_key), "expected tcp, udp, icmp, icmpv6, -1 or the number of a protocol")
    if protocol not in {*WITH_PORTS, *ICMP}:
        return Ports(protocol)
    low, high = rule.number(from_key, -1), rule.number(to_key, -1)
    first, last = (min(int(end or 0), LAST_PORT) for end in (low, high))
    if protocol in ICMP:
        return Ports(protocol) if first < 0 else Ports(protocol, first, first)
    if first < 0 or last < 0:
        return Ports(protocol, max(first, 0), LAST_PORT if last < 0 else last)
    return Ports(protocol, min(first, last), max(first, last))


def segments(rows: Iterable[Ports]) -> tuple[Ports, ...]:
    """Return pieces that each of `rows` either holds whole or not at all."""
    given = tuple(rows)
    protocols = sorted({row.protocol for row in given})
    starts = sorted({row.low for row in given} | {row.high + 1 for row in given} | {0})
    ends = [start - 1 for start in starts[1:]] + [LAST_PORT]
    pieces = [(low, high) for low, high in zip(starts, ends, strict=True) if low <= high]
    return tuple(Ports(protocol, low, high) for protocol in protocols for low, high in pieces)


def holds(row: Ports, piece: Ports) -> bool:
    """Tell whether `row` holds a whole piece."""
    return row.protocol in {ALL, piece.protocol} and row.low <= piece.low and piece.high <= row.high


def _public_ipv4(row: ipaddress.IPv4Network) -> int:
    if any(row.subnet_of(other) for other in NOT_PUBLIC):
        return 0
    return row.num_addresses - sum(other.num_addresses for other in NOT_PUBLIC if other.subnet_of(row))


def _public_ipv6(row: ipaddress.IPv6Network) -> int:
    if row.subnet_of(GLOBAL_UNICAST):
        return row.num_addresses
    return GLOBAL_UNICAST.num_addresses if GLOBAL_UNICAST.subnet_of(row) else 0
