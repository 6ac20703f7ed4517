"""The steps of an Auto Scaling group's life: what can be launched, capacity, metrics, processes, tags, draining."""

from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.emulated import wait_until
from leanto.embedded.plugin.errors import RefusedError, code_of
from leanto.embedded.plugin.resource import Context, Props

GROUP_TYPE = "auto-scaling-group"
DRAIN_SECONDS = 600
"""How long the official provider waits for the instances of a group that it deletes."""


def describe(ctx: Context, name: str) -> Props | None:
    """Return the group as Auto Scaling has it, or None."""
    groups: list[Props] = ctx.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return groups[0] if groups else None


def refuse_unlaunchable(ctx: Context, inputs: Props) -> None:
    """Raise what Auto Scaling raises for a launch template from which nothing can be launched; moto takes any."""
    policy = inputs.get("mixedInstancesPolicy") or {}
    template = policy.get("launchTemplate") or {}
    specification = template.get("launchTemplateSpecification") or inputs.get("launchTemplate") or {}
    data = _template_data(ctx, specification)
    types = [item["instanceType"] for item in template.get("overrides") or [] if item.get("instanceType")]
    types = types or [data["InstanceType"]] if "InstanceType" in data else types
    if not types:
        raise _unusable("it names no instance type and the group has no overrides")
    _ask(ctx, "ec2", "describe_instance_types", InstanceTypes=sorted(set(types)))
    groups = list(data.get("SecurityGroupIds", ()))
    groups += [group for interface in data.get("NetworkInterfaces", ()) for group in interface.get("Groups", ())]
    if groups:
        _ask(ctx, "ec2", "describe_security_groups", GroupIds=sorted(set(groups)))
    profile = data.get("IamInstanceProfile", {})
    if profile:
        profile_name = profile.get("Name") or profile["Arn"].rpartition("/")[2]
        _ask(ctx, "iam", "get_instance_profile", InstanceProfileName=profile_name)


def _template_data(ctx: Context, specification: Mapping[str, Any]) -> Props:
    keys = ("launchTemplateId", "id"), ("launchTemplateName", "name")
    template_id, name = (next((specification[key] for key in pair if specification.get(key)), None) for pair in keys)
    if not template_id and not name:
        raise RefusedError("ValidationError", "give the launch template by its id or its name")
    version = str(specification.get("version") or "$Default")
    chosen = {"LaunchTemplateId": template_id} if template_id else {"LaunchTemplateName": name}
    found = _ask(ctx, "ec2", "describe_launch_template_versions", **chosen, Versions=[version])[
        "LaunchTemplateVersions"
    ]
    if not found:
        raise _unusable(f"version {version} of {template_id or name} does not exist")
    data: Props = found[0]["LaunchTemplateData"]
    return data


def _ask(ctx: Context, service: str, operation: str, **arguments: Any) -> Any:
    try:
        return getattr(ctx.client(service), operation)(**arguments)
    except Exception as error:
        code = code_of(error)
        if not code or code.isdigit():
            raise
        message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
        raise _unusable(f"{code}: {message}") from error


def _unusable(reason: str) -> RefusedError:
    return RefusedError("ValidationError", f"You must use a valid fully-formed launch template. {reason}")


def await_capacity(ctx: Context, name: str, seconds: float, *, exactly: bool) -> None:
    """Wait until as many instances are in service as the group wants, as `waitForCapacityTimeout` says."""
    if seconds <= 0:
        return

    def satisfied() -> bool:
        group = describe(ctx, name) or {}
        wanted = max(int(group.get("DesiredCapacity", 0)), int(group.get("MinSize", 0)))
        healthy = [one for one in group.get("Instances", ()) if one["LifecycleState"] == "InService"]
        return len(healthy) == wanted if exactly else len(healthy) >= wanted

    message = f"the group {name} has not reached its capacity after {seconds:g} seconds"
    wait_until(ctx, satisfied, seconds, "CapacityTimeout", message)


def set_metrics(ctx: Context, name: str, inputs: Props, wanted: set[str]) -> None:
    """Collect exactly the `wanted` metrics: moto lets each call replace the list, and has no call to stop."""
    arguments = {"Metrics": sorted(wanted)} if wanted else {}
    ctx.client("autoscaling").enable_metrics_collection(
        AutoScalingGroupName=name, Granularity=inputs["metricsGranularity"], **arguments
    )


def set_processes(ctx: Context, name: str, before: set[str], after: set[str]) -> None:
    """Suspend and resume processes."""
    client = ctx.client("autoscaling")
    if before - after:
        client.resume_processes(AutoScalingGroupName=name, ScalingProcesses=sorted(before - after))
    if after - before:
        client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=sorted(after - before))


def tag_pairs(name: str, tags: list[Props]) -> list[Props]:
    """Return the tags of the program as Auto Scaling takes them."""
    return [
        {
            "Key": tag["key"],
            "Value": tag["value"],
            "PropagateAtLaunch": tag["propagateAtLaunch"],
            "ResourceId": name,
            "ResourceType": GROUP_TYPE,
        }
        for tag in tags
    ]


def retag(ctx: Context, name: str, olds: list[Props], news: list[Props]) -> None:
    """Change the tags of the group; instances that run keep those of their launch."""
    client = ctx.client("autoscaling")
    gone = {tag["key"] for tag in olds} - {tag["key"] for tag in news}
    if gone:
        pairs = [{"Key": key, "ResourceId": name, "ResourceType": GROUP_TYPE} for key in sorted(gone)]
        client.delete_tags(Tags=pairs)
    changed = [tag for tag in news if tag not in olds]
    if changed:
        client.create_or_update_tags(Tags=tag_pairs(name, changed))


def replace_instances(ctx: Context, name: str) -> None:
    """Do what an instance refresh does, which moto lacks: replace the instances that are not protected, one by one."""
    for instance in (describe(ctx, name) or {}).get("Instances", ()):
        if not instance["ProtectedFromScaleIn"]:
            ctx.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=False
            )


def drain(ctx: Context, group: Props) -> None:
    """Bring a group to no instances, as the official provider does before it deletes one without `forceDelete`."""
    name, client = group["AutoScalingGroupName"], ctx.client("autoscaling")
    protected = [one["InstanceId"] for one in group["Instances"] if one["ProtectedFromScaleIn"]]
    if protected:
        # Nothing in moto runs in the background: protection goes first, so that the change of capacity sees it gone.
        client.set_instance_protection(InstanceIds=protected, AutoScalingGroupName=name, ProtectedFromScaleIn=False)
    client.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0, MaxSize=0, DesiredCapacity=0)
    message = f"the group {name} still has instances: scale it to 0, or set forceDelete"
    wait_until(ctx, lambda: not (describe(ctx, name) or {}).get("Instances"), DRAIN_SECONDS, "ResourceInUse", message)
