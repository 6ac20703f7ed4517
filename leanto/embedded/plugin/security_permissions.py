"""Rules of a security group as the official provider shows them inside the group; pure."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.resource import Props

SOURCES = MappingProxyType(
    {
        "cidrBlocks": ("IpRanges", "CidrIp"),
        "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListIds": ("PrefixListIds", "PrefixListId"),
        "securityGroups": ("UserIdGroupPairs", "GroupId"),
    }
)
"""Field of a rule, and where its values go in a permission."""


def rules(granted: Iterable[Props], group_id: str) -> list[Props]:
    """Return permissions of EC2 as rules: one for each protocol, ports and description."""
    found: dict[tuple[Any, ...], Props] = {}
    for permission in granted:
        ports = (permission.get("FromPort", 0), permission.get("ToPort", 0))
        for key, (ranges, api) in SOURCES.items():
            for item in permission.get(ranges, ()):
                description = item.get("Description", "")
                rule = found.setdefault(
                    (permission["IpProtocol"], *ports, description),
                    {
                        "protocol": permission["IpProtocol"],
                        "fromPort": max(ports[0], 0) if permission["IpProtocol"] == "-1" else ports[0],
                        "toPort": max(ports[1], 0) if permission["IpProtocol"] == "-1" else ports[1],
                        "description": description,
                        "self": False,
                        **{name: [] for name in SOURCES},
                    },
                )
                if key == "securityGroups" and item[api] == group_id:
                    rule["self"] = True
                else:
                    rule[key].append(item[api])
    return list(found.values())
