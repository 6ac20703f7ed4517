"""Public parameters that AWS publishes in every region and moto does not have."""

from importlib import import_module
from types import MappingProxyType
from typing import Any

from moto.core.utils import utcnow

EMULATED_AMI_ID = "ami-dca37ea5"
"""Moto's "Deep Learning AMI Ubuntu Linux" (x86_64), which its EC2 knows in every region."""
PUBLIC_PARAMETERS = MappingProxyType(
    {
        "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id": EMULATED_AMI_ID,
    }
)


def publish(account_id: str, region: str) -> None:
    """Put the public parameters into a region unless they are there. Callers hold the lock."""
    # Imported here because it brings all of EC2 with it, 0.7 s that starting the server need not wait for.
    ssm = import_module("moto.ssm.models")
    known = ssm.ssm_backends[account_id][region]._parameters  # noqa: SLF001 - the API refuses reserved names
    for name, value in PUBLIC_PARAMETERS.items():
        if name not in known:
            known[name].append(_parameter(ssm, account_id, name, value))


def _parameter(ssm: Any, account_id: str, name: str, value: str) -> Any:
    return ssm.Parameter(
        account_id=account_id,
        name=name,
        value=value,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type="aws:ec2:image",
    )
