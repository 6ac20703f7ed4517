"""Samples of KMS."""

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

ALIAS = "aws:kms/alias:Alias"


def _a_key(world: World) -> str:
    return str(world.client("kms").create_key()["KeyMetadata"]["KeyId"])


def _alias(world: World) -> Props:
    return {"targetKeyId": _a_key(world)}


def _point_elsewhere(world: World, alias_id: str) -> None:
    world.client("kms").update_alias(AliasName=alias_id, TargetKeyId=_a_key(world))


SAMPLES = (
    Sample(
        ALIAS,
        _alias,
        update=lambda world: {"targetKeyId": _a_key(world)},
        replace={"name": "alias/other"},
        drift=_point_elsewhere,
        drifted=frozenset({"targetKeyId"}),
    ),
)
