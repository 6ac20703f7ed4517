"""`aws:ec2/flowLog:FlowLog` to S3: who talked to whom in a VPC."""

from types import MappingProxyType

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import Ec2Resource, described
from leanto.embedded.plugin.emulated import Problems, at_most_one, chosen, one_of
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props, Resource

SOURCES = MappingProxyType({"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"})
SOURCE_PREFIXES = MappingProxyType({"vpc": "vpcId", "subnet": "subnetId", "eni": "eniId"})
DESTINATION_DEFAULTS = MappingProxyType(
    {"fileFormat": "plain-text", "hiveCompatiblePartitions": False, "perHourPartition": False}
)


class FlowLog(Ec2Resource):
    """A flow log. Moto knows bare bucket ARNs only and no destination options; both are kept beside it."""

    token = "aws:ec2/flowLog:FlowLog"
    kind = "vpc-flow-log"
    replace_on = frozenset(
        {
            "destinationOptions", "eniId", "logDestination", "logDestinationType", "logFormat",
            "maxAggregationInterval", "subnetId", "trafficType", "vpcId",
        }
    )  # fmt: skip
    computed = frozenset({"arn", "logFormat"})
    required = frozenset({"logDestination", "trafficType"})
    defaults = MappingProxyType({"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600})
    accepts = frozenset(
        {
            "destinationOptions", "eniId", "logDestination", "logFormat", "maxAggregationInterval", "subnetId", "tags",
            "trafficType", "vpcId",
        }
    )  # fmt: skip
    fixed = MappingProxyType({"logDestinationType": "s3"})
    side_stored = frozenset({"destinationOptions", "logDestination"})
    computed_fields = frozenset(f"destinationOptions.{key}" for key in DESTINATION_DEFAULTS)

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses."""
        return [
            *super().validate(inputs),
            *at_most_one(inputs, tuple(SOURCES)),
            *one_of(inputs, "trafficType", ("ACCEPT", "ALL", "REJECT")),
            *one_of(inputs, "maxAggregationInterval", (60, 600)),
        ]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the flow log; a refusal comes as an item of the answer, not as an error."""
        source = chosen(inputs, tuple(SOURCES))
        made = ctx.client("ec2").create_flow_logs(
            ResourceIds=[inputs[source]],
            ResourceType=SOURCES[source],
            TrafficType=inputs["trafficType"],
            LogDestinationType=inputs["logDestinationType"],
            LogDestination=_bucket_arn(inputs["logDestination"]),
            MaxAggregationInterval=inputs["maxAggregationInterval"],
            TagSpecifications=self.tag_specifications(inputs),
            **({"LogFormat": inputs["logFormat"]} if "logFormat" in inputs else {}),
        )
        if made.get("Unsuccessful"):
            error = made["Unsuccessful"][0]["Error"]
            raise RefusedError(str(error["Code"]), str(error["Message"]))
        flow_log_id = str(made["FlowLogIds"][0])
        self.keep(ctx, flow_log_id, inputs)
        return flow_log_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the flow log."""
        del inputs
        found = described(ctx, "describe_flow_logs", "FlowLogs", "", FlowLogIds=[resource_id])
        if found is None:
            return None
        kept = self.kept(ctx, resource_id)
        destination = found["LogDestination"]
        if _bucket_arn(str(kept.get("logDestination", ""))) == destination:
            destination = kept["logDestination"]
        return {
            "arn": self.arn(ctx, resource_id),
            "destinationOptions": {**DESTINATION_DEFAULTS, **kept.get("destinationOptions", {})},
            "logDestination": destination,
            "logDestinationType": found["LogDestinationType"],
            "logFormat": found["LogFormat"],
            "maxAggregationInterval": found["MaxAggregationInterval"],
            SOURCE_PREFIXES[found["ResourceId"].partition("-")[0]]: found["ResourceId"],
            "tagsAll": tags.as_map(found.get("Tags")),
            "trafficType": found["TrafficType"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the tags; everything else replaces the flow log."""
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the flow log; what it wrote stays in the bucket."""
        del outputs
        with absent("InvalidFlowLogId.NotFound"):
            ctx.client("ec2").delete_flow_logs(FlowLogIds=[resource_id])


def _bucket_arn(destination: str) -> str:
    """Return the ARN of the bucket alone: moto takes what follows it for a part of the bucket's name."""
    return destination.partition("/")[0]


RESOURCES: tuple[Resource, ...] = (FlowLog(),)
