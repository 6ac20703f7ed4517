"""Samples of Secrets Manager."""

import json

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_kms import a_key

SECRET = "aws:secretsmanager/secret:Secret"


def _policy(world: World, action: str) -> str:
    principal = {"AWS": f"arn:aws:iam::{world.backend.account_id}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _secret(world: World) -> Props:
    return {
        "description": "key of the provider",
        "kmsKeyId": a_key(world),
        "policy": _policy(world, "secretsmanager:GetSecretValue"),
        "recoveryWindowInDays": 7,
        "tags": {"provider": "openai"},
    }


SAMPLES = (
    Sample(
        SECRET,
        _secret,
        update=lambda world: {
            "description": None,
            "policy": _policy(world, "secretsmanager:DescribeSecret"),
            "tags": {"stage": "dev"},
        },
        replace={"name": "other"},
        drift=lambda world, arn: world.client("secretsmanager").untag_resource(SecretId=arn, TagKeys=["owner"]),
        drifted=frozenset({"tagsAll"}),
    ),
    Sample(SECRET, lambda _: {"recoveryWindowInDays": 0}, variant="deleted-at-once", update={"description": "now"}),
)
