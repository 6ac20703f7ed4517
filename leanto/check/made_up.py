"""Values that AWS would make up, made up here: of the right form, and the same for the same resource each time."""

import hashlib
import re
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
        """Return the inputs, and each output that AWS would make up of which the kind is plain."""
        given = without_internal(inputs)
        region = str(given.get("region", configuration.region))
        resource_id = made_up_id(resource.token, urn, given)
        made_up = {
            key: _output(resource.token, key, resource_id, region) for key in sorted(resource.computed - given.keys())
        }
        return resource_id, {key: value for key, value in made_up.items() if value is not None} | given

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
        "internetGateway": "igw",
        "egressOnlyInternetGateway": "eigw",
        "natGateway": "nat",
        "networkAcl": "acl",
        "networkInterface": "eni",
        "eip": "eipalloc",
        "volume": "vol",
        "vpcPeeringConnection": "pcx",
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
        ("acm", ""): "arn:aws:acm:{region}:{account}:{kind}/{id}",
        ("cloudfront", ""): "arn:aws:cloudfront::{account}:{kind}/{id}",
        ("cloudwatch", "eventRule"): "arn:aws:events:{region}:{account}:rule/{id}",
        ("cloudwatch", "eventBus"): "arn:aws:events:{region}:{account}:event-bus/{id}",
        ("codepipeline", "pipeline"): "arn:aws:codepipeline:{region}:{account}:{id}",
        ("cognito", "userPool"): "arn:aws:cognito-idp:{region}:{account}:userpool/{id}",
        ("efs", "fileSystem"): "arn:aws:elasticfilesystem:{region}:{account}:file-system/{id}",
        ("elasticsearch", "domain"): "arn:aws:es:{region}:{account}:domain/{id}",
        ("lb", "listener"): "arn:aws:elasticloadbalancing:{region}:{account}:listener/app/{id}/{id}",
        ("lb", "loadBalancer"): "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{id}/{id}",
        ("lb", "targetGroup"): "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{id}/{id}",
        ("opensearch", "domain"): "arn:aws:es:{region}:{account}:domain/{id}",
        ("rds", ""): "arn:aws:rds:{region}:{account}:{kind}:{id}",
        ("rds", "instance"): "arn:aws:rds:{region}:{account}:db:{id}",
        ("sfn", "stateMachine"): "arn:aws:states:{region}:{account}:stateMachine:{id}",
        ("sqs", ""): "arn:aws:sqs:{region}:{account}:{id}",
    }
)
"""Forms of ARNs by service and kind; a kind of "" stands for all others of the service."""

_VALUES: Mapping[str, Any] = MappingProxyType(
    {"defaultVersion": 1, "latestVersion": 1, "version": "1", "ownerId": ACCOUNT, "state": "available"}
)
"""Outputs that are the same for every resource."""

_KEY_PREFIXES = MappingProxyType(
    {
        "defaultNetworkAclId": "acl",
        "defaultRouteTableId": "rtb",
        "defaultSecurityGroupId": "sg",
        "mainRouteTableId": "rtb",
        "prefixListId": "pl",
    }
)
"""Outputs that are ids of other resources of EC2, with the prefix of those."""

_TEXT = re.compile("(date|modified|name|url|path|sha256|etag|label|endpoint)$", re.IGNORECASE)
"""Outputs that are texts by their name. Others may be numbers, lists or unset, and are left out."""

_INVOKE = "arn:aws:apigateway:{region}:lambda:path/"
_OTHER_ARNS = MappingProxyType(
    {
        "executionArn": "arn:aws:execute-api:{region}:{account}:{id}",
        "invokeArn": _INVOKE + "2015-03-31/functions/{arn}/invocations",
        "responseStreamingInvokeArn": _INVOKE + "2021-11-15/functions/{arn}/response-streaming-invocations",
    }
)
"""ARNs that lead to a resource and are not its own."""


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
    """Return what AWS would make up for an output, or None for one of a kind that its name does not tell."""
    if key in _VALUES:
        return _VALUES[key]
    if key in _KEY_PREFIXES:
        return f"{_KEY_PREFIXES[key]}-{hashlib.sha256(resource_id.encode()).hexdigest()[:17]}"
    arn = made_up_arn(token, resource_id, region)
    if key in _OTHER_ARNS:
        return _OTHER_ARNS[key].format(arn=arn, region=region, account=ACCOUNT, id=resource_id)
    if key.lower().endswith("arn"):
        return arn
    if key in {"bucket", "name"} or key.endswith("Id"):
        return resource_id
    return f"{key}-of-{resource_id}" if _TEXT.search(key) else None


def made_up_arn(token: str, resource_id: str, region: str) -> str:
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


def known_functions(region: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what a new account answers in a region, by function: what does not depend on what is in the account."""
    return {token: answer(region) for token, answer in _FUNCTIONS.items()}
