"""AWS regions and the places they are in."""

from collections.abc import Mapping
from types import MappingProxyType

from catalog.places import EU_REGIONS, US_REGIONS

REGIONS = tuple(
    sorted(
        {
            *EU_REGIONS,
            *US_REGIONS,
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-2",
            "eu-west-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "mx-central-1",
            "sa-east-1",
        }
    )
)
"""The regions of the partition `aws`. In China and GovCloud, hosts and ARNs are others: they are not served."""

REGIONS_BY_RESIDENCY: Mapping[str, frozenset[str]] = MappingProxyType(
    {"any": frozenset(REGIONS), "eu": EU_REGIONS, "us": US_REGIONS}
)
