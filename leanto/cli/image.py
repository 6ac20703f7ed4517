"""The image of the GPU nodes: AWS publishes the newest one's id as a public parameter of each region."""

from typing import Any

PARAMETER = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"


def image_id(ssm: Any) -> str:
    """Return the id of the newest image in the region of an SSM client; raises botocore's errors."""
    return str(ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"])
