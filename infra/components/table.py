"""The stack's table: keys, limits, budgets, the stop flag, the pool's nodes."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import Caution
from infra.naming import Names

EXPIRES = "expires"
"""The attribute with the time in epoch seconds after which DynamoDB deletes an item."""


@dataclass(frozen=True)
class TableArgs:
    """Settings of the table; units are read and write units a second."""

    names: Names
    caution: Caution
    key_arn: pulumi.Input[str]
    maximum_read_units: int
    maximum_write_units: int


class Table(pulumi.ComponentResource):
    """A DynamoDB table, paid by use up to a bound, encrypted with the stack's key and recoverable to any second."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Table", name, None, opts)
        table = aws.dynamodb.Table(
            name,
            name=args.names.table,
            attributes=[
                aws.dynamodb.TableAttributeArgs(name="pk", type="S"),
                aws.dynamodb.TableAttributeArgs(name="sk", type="S"),
            ],
            hash_key="pk",
            range_key="sk",
            billing_mode="PAY_PER_REQUEST",
            on_demand_throughput=aws.dynamodb.TableOnDemandThroughputArgs(
                max_read_request_units=args.maximum_read_units, max_write_request_units=args.maximum_write_units
            ),
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=args.key_arn),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            # Nodes write when they are forgotten; nothing else has this attribute, and items about money never end so.
            ttl=aws.dynamodb.TableTtlArgs(attribute_name=EXPIRES, enabled=True),
            deletion_protection_enabled=args.caution.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.caution.protect),
        )
        self.name = table.name
        self.register_outputs({"name": self.name})
