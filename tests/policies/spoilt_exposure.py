"""How our own stacks are opened to the network and to anyone: by rule, what is done and how."""

from collections.abc import Mapping
from typing import Any

from tests.policies.spoiling import GONE, Change, become, extra, put, without
from tests.policies.spoiling_documents import added
from tests.policies.spoilt_encryption import OPEN

GROUP = "ec2/securityGroup"
DEFAULT = "ec2/defaultSecurityGroup"
INGRESS = "vpc/securityGroupIngressRule"
EGRESS = "vpc/securityGroupEgressRule"
INGRESS = "vpc/securityGroupIngressRule"
TEMPLATE = "ec2/launchTemplate"
BLOCK = "s3/bucketPublicAccessBlock"
LIMITS = "apigateway/methodSettings"
METHOD = "apigateway/method"
PERMISSION = "lambda/permission"
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
WORLD = ({"cidrBlocks": ["0.0.0.0/0"]}, {"ipv6CidrBlocks": ["::/0"]}, {"cidrBlocks": ["0.0.0.0/1", "128.0.0.0/1"]})


def _ports(first: int, last: int | None = None) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": first, "toPort": last or first}


def _let_in(*ports: dict[str, Any]) -> tuple[Any, ...]:
    return tuple([{**port, **world}] for port in ports for world in WORLD)


ALL = {"protocol": "-1", "fromPort": 0, "toPort": 0}
OUT: Mapping[str, Any] = {"ipProtocol": "-1", "prefixListId": GONE, "cidrIpv4": "0.0.0.0/0", "fromPort": 0, "toPort": 0}


_WORLD_WIDE = {
    "referencedSecurityGroupId": GONE,
    "cidrIpv4": "0.0.0.0/0",
    "ipProtocol": "-1",
    "fromPort": 0,
    "toPort": 65535,
}
"""Everything, from everywhere."""


def _of_group(kind: str, **values: Any) -> Change:
    """Add a rule to each security group of the stack."""
    return extra(kind, {"securityGroupId": "sg-1", **values})


EXPOSURE: Mapping[str, Mapping[str, Change]] = {
    "sg-no-open-ingress": {
        "a group": put(GROUP, "ingress", *_let_in(_ports(22), _ports(1, 65535), ALL)),
        "the default group": put(DEFAULT, "ingress", *_let_in(_ports(22), ALL)),
        "a rule": _of_group(
            "vpc/securityGroupIngressRule", ipProtocol="tcp", fromPort=22, toPort=22, cidrIpv4="0.0.0.0/0"
        ),
        "a rule of ours": become(INGRESS, **_WORLD_WIDE),
        "a rule of the old kind": _of_group("ec2/securityGroupRule", type="ingress", **_ports(22), **WORLD[1]),
    },
    "model-port-private": {
        "a group": put(GROUP, "ingress", *_let_in(_ports(8000), _ports(11434), _ports(8000, 8100))),
        "the default group": put(DEFAULT, "ingress", *_let_in(_ports(8080))),
        "a rule": _of_group(
            "vpc/securityGroupIngressRule", ipProtocol="tcp", fromPort=8080, toPort=8080, cidrIpv6="::/0"
        ),
        "a rule of ours": become(INGRESS, **_WORLD_WIDE),
    },
    "lambda-permission-scoped": {
        "anyone": put(PERMISSION, "principal", "*"),
        "any source": put(PERMISSION, "sourceArn", GONE, "*"),
    },
    "api-route-auth": {
        "open to all": put(METHOD, "authorization", "NONE", "none", GONE),
        "an authorizer that is none": put(METHOD, "authorizerId", GONE),
    },
    "function-url-auth": {
        "open to all": extra("lambda/functionUrl", {"functionName": "f", "authorizationType": "NONE"})
    },
    "s3-public-blocked": {
        **{flag: put(BLOCK, flag, False, "false", GONE) for flag in FLAGS},
        "none": without(BLOCK),
        "another bucket": put(BLOCK, "bucket", "another-bucket"),
        "a policy for anyone": added("s3/bucketPolicy", "policy", {**OPEN, "Action": "s3:GetObject"}),
        "an access list for anyone": put("s3/bucket", "acl", "public-read", "public-read-write"),
        "a grant to anyone": put(
            "s3/bucket",
            "grants",
            [{"type": "Group", "permissions": ["READ"], "uri": "http://acs.amazonaws.com/groups/global/AllUsers"}],
        ),
    },
    "no-public-ip": {
        "a subnet": put("ec2/subnet", "mapPublicIpOnLaunch", True, "true"),
        "a template": put(TEMPLATE, "networkInterfaces.*.associatePublicIpAddress", True, "true"),
    },
    "api-throttled": {
        "no rate": put(LIMITS, "settings.throttlingRateLimit", GONE, -1, 1_000_000),
        "no burst": put(LIMITS, "settings.throttlingBurstLimit", GONE, -1, 1_000_000),
        "nothing set": put(LIMITS, "settings", GONE, {}),
        "one method only": put(LIMITS, "methodPath", "models/GET"),
        "another stage": put(LIMITS, "stageName", "v2"),
        "another API": put(LIMITS, "restApi", "another"),
        "a stage of another API": put("apigateway/stage", "restApi", "another"),
        "none": without(LIMITS),
    },
    "waf-attached": {
        "a stage without an authorizer": put(METHOD, "authorization", "NONE"),
        "a stage without limits": without(LIMITS),
        "a stage without a rate": put(LIMITS, "settings.throttlingRateLimit", GONE, -1),
        "a stage without a burst": put(LIMITS, "settings.throttlingBurstLimit", GONE, -1),
        "limits of one method": put(LIMITS, "methodPath", "models/GET"),
        "a stage of another API": put("apigateway/stage", "restApi", "another"),
        "limits of another stage": put(LIMITS, "stageName", "v2"),
        "limits of another API": put(LIMITS, "restApi", "another"),
        "a public balancer": extra("lb/loadBalancer", {"internal": False}),
    },
    "lb-internal-default": {"public": extra("lb/loadBalancer", {"internal": False})},
    "lb-hardening": {"headers": extra("lb/loadBalancer", {"dropInvalidHeaderFields": False})},
    "api-cors-closed": {"any origin": extra("apigatewayv2/api", {"corsConfiguration": {"allowOrigins": ["*"]}})},
    "waf-has-rules": {"no rules": extra("wafv2/webAcl", {"defaultAction": {"allow": {}}})},
    "sg-egress-scoped": {
        "a group": put(GROUP, "egress", *_let_in(ALL)),
        "the default group": put(DEFAULT, "egress", *_let_in(ALL)),
        "a rule": become(EGRESS, **OUT),
        "a rule more": _of_group(EGRESS, ipProtocol="-1", cidrIpv4="0.0.0.0/0"),
    },
    "sg-described": {
        "a group": put(GROUP, "description", GONE, "Managed by Pulumi"),
        "a rule": put(EGRESS, "description", GONE),
        "a rule, in": put(INGRESS, "description", GONE),
        "a rule in the default group, in": put(DEFAULT, "ingress", [{**ALL, "self": True}]),
        "a rule in the default group, out": put(DEFAULT, "egress", [{**ALL, "self": True}]),
    },
    "default-sg-closed": {
        "let in": put(DEFAULT, "ingress", [{**ALL, "self": True}]),
        "let out": put(DEFAULT, "egress", *_let_in(ALL)),
        "AWS's own": without(DEFAULT),
        "of another network": put(DEFAULT, "vpcId", "vpc-1"),
    },
    "private-egress-endpoints": {
        "none": without("ec2/vpcEndpoint", "-s3"),
        "of another service": put("ec2/vpcEndpoint", "serviceName", "com.amazonaws.us-east-1.sqs", name_end="-s3"),
        "of another network": put("ec2/vpcEndpoint", "vpcId", "vpc-1", name_end="-s3"),
        "a caller of Bedrock": put(
            "lambda/function", "environment.variables.BEDROCK_REGION", "us-east-1", name_end="relay-function"
        ),
    },
}
