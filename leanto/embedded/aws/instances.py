"""Reads running instances out of moto, for the instance host in the same process. Callers hold the lock."""

from dataclasses import dataclass, field

from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance

RUNNING, TERMINATE = "running", "terminate"


@dataclass(frozen=True)
class RunningInstance:
    """An instance as EC2 has it; `user_data` is decoded, `address` its private one.

    `ends_with_shutdown` says whether a shutdown from inside terminates it; else it is stopped.
    """

    id: str
    type: str
    zone: str
    region: str
    address: str
    market: str
    ends_with_shutdown: bool
    user_data: str = field(repr=False)


def running(account_id: str, region: str) -> tuple[RunningInstance, ...]:
    """Return the running instances of a region that have user data: others would only be there."""
    # Read only where EC2 is in use: to ask for a backend would make one, with all of AWS's images and a network.
    backends = dict.get(ec2_backends, account_id)
    backend = None if backends is None else dict.get(backends, region)
    if backend is None:
        return ()
    found = (one for reservation in backend.reservations.values() for one in reservation.instances)
    return tuple(
        _described(one, one.user_data, region) for one in found if one.state == RUNNING and one.user_data is not None
    )


def _described(instance: Instance, user_data: Base64EncodedString, region: str) -> RunningInstance:
    return RunningInstance(
        id=instance.id,
        type=instance.instance_type or "",
        zone=instance.placement.zone or f"{region}a",
        region=region,
        address=instance.private_ip or "",
        market=instance.lifecycle or "on-demand",
        ends_with_shutdown=instance.instance_initiated_shutdown_behavior == TERMINATE,
        user_data=user_data.decode(),
    )
