"""KMS: keys and aliases."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource


class Alias(Resource):
    """An alias of a key."""

    token = "aws:kms/alias:Alias"
    auto_name = AutoName(prefix="alias/")
    replace_on = frozenset({"name"})
    computed = frozenset({"arn", "targetKeyArn"})
    recomputed = MappingProxyType({"targetKeyArn": frozenset({"targetKeyId"})})
    required = frozenset({"targetKeyId"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the alias; its id is its name."""
        ctx.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the alias with the key it points to."""
        found = _find_alias(ctx, resource_id)
        if found is None:
            return None
        key = ctx.client("kms").describe_key(KeyId=found["TargetKeyId"])["KeyMetadata"]
        given = inputs.get("targetKeyId")
        return {
            "name": found["AliasName"],
            "arn": found["AliasArn"],
            "targetKeyArn": key["Arn"],
            "targetKeyId": given if given in {key["KeyId"], key["Arn"]} else key["KeyId"],
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Point the alias at another key."""
        del olds
        ctx.client("kms").update_alias(AliasName=resource_id, TargetKeyId=news["targetKeyId"])

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the alias; the key stays."""
        del outputs
        with absent("NotFoundException"):
            ctx.client("kms").delete_alias(AliasName=resource_id)


def _find_alias(ctx: Context, name: str) -> dict[str, Any] | None:
    for page in ctx.client("kms").get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name and "TargetKeyId" in alias:
                return dict(alias)
    return None


RESOURCES: tuple[Resource, ...] = (Alias(),)
