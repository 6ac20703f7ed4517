"""What AWS does where a program says nothing: the value of a missing property, by type and path without list positions.

Only defaults that AWS documents stand here. A missing property without a row reads as empty, or as false.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NONE: Mapping[str, Any] = MappingProxyType({})

AWS_DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # EC2 API reference, LaunchTemplateInstanceMetadataOptionsRequest: optional unless the AMI says otherwise.
        "aws:ec2/launchTemplate:LaunchTemplate": MappingProxyType(
            {"metadataOptions.httpTokens": "optional", "metadataOptions.httpEndpoint": "enabled"}
        ),
    }
)


def defaults_of(kind: str) -> Mapping[str, Any]:
    """Return the defaults of a canonical type by path."""
    return AWS_DEFAULTS.get(kind, NONE)
