"""Cuts the pool's network into one subnet for each availability zone."""

from ipaddress import IPv4Network

SLOTS = 4
"""The network is always cut into four, so that a zone that is added later leaves the others' subnets as they are."""


def subnet_cidrs(vpc_cidr: str, count: int) -> tuple[str, ...]:
    """Return the ranges of `count` subnets, at most four, in `vpc_cidr`."""
    if not 1 <= count <= SLOTS:
        raise ValueError(f"{count} subnets were asked for; 1 to {SLOTS} are possible")
    return tuple(str(part) for part in list(IPv4Network(vpc_cidr).subnets(prefixlen_diff=2))[:count])
