"""The stack's KMS keys: one for its data, one for the GPU pool. Of the first a node has only what DynamoDB needs."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import KEY_ROTATION_DAYS, Caution
from infra.key_policies import data_key_policy, pool_key_policy
from infra.naming import Names


@dataclass(frozen=True)
class KeysArgs:
    """Settings of the keys."""

    names: Names
    caution: Caution
    has_pool: bool


class Keys(pulumi.ComponentResource):
    """Two customer-managed keys with rotation, scoped policies and an alias each; the second only with a pool."""

    data_arn: pulumi.Output[str]
    pool_arn: pulumi.Output[str] | None

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Keys", name, None, opts)
        data = "table, secrets, bundles, logs, topics and functions' variables"
        self.data_arn = self._key(f"{name}-data", args, data, data_key_policy(args.names))
        self.pool_arn = None
        if args.has_pool:
            policy = pool_key_policy(args.names, record_flows=args.caution.record_flows)
            self.pool_arn = self._key(f"{name}-pool", args, "the GPU nodes' volumes and the pool's bucket", policy)
        self.register_outputs({"dataArn": self.data_arn, "poolArn": self.pool_arn})

    def _key(self, name: str, args: KeysArgs, purpose: str, policy: dict[str, object]) -> pulumi.Output[str]:
        key = aws.kms.Key(
            name,
            description=f"{args.names.prefix}: {purpose}",
            policy=pulumi.Output.json_dumps(policy),
            enable_key_rotation=True,
            rotation_period_in_days=KEY_ROTATION_DAYS,
            deletion_window_in_days=args.caution.key_deletion_window_days,
            opts=pulumi.ResourceOptions(parent=self, protect=args.caution.protect),
        )
        aws.kms.Alias(
            f"{name}-alias", name=f"alias/{name}", target_key_id=key.key_id, opts=pulumi.ResourceOptions(parent=self)
        )
        return key.arn
