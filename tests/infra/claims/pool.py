"""Claims about the GPU pool: its network, its nodes, its group."""

import base64
import re

from tests.infra.claims.stack import Claim, Item, Stack, Violations, all_statements, as_list, is_true

WAYS_OUT = ("ec2/internetGateway", "ec2/natGateway", "ec2/egressOnlyInternetGateway", "ec2/eip", "ec2/route")


def network_has_no_way_out(stack: Stack) -> Violations:
    """There is no gateway to the internet, no NAT, no route, and no subnet gives public addresses."""
    yield from (item.name for item in stack.of(*WAYS_OUT, "ec2/vpcPeeringConnection"))
    yield from (table.name for table in stack.of("ec2/routeTable") if table.get("routes"))
    yield from (subnet.name for subnet in stack.of("ec2/subnet") if subnet.get("mapPublicIpOnLaunch"))
    yield from (one.name for one in stack.of("ec2/vpcEndpoint") if one.get("vpcEndpointType") != "Gateway")


def endpoints_are_scoped(stack: Stack) -> Violations:
    """Through the endpoints nodes reach this stack's bucket and table only, and only as this account."""
    for item, statement in all_statements(stack, "ec2/vpcEndpoint"):
        resources = as_list(statement["Resource"])
        account = statement.get("Condition", {}).get("StringEquals", {}).get("aws:PrincipalAccount")
        if any(one in ("*", "arn:aws:s3:::*") for one in resources) or not account:
            yield item.name


def default_group_is_closed(stack: Stack) -> Violations:
    """The network's default security group lets nothing in or out."""
    networks = {network.get("id") for network in stack.of("ec2/vpc")}
    closed = {group.get("vpcId") for group in stack.of("ec2/defaultSecurityGroup") if not _rules(group.props)}
    yield from sorted(str(network) for network in networks - closed)


def _rules(props: dict[str, object]) -> bool:
    return bool(props.get("ingress") or props.get("egress"))


def nodes_have_no_public_address(stack: Stack) -> Violations:
    """A launch template says of every interface that it gets no public address."""
    for template in stack.of("ec2/launchTemplate"):
        interfaces = template.get("networkInterfaces") or []
        if not interfaces or any(one.get("associatePublicIpAddress") != "false" for one in interfaces):
            yield template.name


def metadata_wants_a_token(stack: Stack) -> Violations:
    """A node's credentials are given only for a token, and only to the node itself, not to a container on it."""
    for template in stack.of("ec2/launchTemplate"):
        required = template.get("metadataOptions.httpTokens") == "required"
        if not required or template.get("metadataOptions.httpPutResponseHopLimit") != 1:
            yield template.name


def volumes_are_encrypted(stack: Stack) -> Violations:
    """A node's volumes are gp3, encrypted with the pool's key, and go with the node."""
    for template in stack.of("ec2/launchTemplate"):
        volumes = [mapping.get("ebs") or {} for mapping in template.get("blockDeviceMappings") or []]
        for volume in volumes or [{}]:
            encrypted = is_true(volume.get("encrypted")) and ":key/" in volume.get("kmsKeyId", "")
            gone = is_true(volume.get("deleteOnTermination"))
            if not (encrypted and gone and volume.get("volumeType") == "gp3"):
                yield template.name


def group_scales_to_zero(stack: Stack) -> Violations:
    """The group starts at zero, has a maximum, and no deployment sets how many nodes run or waits for them."""
    for group in stack.of("autoscaling/group"):
        if group.get("minSize") != 0 or not 1 <= group.get("maxSize", 0) <= 50:
            yield f"{group.name} is not bounded by zero and a maximum"
        if group.get("desiredCapacity") or group.get("waitForCapacityTimeout") != "0":
            yield f"{group.name} starts nodes by itself"


def group_mixes_types_and_follows_versions(stack: Stack) -> Violations:
    """The group takes several instance types, and a new launch template version by its number."""
    for group in stack.of("autoscaling/group"):
        types = group.get("mixedInstancesPolicy.launchTemplate.overrides") or []
        version = group.get("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.version", "$Default")
        if len({one["instanceType"] for one in types}) < 2:
            yield f"{group.name} takes one type only"
        if not version.isdigit():
            yield f"{group.name} follows {version}"


def faulty_nodes_are_not_bought_again(stack: Stack) -> Violations:
    """A node that shuts down is terminated and not replaced: a fault at boot does not buy nodes without end.

    Nor does Auto Scaling end a node that serves so that zones are even.
    """
    yield from (
        template.name
        for template in stack.of("ec2/launchTemplate")
        if template.get("instanceInitiatedShutdownBehavior") != "terminate"
        or "shutdown -h now" not in _script(template)
    )
    for group in stack.of("autoscaling/group"):
        if set(group.get("suspendedProcesses") or []) != {"AZRebalance", "ReplaceUnhealthy"}:
            yield group.name


def nodes_run_what_is_pinned(stack: Stack) -> Violations:
    """A node is told the hash of agent, engine and model; the agent is the one that the stack puts into the bucket."""
    agents = [item.get("key") for item in stack.of("s3/bucketObjectv2") if item.name.endswith("-pool-agent")]
    for template in stack.of("ec2/launchTemplate"):
        script = _script(template)
        if agents != re.findall(r"\bagent/[0-9a-f]{64}[.]zip\b", script):
            yield f"{template.name} runs another agent than {agents}"
        if not re.search(r"\bengines/[0-9a-f]{64}[.]tar\b", script) or not re.search(r"\b[0-9a-f]{64}/[\w.-]+", script):
            yield f"{template.name} runs an engine or a model that is not pinned"


def _script(template: Item) -> str:
    return base64.b64decode(template.get("userData", "")).decode()


def image_is_pinned(stack: Stack) -> Violations:
    """A launch template names one image, never the newest of the day."""
    for template in stack.of("ec2/launchTemplate"):
        if not re.fullmatch(r"ami-[0-9a-f]{8}([0-9a-f]{9})?", template.get("imageId", "")):
            yield template.name


def flows_are_recorded_in_prod(stack: Stack) -> Violations:
    """In prod the network's flows are recorded into the pool's bucket."""
    if stack.environment != "prod":
        return
    recorded = {
        flow.get("vpcId")
        for flow in stack.of("ec2/flowLog")
        if flow.get("trafficType") == "ALL" and flow.get("logDestinationType") == "s3"
    }
    yield from (network.name for network in stack.of("ec2/vpc") if network.get("id") not in recorded)


CLAIMS: tuple[Claim, ...] = (
    network_has_no_way_out,
    endpoints_are_scoped,
    default_group_is_closed,
    nodes_have_no_public_address,
    metadata_wants_a_token,
    volumes_are_encrypted,
    group_scales_to_zero,
    group_mixes_types_and_follows_versions,
    faulty_nodes_are_not_bought_again,
    nodes_run_what_is_pinned,
    image_is_pinned,
    flows_are_recorded_in_prod,
)
