"""What EC2 refuses in a launch template and moto accepts; pure.

Figures: API reference of CreateLaunchTemplate and RequestLaunchTemplateData; EC2 user guide, instance user data; EBS
user guide, general purpose SSD volumes.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.emulated import Problems, at_most_one, one_of
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.resource import Props

MAXIMUM_USER_DATA_BYTES = 16384
"""Of the text itself, before it is encoded."""
VOLUME_TYPES = ("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
GP3_THROUGHPUT_MIBPS = (125, 2000)
HOP_LIMIT = (1, 64)
METADATA_CHOICES = (
    ("httpEndpoint", ("disabled", "enabled")),
    ("httpProtocolIpv6", ("disabled", "enabled")),
    ("httpTokens", ("optional", "required")),
    ("instanceMetadataTags", ("disabled", "enabled")),
)
_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
_IMAGE_ID = re.compile(r"(ami-([0-9a-f]{8}|[0-9a-f]{17}))|(resolve:ssm:.+)")


def launch_template_problems(inputs: Props) -> Problems:
    """Return (property, reason) for everything that EC2 refuses in the known inputs of a launch template."""
    problems = [
        *at_most_one(inputs, ("defaultVersion", "updateDefaultVersion")),
        *one_of(inputs, "instanceInitiatedShutdownBehavior", ("stop", "terminate")),
        *_metadata_problems(inputs.get("metadataOptions") or {}),
        *_volume_problems(inputs.get("blockDeviceMappings") or []),
        *_user_data_problems(inputs.get("userData")),
    ]
    name, image_id = inputs.get("name"), inputs.get("imageId")
    if name and not _NAME.fullmatch(name):
        problems.append(("name", f"is {name!r}, EC2 takes 3 to 128 letters, digits and ( ) . - / _"))
    if image_id and not _IMAGE_ID.fullmatch(image_id):
        problems.append(
            ("imageId", f"is {image_id!r}, EC2 takes ami- with 8 or 17 hexadecimal digits, or resolve:ssm:")
        )
    if inputs.get("networkInterfaces") and inputs.get("vpcSecurityGroupIds"):
        reason = "are given together with networkInterfaces; give the groups as securityGroups of the network interface"
        problems.append(("vpcSecurityGroupIds", reason))
    return problems


def _metadata_problems(options: Mapping[str, Any]) -> Problems:
    problems = [problem for key, allowed in METADATA_CHOICES for problem in one_of(options, key, allowed)]
    found = [("metadataOptions", f"has {key} that {reason}") for key, reason in problems]
    hop_limit = options.get("httpPutResponseHopLimit")
    if outside(hop_limit, *HOP_LIMIT):
        found.append(("metadataOptions", f"has httpPutResponseHopLimit {hop_limit}, EC2 takes 1 to 64"))
    return found


def _volume_problems(mappings: list[Props]) -> Problems:
    problems: Problems = []
    for mapping in mappings:
        volume = mapping.get("ebs") or {}
        kind, throughput = volume.get("volumeType"), volume.get("throughput")
        if kind is not None and kind not in VOLUME_TYPES:
            problems.append(("blockDeviceMappings", f"has volumeType {kind!r}, EC2 takes {', '.join(VOLUME_TYPES)}"))
        if throughput and kind not in {None, "gp3"}:
            problems.append(("blockDeviceMappings", f"has throughput for a {kind} volume, EC2 takes it for gp3 only"))
        if throughput and outside(throughput, *GP3_THROUGHPUT_MIBPS):
            low, high = GP3_THROUGHPUT_MIBPS
            problems.append(("blockDeviceMappings", f"has throughput {throughput}, EC2 takes {low} to {high} MiB/s"))
    return problems


def _user_data_problems(encoded: str | None) -> Problems:
    if not encoded:
        return []
    try:
        size = len(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        return [("userData", "is not base64: encode the script, for example with base64.b64encode")]
    if size > MAXIMUM_USER_DATA_BYTES:
        return [("userData", f"has {size} bytes before encoding, EC2 takes {MAXIMUM_USER_DATA_BYTES}")]
    return []
