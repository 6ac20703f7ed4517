"""One type for what pulumi-aws offers under several names, so that no resource escapes a rule under another one."""

from collections.abc import Mapping
from types import MappingProxyType

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "alb": "lb",
        "applicationloadbalancing": "lb",
        "elasticloadbalancingv2": "lb",
        "elasticloadbalancing": "elb",
    }
)
"""Older and second names of modules. `elb` holds classic balancers, which are other resources than those of `lb`."""

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "aws:s3/BucketObject:BucketObject": "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:s3/bucketObject:BucketObject": "aws:s3/bucketObjectv2:BucketObjectv2",
    }
    | {
        f"aws:s3/{kind[0].lower()}{kind[1:]}V2:{kind}V2": f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
        for kind in (
            "Bucket",
            "BucketAccelerateConfiguration",
            "BucketAcl",
            "BucketCorsConfiguration",
            "BucketLifecycleConfiguration",
            "BucketLogging",
            "BucketObjectLockConfiguration",
            "BucketRequestPaymentConfiguration",
            "BucketServerSideEncryptionConfiguration",
            "BucketVersioning",
            "BucketWebsiteConfiguration",
        )
    }
)
"""Second names of single types (aliases and twins in pulumi_aws 7.51)."""


def canonical(kind: str) -> str:
    """Return the one type by which rules know `kind`, a Pulumi type; types without a family are their own."""
    if kind in TYPES:
        return TYPES[kind]
    package, _, rest = kind.partition(":")
    module, slash, name = rest.partition("/")
    if package != "aws" or not slash:
        return kind
    return f"aws:{MODULES.get(module, module)}/{name}"
