"""A terminated instance takes its network interfaces and its volumes along.

Written for moto 5.2.5, whose `Instance.terminate` leaves the interface that it made for the instance, and the root
volume that it made beside the one of the launch template: both would count as left over after each destroy. A second
termination, as of an instance that its group still counts, fails there.
"""

from moto.ec2.models.instances import Instance, InstanceState

TARGET: tuple[type, str] = (Instance, "terminate")
_terminate = Instance.terminate


def replacement(instance: Instance) -> InstanceState:
    """Terminate; what the request told to outlive the instance stays, unattached. One that has ended stays as it is."""
    if instance.state == "terminated":
        return InstanceState("terminated", 48)
    backend = instance.ec2_backend
    interfaces = list(instance.nics.values())
    outlive = {
        device.volume_id for device in instance.block_device_mapping.values() if not device.delete_on_termination
    }
    volumes = [
        volume.id
        for volume in backend.volumes.values()
        if volume.attachment is not None and volume.attachment.instance.id == instance.id
    ]
    state = _terminate(instance)
    for interface in interfaces:
        if interface.id in backend.enis:
            interface.delete()
    for volume_id in set(volumes) - outlive:
        backend.volumes.pop(volume_id, None)
    return state
