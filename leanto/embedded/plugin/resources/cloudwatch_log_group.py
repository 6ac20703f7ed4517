"""`aws:cloudwatch/logGroup:LogGroup`."""

import json
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource, Problems, one_of
from leanto.embedded.plugin.errors import RefusedError, absent, code_of, creating
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

MISSING = "ResourceNotFoundException"
FOR_EVER = 0
RETENTION_DAYS = (
    FOR_EVER, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What PutRetentionPolicy takes; 0 stands for no policy."""
CLASSES = ("DELIVERY", "INFREQUENT_ACCESS", "STANDARD")
NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


class LogGroup(EmulatedResource):
    """A log group. Moto drops its class, and cannot change the key of one that exists."""

    token = "aws:cloudwatch/logGroup:LogGroup"
    replace_on = frozenset({"logGroupClass", "name"})
    computed = frozenset({"arn", "logGroupClass", "namePrefix"})
    auto_name = AutoName()
    taggable = True
    defaults = MappingProxyType({"retentionInDays": FOR_EVER, "skipDestroy": False})
    accepts = frozenset({"kmsKeyId", "logGroupClass", "name", "retentionInDays", "skipDestroy", "tags"})
    fixed = MappingProxyType({"deletionProtectionEnabled": False})
    input_only = frozenset({"skipDestroy"})
    side_stored = frozenset({"kmsKeyId", "logGroupClass"})

    def validate(self, inputs: Props) -> Problems:
        """Return what CloudWatch Logs or the box refuses; moto takes any number of days."""
        problems = super().validate(inputs)
        problems += one_of(inputs, "retentionInDays", RETENTION_DAYS) + one_of(inputs, "logGroupClass", CLASSES)
        name = inputs.get("name")
        if name is not None and not NAME.fullmatch(name):
            problems.append(("name", f"is {name!r}, CloudWatch takes 1 to 512 letters, digits and . - _ / #"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the log group, then set its retention."""
        client, name = ctx.client("logs"), str(inputs["name"])
        _refuse_unusable_key(ctx, inputs)
        client.create_log_group(
            logGroupName=name,
            **({"tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {}),
            **({"kmsKeyId": inputs["kmsKeyId"]} if inputs.get("kmsKeyId") else {}),
        )
        with creating(name, undo=lambda: client.delete_log_group(logGroupName=name)):
            self.keep(ctx, name, {"kmsKeyId": "", **inputs})
            _set_retention(ctx, name, inputs["retentionInDays"])
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the log group."""
        del inputs
        group = _group(ctx, resource_id)
        if group is None:
            return None
        kept = self.kept(ctx, resource_id)
        arn = _arn(ctx, resource_id)
        return {
            "arn": arn,
            "kmsKeyId": kept.get("kmsKeyId", group.get("kmsKeyId")) or None,
            "logGroupClass": kept.get("logGroupClass", group.get("logGroupClass", "STANDARD")),
            "name": group["logGroupName"],
            "namePrefix": "",
            "retentionInDays": group.get("retentionInDays", FOR_EVER),
            "tagsAll": tags.as_map(
                {"Key": key, "Value": value}
                for key, value in ctx.client("logs").list_tags_for_resource(resourceArn=arn)["tags"].items()
            ),
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change retention, key and tags."""
        client = ctx.client("logs")
        if olds.get("kmsKeyId") != news.get("kmsKeyId"):
            _refuse_unusable_key(ctx, news)
        self.keep(ctx, resource_id, {"kmsKeyId": "", **news})
        if olds.get("retentionInDays") != news["retentionInDays"]:
            _set_retention(ctx, resource_id, news["retentionInDays"])
        removed, added = tags.changes(olds, news)
        if removed:
            client.untag_resource(resourceArn=_arn(ctx, resource_id), tagKeys=removed)
        if added:
            client.tag_resource(resourceArn=_arn(ctx, resource_id), tags=added)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the log group with its logs, unless the program said to leave it."""
        if outputs.get("skipDestroy"):
            return
        with absent(MISSING):
            ctx.client("logs").delete_log_group(logGroupName=resource_id)


def _arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account_id}:log-group:{name}"


def _group(ctx: Context, name: str) -> Props | None:
    groups: list[Props] = ctx.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return next((group for group in groups if group["logGroupName"] == name), None)


def _set_retention(ctx: Context, name: str, days: int) -> None:
    client = ctx.client("logs")
    if days == FOR_EVER:
        client.delete_retention_policy(logGroupName=name)
    else:
        client.put_retention_policy(logGroupName=name, retentionInDays=days)


def _refuse_unusable_key(ctx: Context, inputs: Props) -> None:
    """Raise what CloudWatch Logs raises when the key is missing or its policy does not let it in; moto asks nobody."""
    key_id = inputs.get("kmsKeyId")
    if not key_id:
        return
    message = f"The specified KMS key does not exist or is not allowed to be used with {_arn(ctx, inputs['name'])}"
    try:
        policy = json.loads(ctx.client("kms").get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    except Exception as error:
        if code_of(error) != "NotFoundException":
            raise
        raise RefusedError("InvalidParameterException", f"{message}: {key_id} does not exist") from error
    wanted = {f"logs.{ctx.region}.amazonaws.com", "logs.amazonaws.com"}
    if not wanted & set(_allowed_services(policy)):
        reason = f"its key policy allows nothing to logs.{ctx.region}.amazonaws.com"
        raise RefusedError("InvalidParameterException", f"{message}: {reason}")


def _allowed_services(policy: dict[str, Any]) -> Iterator[str]:
    for statement in _listed(policy["Statement"]):
        principal = statement.get("Principal")
        if statement.get("Effect") == "Allow" and isinstance(principal, dict):
            yield from _listed(principal.get("Service", []))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


RESOURCES: tuple[Resource, ...] = (LogGroup(),)
