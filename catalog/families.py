"""One type for what pulumi-aws offers under several names, so that prices and rules hold under each of them."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from catalog.deployed import DeployedResource

MODULES: Mapping[str, str] = MappingProxyType(
    {"alb": "lb", "applicationloadbalancing": "lb", "elasticloadbalancing": "elb", "elasticloadbalancingv2": "lb"}
)
"""Older and second names of modules. `elb` holds classic balancers, which are other resources than those of `lb`."""
_SECOND = re.compile(r"aws:s3/(bucket\w*)V2:(Bucket\w*)V2")
_OBJECTS = frozenset({"aws:s3/BucketObject:BucketObject", "aws:s3/bucketObject:BucketObject"})


def canonical(kind: str) -> str:
    """Return the one name of a Pulumi type; types without a second name are their own."""
    if kind in _OBJECTS:
        return "aws:s3/bucketObjectv2:BucketObjectv2"
    second = _SECOND.fullmatch(kind)
    if second:
        return f"aws:s3/{second[1]}:{second[2]}"
    package, _, rest = kind.partition(":")
    module, slash, name = rest.partition("/")
    return f"aws:{MODULES.get(module, module)}/{name}" if package == "aws" and slash else kind


def canonical_resources(resources: Sequence[DeployedResource]) -> tuple[DeployedResource, ...]:
    """Return resources under the canonical names of their types."""
    return tuple(
        row if canonical(row.type) == row.type else dataclasses.replace(row, type=canonical(row.type))
        for row in resources
    )
