"""A group whose process ReplaceUnhealthy is suspended keeps an instance that has ended, as an unhealthy one.

Written for moto 5.2.5, whose `AutoScalingBackend.notify_terminate_instances` puts another in its place whatever is
suspended: a node that fails at its boot would be bought again and again.
"""

from moto.autoscaling.models import AutoScalingBackend

TARGET: tuple[type, str] = (AutoScalingBackend, "notify_terminate_instances")
_replace = AutoScalingBackend.notify_terminate_instances
SUSPENDED = "ReplaceUnhealthy"


def replacement(backend: AutoScalingBackend, instance_ids: list[str]) -> None:
    """Mark instances that have ended as unhealthy where that is all that happens, and replace the others."""
    replaced = set(instance_ids)
    for group in backend.autoscaling_groups.values():
        if SUSPENDED not in {process["ProcessName"] for process in group.suspended_processes}:
            continue
        for state in group.instance_states:
            if state.instance.id in replaced:
                state.health_status = "Unhealthy"
                replaced.remove(state.instance.id)
    if replaced:
        _replace(backend, sorted(replaced))
