"""Samples of KMS."""

import json

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


def a_key(world: World) -> str:
    """Make a key to stand on; return its ARN."""
    return str(world.make(KEY, "basis")["arn"])


def key_policy(world: World, action: str) -> str:
    """Return a policy that gives the account the key, and one service an action."""
    root = f"arn:aws:iam::{world.backend.account_id}:root"
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": action, "Resource": "*"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _key(world: World) -> Props:
    return {
        "deletionWindowInDays": 7,
        "description": "logs",
        "enableKeyRotation": True,
        "policy": key_policy(world, "kms:Encrypt"),
        "rotationPeriodInDays": 180,
        "tags": {"data": "logs"},
    }


def _point_elsewhere(world: World, alias_id: str) -> None:
    world.client("kms").update_alias(AliasName=alias_id, TargetKeyId=a_key(world))


SAMPLES = (
    Sample(
        KEY,
        _key,
        update=lambda world: {
            "description": None,
            "policy": key_policy(world, "kms:Decrypt"),
            "rotationPeriodInDays": 365,
            "tags": {"stage": "dev"},
        },
        replace={"customerMasterKeySpec": "RSA_2048", "keyUsage": "SIGN_VERIFY", "multiRegion": True},
        drift=lambda world, key: world.client("kms").disable_key_rotation(KeyId=key),
        drifted=frozenset({"enableKeyRotation"}),
    ),
    Sample(
        KEY,
        lambda _: {},
        variant="defaults",
        update={"enableKeyRotation": True, "isEnabled": False},
        drift=lambda world, key: world.client("kms").tag_resource(
            KeyId=key, Tags=[{"TagKey": "owner", "TagValue": "somebody"}]
        ),
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(
        ALIAS,
        lambda world: {"targetKeyId": a_key(world)},
        update=lambda world: {"targetKeyId": world.make(KEY, "other")["keyId"]},
        replace={"name": "alias/other"},
        drift=_point_elsewhere,
        drifted=frozenset({"targetKeyId"}),
    ),
)
