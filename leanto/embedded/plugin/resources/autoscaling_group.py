"""`aws:autoscaling/group:Group`: the pool of nodes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import group_calls
from leanto.embedded.plugin.emulated import EmulatedResource, Problems, chosen
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.group_rules import duration_seconds, group_problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.translation import Translation

POLICY = Translation()
TEMPLATE = Translation(names=MappingProxyType({"id": "LaunchTemplateId", "name": "LaunchTemplateName"}))
PLAIN = MappingProxyType(
    {
        "desiredCapacity": "DesiredCapacity",
        "healthCheckGracePeriod": "HealthCheckGracePeriod",
        "healthCheckType": "HealthCheckType",
        "maxSize": "MaxSize",
        "minSize": "MinSize",
        "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
    }
)
"""Inputs that moto keeps and updates as they are."""
KEPT: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "capacityRebalance": ("CapacityRebalance", False),
        "defaultCooldown": ("DefaultCooldown", 300),
        "defaultInstanceWarmup": ("DefaultInstanceWarmup", 0),
        "maxInstanceLifetime": ("MaxInstanceLifetime", 0),
        "terminationPolicies": ("TerminationPolicies", ["Default"]),
    }
)
"""Inputs that moto drops or does not update, with what AWS has when they are not set."""
BLOCKS = MappingProxyType({"launchTemplate": TEMPLATE, "mixedInstancesPolicy": POLICY})
UNSET: Mapping[str, Any] = MappingProxyType(
    {key: unset for key, (_, unset) in KEPT.items()} | {"enabledMetrics": [], "suspendedProcesses": []}
)
"""What AWS shows where the program sets nothing."""


class Group(EmulatedResource):
    """An Auto Scaling group in subnets of a VPC. The official provider gives groups no default tags."""

    token = "aws:autoscaling/group:Group"
    replace_on = frozenset({"name"})
    computed = frozenset(
        {
            "arn", "availabilityZones", "defaultCooldown", "desiredCapacity", "healthCheckType", "launchConfiguration",
            "loadBalancers", "namePrefix", "predictedCapacity", "serviceLinkedRoleArn", "targetGroupArns",
            "trafficSources", "warmPoolSize",
        }
    )  # fmt: skip
    recomputed = MappingProxyType(
        {
            "availabilityZones": frozenset({"vpcZoneIdentifiers"}),
            "desiredCapacity": frozenset({"minSize", "maxSize"}),
        }
    )
    required = frozenset({"maxSize", "minSize", "vpcZoneIdentifiers"})
    auto_name = AutoName()
    defaults = MappingProxyType(
        {
            "forceDelete": False,
            "forceDeleteWarmPool": False,
            "healthCheckGracePeriod": 300,
            "ignoreFailedScalingActivities": False,
            "metricsGranularity": "1Minute",
            "protectFromScaleIn": False,
            "waitForCapacityTimeout": "10m",
        }
    )
    input_only = frozenset(
        {
            "forceDelete", "forceDeleteWarmPool", "ignoreFailedScalingActivities", "instanceRefresh",
            "waitForCapacityTimeout",
        }
    )  # fmt: skip
    accepts = input_only | {
        "enabledMetrics", "metricsGranularity", "name", "suspendedProcesses", "tags", "vpcZoneIdentifiers",
        *PLAIN, *KEPT, *BLOCKS,
    }  # fmt: skip
    side_stored = frozenset(KEPT)
    unordered = frozenset({"enabledMetrics", "suspendedProcesses", "tags", "vpcZoneIdentifiers"})

    def validate(self, inputs: Props) -> Problems:
        """Return what Auto Scaling or the box refuses."""
        return [*super().validate(inputs), *group_problems(inputs)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the group, then what hangs on it; moto would overwrite a group of the same name."""
        name, client = str(inputs["name"]), ctx.client("autoscaling")
        chosen(inputs, tuple(BLOCKS))
        if group_calls.describe(ctx, name) is not None:
            message = f"an AutoScalingGroup named {name!r} exists: choose another name, or leave it out"
            raise RefusedError("AlreadyExists", message)
        group_calls.refuse_unlaunchable(ctx, inputs)
        client.create_auto_scaling_group(
            AutoScalingGroupName=name,
            Tags=group_calls.tag_pairs(name, inputs.get("tags", [])),
            **_settings(inputs, frozenset(inputs)),
        )

        def undo() -> None:
            client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)

        with creating(name, undo=undo):
            self._keep_settings(ctx, name, inputs)
            group_calls.set_processes(ctx, name, set(), set(inputs.get("suspendedProcesses", ())))
            if inputs.get("enabledMetrics"):
                group_calls.set_metrics(ctx, name, inputs, set(inputs["enabledMetrics"]))
        with creating(name):
            group_calls.await_capacity(ctx, name, _patience(inputs), exactly=False)
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the group."""
        group = group_calls.describe(ctx, resource_id)
        if group is None:
            return None
        metrics = group.get("EnabledMetrics", [])
        shown = {key: group[api] for key, api in PLAIN.items() if api in group}
        settings = {key: group.get(api, unset) for key, (api, unset) in KEPT.items()} | self.kept(ctx, resource_id)
        settings["enabledMetrics"] = [metric["Metric"] for metric in metrics]
        settings["suspendedProcesses"] = [process["ProcessName"] for process in group["SuspendedProcesses"]]
        told = self.computed | inputs.keys()
        shown |= {key: value for key, value in settings.items() if key in told or value != UNSET[key]}
        for key, translation in BLOCKS.items():
            if _api(key) in group:
                shown[key] = _as_given(translation.from_api(group[_api(key)]), inputs.get(key) or {})
        if "mixedInstancesPolicy" in shown:
            # After a change to a mixed policy moto goes on showing the single template as well; AWS shows one.
            shown.pop("launchTemplate", None)
        return shown | {
            "arn": group["AutoScalingGroupARN"],
            "availabilityZones": group["AvailabilityZones"],
            "launchConfiguration": group.get("LaunchConfigurationName", ""),
            "loadBalancers": group["LoadBalancerNames"],
            "metricsGranularity": metrics[0]["Granularity"] if metrics else "1Minute",
            "name": group["AutoScalingGroupName"],
            "namePrefix": "",
            "predictedCapacity": 0,
            "serviceLinkedRoleArn": group["ServiceLinkedRoleARN"],
            "tags": _tags(group),
            "targetGroupArns": group["TargetGroupARNs"],
            "trafficSources": [],
            "vpcZoneIdentifiers": [one for one in group.get("VPCZoneIdentifier", "").split(",") if one],
            "warmPoolSize": 0,
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change settings, tags, processes and metrics, then replace instances when the program asks for it."""
        changed = frozenset(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        if changed & BLOCKS.keys():
            chosen(news, tuple(BLOCKS))
            group_calls.refuse_unlaunchable(ctx, news)
        settings = _settings(news, changed)
        if settings and not changed & BLOCKS.keys():
            # Plain moto forgets a mixed policy that a change of sizes does not repeat.
            settings |= _settings(news, frozenset(BLOCKS))
        if settings:
            ctx.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=resource_id, **settings)
        self._keep_settings(ctx, resource_id, news)
        group_calls.retag(ctx, resource_id, olds.get("tags", []), news.get("tags", []))
        before, after = (set(props.get("suspendedProcesses", ())) for props in (olds, news))
        group_calls.set_processes(ctx, resource_id, before, after)
        if changed & {"enabledMetrics", "metricsGranularity"}:
            group_calls.set_metrics(ctx, resource_id, news, set(news.get("enabledMetrics", ())))
        refresh = news.get("instanceRefresh")
        if refresh and changed & {*BLOCKS, *refresh.get("triggers", ())}:
            group_calls.replace_instances(ctx, resource_id)
        if changed & {"minSize", "desiredCapacity"}:
            group_calls.await_capacity(ctx, resource_id, _patience(news), exactly=True)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the group: drained first, or with its instances when `forceDelete` is set."""
        group = group_calls.describe(ctx, resource_id)
        if group is None:
            return
        force = bool(outputs.get("forceDelete"))
        if not force:
            group_calls.drain(ctx, group)
        with absent("ValidationError"):
            ctx.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=resource_id, ForceDelete=force)

    def _keep_settings(self, ctx: Context, name: str, inputs: Props) -> None:
        resets = {key: unset for key, (_, unset) in KEPT.items() if unset}
        self.keep(ctx, name, {**resets, "capacityRebalance": False, **inputs})


def _settings(inputs: Props, changed: frozenset[str]) -> Props:
    """Return those of the `changed` inputs that CreateAutoScalingGroup and UpdateAutoScalingGroup take."""
    settings = {api: inputs[key] for key, api in PLAIN.items() if key in changed and key in inputs}
    for key, (api, unset) in KEPT.items():
        if key in changed:
            settings[api] = inputs.get(key, unset)
    for key, translation in BLOCKS.items():
        if key in changed and inputs.get(key):
            settings[_api(key)] = translation.to_api(inputs[key])
    if "vpcZoneIdentifiers" in changed:
        settings["VPCZoneIdentifier"] = ",".join(inputs["vpcZoneIdentifiers"])
    return settings


def _api(key: str) -> str:
    return key[0].upper() + key[1:]


def _as_given(block: Props, given: Mapping[str, Any]) -> Props:
    """Return a block with its launch template named as the program names it: AWS shows id and name, and a version."""
    outer = block.get("launchTemplate")
    if outer is not None:
        wanted = (given.get("launchTemplate") or {}).get("launchTemplateSpecification") or {}
        specification = _as_given(outer["launchTemplateSpecification"], wanted)
        return {**block, "launchTemplate": {**outer, "launchTemplateSpecification": specification}}
    wanted = given or {"id", "launchTemplateId", "version"}
    return {key: value for key, value in block.items() if key in wanted}


def _patience(inputs: Props) -> float:
    return duration_seconds(str(inputs["waitForCapacityTimeout"])) or 0.0


def _tags(group: Props) -> list[Props]:
    tags = [
        {"key": tag["Key"], "value": tag["Value"], "propagateAtLaunch": tag["PropagateAtLaunch"]}
        for tag in group["Tags"]
        if not tag["Key"].startswith("aws:")
    ]
    return sorted(tags, key=lambda tag: str(tag["key"]))


RESOURCES: tuple[Resource, ...] = (Group(),)
