"""Claims about the pool's nodes and its group.

`wait_for_capacity_timeout` steers the provider and is kept by no AWS: the claims about the program hold it.
"""

import re

from tests.embedded.system.account import Account, Claim, Violations

IMAGE = re.compile(r"ami-[0-9a-f]{8}([0-9a-f]{9})?")
MAXIMUM_NODES = 50


def metadata_wants_a_token(account: Account) -> Violations:
    """A node's credentials are given only for a token, and only to the node itself, not to a container on it."""
    for template, data in account.launch_templates():
        options = data.get("MetadataOptions", {})
        if (options.get("HttpTokens"), options.get("HttpPutResponseHopLimit")) != ("required", 1):
            yield f"{template} gives credentials without a token or further than the node"


def nodes_have_no_public_address(account: Account) -> Violations:
    """A launch template says of every interface that it gets no public address."""
    for template, data in account.launch_templates():
        interfaces = data.get("NetworkInterfaces", [])
        if not interfaces or any(one.get("AssociatePublicIpAddress") is not False for one in interfaces):
            yield f"{template} leaves public addresses open"


def volumes_are_encrypted(account: Account) -> Violations:
    """A node's volumes are encrypted with a key of the account's own."""
    for template, data in account.launch_templates():
        for volume in _volumes(data):
            if not (volume.get("Encrypted") and account.is_own_key(volume.get("KmsKeyId"))):
                yield f"{template} has a volume that is not encrypted with the account's key"


def volumes_cost_little(account: Account) -> Violations:
    """A node's volumes are gp3 and go with the node."""
    for template, data in account.launch_templates():
        for volume in _volumes(data):
            if volume.get("VolumeType") != "gp3" or not volume.get("DeleteOnTermination"):
                yield f"{template} has a volume that costs more, or costs on"


def image_is_pinned(account: Account) -> Violations:
    """A launch template names one image, which there is, never the newest of the day."""
    for template, data in account.launch_templates():
        image = data.get("ImageId", "")
        if not IMAGE.fullmatch(image):
            yield f"{template} takes the image {image or 'of somebody else'}"
        elif not account.asked("ec2", "describe_images", ImageIds=[image])["Images"]:
            yield f"{template} takes an image that there is not"


def nodes_end_when_they_shut_down(account: Account) -> Violations:
    """A node that shuts down is terminated, and does not cost on as a stopped one."""
    for template, data in account.launch_templates():
        if data.get("InstanceInitiatedShutdownBehavior") != "terminate":
            yield f"{template} keeps stopped nodes"


def faulty_nodes_are_not_bought_again(account: Account) -> Violations:
    """A node that goes is not replaced: a fault at boot does not buy nodes without end. None is ended for its zone."""
    for group in account.groups():
        if {one["ProcessName"] for one in group["SuspendedProcesses"]} != {"AZRebalance", "ReplaceUnhealthy"}:
            yield f"{group['AutoScalingGroupName']} replaces nodes"


def group_scales_to_zero(account: Account) -> Violations:
    """The group is at zero, may stay there, and has a maximum."""
    for group in account.groups():
        name = group["AutoScalingGroupName"]
        if (group["MinSize"], group["DesiredCapacity"], group["Instances"]) != (0, 0, []):
            yield f"{name} is not at zero"
        if not 1 <= group["MaxSize"] <= MAXIMUM_NODES:
            yield f"{name} has no bound"


def group_takes_several_types(account: Account) -> Violations:
    """The group takes any of several instance types, so that there is one to be had."""
    for group in account.groups():
        template = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        if len({one["InstanceType"] for one in template.get("Overrides", [])}) < 2:
            yield f"{group['AutoScalingGroupName']} takes one type only"


def group_follows_a_numbered_version(account: Account) -> Violations:
    """The group names its launch template's version by number, so that a new one is seen before it starts nodes."""
    for group in account.groups():
        template = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        version = template.get("LaunchTemplateSpecification", {}).get("Version", "$Default")
        if not version.isdigit():
            yield f"{group['AutoScalingGroupName']} follows {version}"


def _volumes(data: dict[str, list[dict[str, dict[str, object]]]]) -> list[dict[str, object]]:
    """Return the volumes; one that nothing is said of stands for those of the image."""
    return [mapping.get("Ebs", {}) for mapping in data.get("BlockDeviceMappings", [])] or [{}]


CLAIMS: tuple[Claim, ...] = (
    metadata_wants_a_token,
    nodes_have_no_public_address,
    volumes_are_encrypted,
    volumes_cost_little,
    image_is_pinned,
    nodes_end_when_they_shut_down,
    faulty_nodes_are_not_bought_again,
    group_scales_to_zero,
    group_takes_several_types,
    group_follows_a_numbered_version,
)
