"""The GPU pool: an Auto Scaling group that starts at zero nodes, and what a node is made of."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.bundles import Bundle
from infra.components.private_bucket import PrivateBucket
from infra.defaults import HEALTH_CHECK_GRACE_SECONDS, NODE_ROOT_DEVICE, NODE_ROOT_VOLUME_GIB
from infra.grants import node_grants
from infra.naming import Names
from infra.node import node_values, user_data
from infra.objects import agent_key
from infra.permissions import document, trust
from infra.serving import Serving

SUSPENDED = ("AZRebalance", "ReplaceUnhealthy")
"""What Auto Scaling leaves alone: which node ends is decided where it is known what a node does."""

METRICS = (
    aws.autoscaling.Metric.GROUP_DESIRED_CAPACITY,
    aws.autoscaling.Metric.GROUP_IN_SERVICE_INSTANCES,
    aws.autoscaling.Metric.GROUP_TOTAL_INSTANCES,
)


@dataclass(frozen=True)
class PoolArgs:
    """Settings of the pool; `tags` are put on the group, its instances and their volumes.

    `engine_archive_sha256` is of the archive that nodes load the engine from, made of `engine_image`.
    """

    names: Names
    subnet_ids: list[pulumi.Output[str]]
    security_group_id: pulumi.Input[str]
    bucket: PrivateBucket
    data_key_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    agent: Bundle
    serving: Serving
    engine_image: str
    engine_archive_sha256: str
    ami_id: str
    instance_types: tuple[str, ...]
    maximum_nodes: int
    spot: bool
    tags: Mapping[str, str]


class Pool(pulumi.ComponentResource):
    """A group of zero to `maximum_nodes` GPU nodes, each private, encrypted, and gone once it shuts down."""

    group_name: pulumi.Output[str]

    def __init__(self, name: str, args: PoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Pool", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        agent = self._agent()
        profile, policy = self._instance_profile()
        # A node that starts before it may read its agent, or before there is one, would end at once.
        self.group_name = self._group(self._template(profile), [agent, policy]).name
        self.register_outputs({"groupName": self.group_name})

    def _agent(self) -> aws.s3.BucketObjectv2:
        """Put the node agent where nodes fetch it, under a key that names its hash: it never changes for a node."""
        args = self._args
        return aws.s3.BucketObjectv2(
            f"{self._name}-agent",
            bucket=args.bucket.name,
            key=agent_key(args.agent.sha256),
            source=pulumi.FileAsset(str(args.agent.path)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.bucket.settings)),
        )

    def _instance_profile(self) -> tuple[aws.iam.InstanceProfile, aws.iam.RolePolicy]:
        args = self._args
        role = aws.iam.Role(
            f"{self._name}-node-role",
            assume_role_policy=pulumi.Output.json_dumps(trust("ec2.amazonaws.com")),
            description=f"{args.names.prefix}: what a GPU node may do",
            opts=self._child,
        )
        grants = node_grants(args.names, args.data_key_arn, args.key_arn, args.bucket.arn)
        policy = aws.iam.RolePolicy(
            f"{self._name}-node-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(document(*(grant.statement() for grant in grants))),
            opts=self._child,
        )
        return aws.iam.InstanceProfile(f"{self._name}-node", role=role.name, opts=self._child), policy

    def _template(self, profile: aws.iam.InstanceProfile) -> aws.ec2.LaunchTemplate:
        args = self._args
        return aws.ec2.LaunchTemplate(
            f"{self._name}-node",
            image_id=args.ami_id,
            update_default_version=True,
            instance_initiated_shutdown_behavior="terminate",
            iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(arn=profile.arn),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            network_interfaces=[
                aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                    device_index=0,
                    associate_public_ip_address="false",
                    delete_on_termination="true",
                    security_groups=[args.security_group_id],
                )
            ],
            block_device_mappings=[_root_volume(args.key_arn)],
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=dict(args.tags))
                for kind in ("instance", "volume")
            ],
            user_data=args.bucket.name.apply(self._user_data),
            opts=self._child,
        )

    def _user_data(self, bucket: str) -> str:
        """Return the boot script: whatever a node is to run by another pin is another version of the template."""
        args = self._args
        values = node_values(
            args.names, args.serving, bucket, args.agent.sha256, args.engine_image, args.engine_archive_sha256
        )
        return base64.b64encode(user_data(values).encode()).decode()

    def _group(self, template: aws.ec2.LaunchTemplate, needed: list[pulumi.Resource]) -> aws.autoscaling.Group:
        args = self._args
        return aws.autoscaling.Group(
            f"{self._name}-group",
            name=args.names.group,
            # No desired capacity: whoever starts nodes owns it, and a deployment leaves it alone.
            min_size=0,
            max_size=args.maximum_nodes,
            vpc_zone_identifiers=args.subnet_ids,
            mixed_instances_policy=_mixed_instances(template, args.instance_types, spot=args.spot),
            capacity_rebalance=args.spot,
            health_check_type="EC2",
            health_check_grace_period=HEALTH_CHECK_GRACE_SECONDS,
            suspended_processes=list(SUSPENDED),
            wait_for_capacity_timeout="0",
            metrics_granularity="1Minute",
            enabled_metrics=list(METRICS),
            tags=[
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in args.tags.items()
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=needed),
        )


def _root_volume(key_arn: pulumi.Input[str]) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=NODE_ROOT_DEVICE,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=NODE_ROOT_VOLUME_GIB,
            encrypted="true",
            kms_key_id=key_arn,
            delete_on_termination="true",
        ),
    )


def _mixed_instances(
    template: aws.ec2.LaunchTemplate, instance_types: tuple[str, ...], *, spot: bool
) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
    """Return which instances to start: on demand in the given order, or spot where it is cheap and lasts longest."""
    return aws.autoscaling.GroupMixedInstancesPolicyArgs(
        instances_distribution=aws.autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
            on_demand_allocation_strategy="prioritized",
            on_demand_base_capacity=0,
            on_demand_percentage_above_base_capacity=0 if spot else 100,
            spot_allocation_strategy="price-capacity-optimized",
        ),
        launch_template=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
            launch_template_specification=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
                launch_template_id=template.id,
                # The number, not "$Latest": only so does a new version show up as a change of the group.
                version=template.latest_version.apply(lambda version: str(int(version))),
            ),
            overrides=[
                aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs(instance_type=kind)
                for kind in instance_types
            ],
        ),
    )
