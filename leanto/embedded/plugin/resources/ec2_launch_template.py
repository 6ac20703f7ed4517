"""`aws:ec2/launchTemplate:LaunchTemplate`: what a node is made of, in numbered versions."""

from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import Ec2Resource, described
from leanto.embedded.plugin.emulated import Problems
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.launch_template_rules import launch_template_problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.translation import Translation

LATEST = "$Latest"
GONE = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException")
DATA = Translation(
    names=MappingProxyType(
        {
            "securityGroupNames": "SecurityGroups",
            "securityGroups": "Groups",
            "vpcSecurityGroupIds": "SecurityGroupIds",
        }
    ),
    truth_texts=frozenset(
        {
            "associateCarrierIpAddress", "associatePublicIpAddress", "deleteOnTermination", "ebsOptimized", "encrypted",
            "primaryIpv6",
        }
    ),
    tag_maps=frozenset({"tags"}),
)  # fmt: skip
DATA_INPUTS = frozenset(
    {
        "blockDeviceMappings", "capacityReservationSpecification", "cpuOptions", "creditSpecification",
        "disableApiStop", "disableApiTermination", "ebsOptimized", "enclaveOptions", "hibernationOptions",
        "iamInstanceProfile", "imageId", "instanceInitiatedShutdownBehavior", "instanceMarketOptions", "instanceType",
        "kernelId", "keyName", "maintenanceOptions", "metadataOptions", "monitoring", "networkInterfaces", "placement",
        "privateDnsNameOptions", "ramDiskId", "tagSpecifications", "userData", "vpcSecurityGroupIds",
    }
)  # fmt: skip
VERSIONED = DATA_INPUTS | {"description"}
"""Inputs whose change makes a new version."""


class LaunchTemplate(Ec2Resource):
    """A launch template. Old versions stay: nothing of the program removes them, in AWS as here."""

    token = "aws:ec2/launchTemplate:LaunchTemplate"
    kind = "launch-template"
    replace_on = frozenset({"name"})
    computed = frozenset({"arn", "defaultVersion", "latestVersion", "namePrefix"})
    recomputed = MappingProxyType(
        {
            "defaultVersion": VERSIONED | {"updateDefaultVersion"},
            "latestVersion": VERSIONED,
        }
    )
    auto_name = AutoName(max_length=128)
    accepts = VERSIONED | {"defaultVersion", "name", "tags", "updateDefaultVersion"}
    input_only = frozenset({"updateDefaultVersion"})
    unordered = frozenset({"vpcSecurityGroupIds"})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses."""
        return [*super().validate(inputs), *launch_template_problems(inputs)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the template with its first version."""
        made = ctx.client("ec2").create_launch_template(
            LaunchTemplateName=inputs["name"],
            LaunchTemplateData=_data(inputs),
            TagSpecifications=self.tag_specifications(inputs),
            **_description(inputs),
        )
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the template with the data of its latest version."""
        del inputs
        template = _template(ctx, resource_id)
        if template is None:
            return None
        version = ctx.client("ec2").describe_launch_template_versions(LaunchTemplateId=resource_id, Versions=[LATEST])
        latest = version["LaunchTemplateVersions"][0]
        data = dict(latest["LaunchTemplateData"])
        # Moto puts the tags of the template itself among those of the instances.
        specifications = [one for one in data.pop("TagSpecifications", []) if one["ResourceType"] != self.kind]
        if specifications:
            data["TagSpecifications"] = specifications
        shown: Props = DATA.from_api(data)
        return shown | {
            "arn": self.arn(ctx, resource_id),
            "defaultVersion": template["DefaultVersionNumber"],
            "description": latest.get("VersionDescription"),
            "latestVersion": template["LatestVersionNumber"],
            "name": template["LaunchTemplateName"],
            "namePrefix": "",
            "tagsAll": tags.as_map(_tags(ctx, resource_id)),
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Add a version when what it holds has changed, set the default version, and change the tags."""
        client = ctx.client("ec2")
        default = news.get("defaultVersion") if olds.get("defaultVersion") != news.get("defaultVersion") else None
        if any(olds.get(key) != news.get(key) for key in VERSIONED):
            client.create_launch_template_version(
                LaunchTemplateId=resource_id, LaunchTemplateData=_data(news), **_description(news)
            )
        if news.get("updateDefaultVersion"):
            template = _template(ctx, resource_id)
            default = template["LatestVersionNumber"] if template else None
        if default is not None:
            client.modify_launch_template(LaunchTemplateId=resource_id, DefaultVersion=str(default))
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the template with all its versions."""
        del outputs
        with absent(*GONE):
            ctx.client("ec2").delete_launch_template(LaunchTemplateId=resource_id)


def _template(ctx: Context, template_id: str) -> Props | None:
    return described(ctx, "describe_launch_templates", "LaunchTemplates", GONE[0], LaunchTemplateIds=[template_id])


def _tags(ctx: Context, template_id: str) -> list[dict[str, str]]:
    # DescribeLaunchTemplates of moto goes on showing the tags of the creation.
    found = ctx.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [template_id]}])["Tags"]
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in found]


def _data(inputs: Props) -> Props:
    data: Props = DATA.to_api({key: value for key, value in inputs.items() if key in DATA_INPUTS})
    return data


def _description(inputs: Props) -> Props:
    return {"VersionDescription": inputs["description"]} if inputs.get("description") else {}


RESOURCES: tuple[Resource, ...] = (LaunchTemplate(),)
