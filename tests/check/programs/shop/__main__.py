"""A shop as many teams have one: types that the box does not know, functions that only the cloud can answer."""

import ipaddress
import json

import pulumi
import pulumi_aws as aws

network = aws.ec2.get_vpc(default=True)
first = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [network.id]}]).ids[0]
image = aws.ec2.get_ami(most_recent=True, owners=["amazon"])
half = next(iter(ipaddress.ip_network(network.cidr_block).subnets()))

orders = aws.sqs.Queue("orders", tags={"team": "shop"})
ireland = aws.Provider("ireland", region="eu-west-1", default_tags={"tags": {"team": "europe"}})
aws.sqs.Queue("returns", opts=pulumi.ResourceOptions(provider=ireland, protect=True))
aws.s3.Bucket("pictures", opts=pulumi.ResourceOptions(provider=ireland))

aws.ec2.Instance(
    "till", ami=image.id, instance_type="t3.micro", subnet_id=first, user_data=f"#!/bin/sh\n# {image.name}"
)
aws.ec2.SecurityGroup(
    "till",
    ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [str(half)]}],
    description="the till",
)

copy = aws.ebs.get_snapshot(most_recent=True)
aws.ebs.Volume("shelf", availability_zone="a", size=copy.volume_size, encrypted=copy.encrypted, tags=copy.tags)
rows = image.block_device_mappings
aws.ec2.LaunchTemplate("till", block_device_mappings=[{"device_name": row.device_name, "ebs": row.ebs} for row in rows])

sending = aws.iam.get_policy_document_output(statements=[{"actions": ["sqs:SendMessage"], "resources": [orders.arn]}])
aws.iam.Policy("sending", policy=sending.json)
aws.iam.Policy("reading", policy=json.dumps({"Statement": [{"Effect": "Allow", "Resource": network.arn}]}))

pulumi.export("queue", orders.arn)
pulumi.export("picture", image.image_location)
