"""Which AWS resource types cost by use, and how much use adds."""

from collections.abc import Mapping
from types import MappingProxyType

from catalog import functions, stores, traffic
from catalog.view import Charges

USED: Mapping[str, str] = MappingProxyType(
    {
        "aws:apigateway/restApi:RestApi": "requests",
        "aws:apigatewayv2/api:Api": "requests",
        "aws:cloudwatch/logGroup:LogGroup": "log data taken in and kept",
        "aws:dynamodb/table:Table": "reads, writes, stored data and its recovery copies",
        "aws:ec2/flowLog:FlowLog": "log data taken in and kept",
        "aws:ecr/repository:Repository": "stored data",
        "aws:lambda/function:Function": "requests and run time",
        "aws:s3/bucket:Bucket": "stored data and requests",
        "aws:s3/bucketObjectv2:BucketObjectv2": "stored data",
        "aws:scheduler/schedule:Schedule": "invocations",
        "aws:sns/topic:Topic": "messages",
        "aws:sqs/queue:Queue": "messages",
    }
)
"""Types that cost only with use, each with what is paid for."""

USAGE: Mapping[str, Charges] = MappingProxyType(
    {
        "aws:apigateway/restApi:RestApi": traffic.rest_api,
        "aws:apigatewayv2/api:Api": traffic.http_api,
        "aws:cloudwatch/logGroup:LogGroup": traffic.log_group,
        "aws:dynamodb/table:Table": stores.table,
        "aws:ec2/flowLog:FlowLog": stores.flow_log,
        "aws:ec2/natGateway:NatGateway": stores.nat_gateway,
        "aws:ec2/vpcEndpoint:VpcEndpoint": stores.endpoint,
        "aws:ecr/repository:Repository": stores.repository,
        "aws:kms/key:Key": stores.requests_to("kms.requests"),
        "aws:lambda/function:Function": functions.function,
        "aws:lb/loadBalancer:LoadBalancer": stores.load_balancer,
        "aws:s3/bucket:Bucket": stores.bucket,
        "aws:s3/bucketObjectv2:BucketObjectv2": stores.of_a_bucket,
        "aws:scheduler/schedule:Schedule": stores.schedule,
        "aws:secretsmanager/secret:Secret": stores.requests_to("secretsmanager.requests"),
        "aws:sns/topic:Topic": stores.topic,
        "aws:sqs/queue:Queue": stores.queue,
        "aws:wafv2/webAcl:WebAcl": stores.firewall,
    }
)
"""What use adds, for those types and for some that cost by existing as well."""
