"""Values that AWS would make up, made up here: of the right form, and the same for the same resource each time."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from leanto.check.results import SynthesisError
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.values import without_internal

ACCOUNT = "123456789012"
KEY = "aws:kms/key:Key"


class MadeUp:
    """Answers without any AWS: the same ids, ARNs and names for the same URN each time."""

    def create(
        self, resource: Resource, configuration: Configuration, urn: str, inputs: Mapping[str, Any]
    ) -> tuple[str, Props]:
        """Return the inputs, and for each output that AWS would make up a text of the right kind."""
        given = without_internal(inputs)
        region = str(given.get("region", configuration.region))
        resource_id = made_up_id(resource.token, urn, given)
        made_up = {
            key: _output(resource.token, key, resource_id, region)
            for key in sorted(resource.computed)
            if key not in given
        }
        return resource_id, made_up | given

    def invoke(self, token: str, configuration: Configuration, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a new account in the region would answer. Raises SynthesisError for a function not listed."""
        if token not in _FUNCTIONS:
            raise SynthesisError(
                f"the program calls {token}, which synthesis cannot answer; it answers {', '.join(sorted(_FUNCTIONS))}"
            )
        return _FUNCTIONS[token](str(args.get("region") or configuration.region))


_NAMED_BY = ("name", "bucket", "family", "functionName", "aliasName", "namePrefix")
_PREFIXES = MappingProxyType(
    {
        "vpc": "vpc",
        "subnet": "subnet",
        "routeTable": "rtb",
        "routeTableAssociation": "rtbassoc",
        "securityGroup": "sg",
        "defaultSecurityGroup": "sg",
        "securityGroupIngressRule": "sgr",
        "securityGroupEgressRule": "sgr",
        "vpcEndpoint": "vpce",
        "launchTemplate": "lt",
        "flowLog": "fl",
    }
)
"""Prefixes of the ids that EC2 makes up, by Pulumi's name of the type."""

_ARNS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("apigateway", ""): "arn:aws:apigateway:{region}::/{kind}s/{id}",
        ("autoscaling", "group"): "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:0:autoScalingGroupName/{id}",
        ("cloudwatch", "logGroup"): "arn:aws:logs:{region}:{account}:log-group:{id}",
        ("cloudwatch", "metricAlarm"): "arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
        ("iam", ""): "arn:aws:iam::{account}:{kind}/{id}",
        ("lambda", ""): "arn:aws:lambda:{region}:{account}:{kind}:{id}",
        ("lambda", "layerVersion"): "arn:aws:lambda:{region}:{account}:layer:{id}:1",
        ("s3", ""): "arn:aws:s3:::{id}",
        ("secretsmanager", ""): "arn:aws:secretsmanager:{region}:{account}:{kind}:{id}",
        ("sns", ""): "arn:aws:sns:{region}:{account}:{id}",
    }
)
"""Forms of ARNs by service and kind; a kind of "" stands for all others of the service."""

_NUMBERS = frozenset({"latestVersion", "defaultVersion", "ownerNumber"})


def made_up_id(token: str, urn: str, inputs: Mapping[str, Any]) -> str:
    """Return an id for a resource: of EC2's form where EC2 makes it up, else its physical name."""
    digest = hashlib.sha256(urn.encode()).hexdigest()
    kind = _kind(token)
    if kind in _PREFIXES:
        return f"{_PREFIXES[kind]}-{digest[:17]}"
    if token == KEY:
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    name = next((inputs[key] for key in _NAMED_BY if isinstance(inputs.get(key), str)), None)
    return str(name) if name else digest[:10]


def _output(token: str, key: str, resource_id: str, region: str) -> Any:
    if key in _NUMBERS:
        return 1
    if key == "arn" or key.endswith("Arn"):
        return _arn(token, resource_id, region)
    if key in {"keyId", "bucket", "name"} or key.endswith("Id"):
        return resource_id
    return f"{key}-of-{resource_id}"


def _arn(token: str, resource_id: str, region: str) -> str:
    """Return an ARN of the form that the service uses: most name the kind of resource after a slash."""
    service, kind = _service(token), _kind(token)
    form = _ARNS.get((service, kind)) or _ARNS.get((service, "")) or "arn:aws:{service}:{region}:{account}:{kind}/{id}"
    return form.format(service=service, kind=_dashed(kind), region=region, account=ACCOUNT, id=resource_id)


def _service(token: str) -> str:
    return token.split(":")[1].partition("/")[0]


def _kind(token: str) -> str:
    return token.split(":")[1].rpartition("/")[2]


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)


def _zones(region: str) -> Mapping[str, Any]:
    names = [f"{region}{letter}" for letter in "abc"]
    ids = [f"{region.replace('-', '')}-az{number}" for number in (1, 2, 3)]
    return {"id": region, "region": region, "names": names, "zoneIds": ids, "groupNames": [region]}


_FUNCTIONS: Mapping[str, Callable[[str], Mapping[str, Any]]] = MappingProxyType(
    {
        "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
        "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
            "id": ACCOUNT,
            "accountId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/synthesis",
            "userId": "AIDASYNTHESIS",
        },
        "aws:index/getPartition:getPartition": lambda _: {
            "id": "aws",
            "partition": "aws",
            "dnsSuffix": "amazonaws.com",
            "reverseDnsPrefix": "com.amazonaws",
        },
        "aws:index/getRegion:getRegion": lambda region: {
            "id": region,
            "name": region,
            "region": region,
            "description": region,
            "endpoint": f"ec2.{region}.amazonaws.com",
        },
    }
)
