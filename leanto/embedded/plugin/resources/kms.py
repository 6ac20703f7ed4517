"""KMS: keys and aliases."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource, one_of
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.policy_documents import canonical, problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = "NotFoundException"
SCHEDULED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
WINDOW_DAYS = (7, 30)
ROTATION_DAYS = (90, 2560)
ROTATION_DEFAULT_DAYS = 365
ADMINISTRATION = frozenset({"*", "kms:*", "kms:Put*", "kms:PutKeyPolicy"})


class Key(EmulatedResource):
    """A key. Deleting it schedules its deletion; from then on it counts as gone."""

    token = "aws:kms/key:Key"
    taggable = True
    accepts = frozenset(
        {
            "bypassPolicyLockoutSafetyCheck", "customerMasterKeySpec", "deletionWindowInDays", "description",
            "enableKeyRotation", "isEnabled", "keyUsage", "multiRegion", "policy", "rotationPeriodInDays", "tags",
        }
    )  # fmt: skip
    defaults = MappingProxyType(
        {
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        }
    )
    input_only = frozenset({"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"})
    json_documents = frozenset({"policy"})
    replace_on = frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion"})
    computed = frozenset(
        {"arn", "customKeyStoreId", "keyId", "multiRegion", "policy", "rotationPeriodInDays", "xksKeyId"}
    )
    recomputed = MappingProxyType({"rotationPeriodInDays": frozenset({"enableKeyRotation"})})
    side_stored = frozenset({"rotationPeriodInDays"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what KMS refuses: windows, rotation periods, uses, policies."""
        found = super().validate(inputs)
        for key, (low, high) in {"deletionWindowInDays": WINDOW_DAYS, "rotationPeriodInDays": ROTATION_DAYS}.items():
            if outside(inputs.get(key), low, high):
                found.append((key, f"is {inputs[key]} days, KMS allows {low} to {high}"))
        if "rotationPeriodInDays" in inputs and inputs.get("enableKeyRotation") is False:
            found.append(("rotationPeriodInDays", "is set, but enableKeyRotation is false: set it to true"))
        found += one_of(inputs, "keyUsage", ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"))
        return found + [("policy", p) for p in problems(inputs.get("policy"), attached_to_resource=True)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the key; its id is AWS's."""
        _require_administrator(ctx, inputs)
        optional = {"description": "Description", "multiRegion": "MultiRegion", "policy": "Policy"}
        made = ctx.client("kms").create_key(
            KeySpec=inputs["customerMasterKeySpec"],
            KeyUsage=inputs["keyUsage"],
            BypassPolicyLockoutSafetyCheck=inputs["bypassPolicyLockoutSafetyCheck"],
            Tags=tags.as_list(inputs["tagsAll"], "TagKey", "TagValue"),
            **{api: inputs[key] for key, api in optional.items() if key in inputs},
        )
        key_id = str(made["KeyMetadata"]["KeyId"])
        with creating(key_id):
            if inputs["enableKeyRotation"]:
                self._rotate(ctx, key_id, inputs)
            if not inputs["isEnabled"]:
                ctx.client("kms").disable_key(KeyId=key_id)
        return key_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the key, or None when it is gone or about to go."""
        del inputs
        kms = ctx.client("kms")
        with absent(GONE):
            found = kms.describe_key(KeyId=resource_id)["KeyMetadata"]
            if found["KeyState"] in SCHEDULED:
                return None
            rotates = bool(kms.get_key_rotation_status(KeyId=resource_id)["KeyRotationEnabled"])
            period = self.kept(ctx, resource_id).get("rotationPeriodInDays", ROTATION_DEFAULT_DAYS)
            pairs = kms.list_resource_tags(KeyId=resource_id)["Tags"]
            return {
                "arn": found["Arn"],
                "customKeyStoreId": found.get("CustomKeyStoreId", ""),
                "customerMasterKeySpec": found["KeySpec"],
                "description": found.get("Description") or None,
                "enableKeyRotation": rotates,
                "isEnabled": found["Enabled"],
                "keyId": found["KeyId"],
                "keyUsage": found["KeyUsage"],
                "multiRegion": found.get("MultiRegion", False),
                "policy": canonical(kms.get_key_policy(KeyId=resource_id, PolicyName="default")["Policy"]),
                "rotationPeriodInDays": period if rotates else 0,
                "tagsAll": tags.as_map(pairs, "TagKey", "TagValue"),
                "xksKeyId": "",
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change what may change in place: enabled first and disabled last, as a disabled key refuses changes."""
        kms = ctx.client("kms")
        _require_administrator(ctx, news)
        if news["isEnabled"]:
            kms.enable_key(KeyId=resource_id)
        kms.update_key_description(KeyId=resource_id, Description=news.get("description", ""))
        if "policy" in news:
            kms.put_key_policy(KeyId=resource_id, PolicyName="default", Policy=news["policy"])
        if news["enableKeyRotation"]:
            self._rotate(ctx, resource_id, news)
        elif olds.get("enableKeyRotation"):
            kms.disable_key_rotation(KeyId=resource_id)
            ctx.side.delete(self.token, resource_id)
        removed, added = tags.changes(olds, news)
        if removed:
            kms.untag_resource(KeyId=resource_id, TagKeys=removed)
        if added:
            kms.tag_resource(KeyId=resource_id, Tags=tags.as_list(added, "TagKey", "TagValue"))
        if not news["isEnabled"]:
            kms.disable_key(KeyId=resource_id)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Schedule the deletion after the window, by default the longest."""
        kms = ctx.client("kms")
        with absent(GONE):
            if kms.describe_key(KeyId=resource_id)["KeyMetadata"]["KeyState"] not in SCHEDULED:
                window = outputs.get("deletionWindowInDays", WINDOW_DAYS[1])
                kms.schedule_key_deletion(KeyId=resource_id, PendingWindowInDays=window)

    def _rotate(self, ctx: Context, key_id: str, inputs: Props) -> None:
        period = inputs.get("rotationPeriodInDays", ROTATION_DEFAULT_DAYS)
        ctx.client("kms").enable_key_rotation(KeyId=key_id, RotationPeriodInDays=period)
        self.keep(ctx, key_id, inputs)


def _require_administrator(ctx: Context, inputs: Props) -> None:
    """Refuse a policy that locks out whoever sets it, as KMS does unless told to bypass the check."""
    if "policy" not in inputs or inputs["bypassPolicyLockoutSafetyCheck"]:
        return
    statements = json.loads(inputs["policy"])["Statement"]
    if not any(_administers(ctx, one) for one in (statements if isinstance(statements, list) else [statements])):
        raise RefusedError(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future. Allow "
            f"kms:PutKeyPolicy to the account (arn:{ctx.partition}:iam::{ctx.account_id}:root)",
        )


def _administers(ctx: Context, statement: Mapping[str, Any]) -> bool:
    actions, principal = statement.get("Action", []), statement.get("Principal", {})
    named = principal if isinstance(principal, str) else principal.get("AWS", [])
    names = set(named if isinstance(named, list) else [named])
    ours = {"*", ctx.account_id, f"arn:{ctx.partition}:iam::{ctx.account_id}:root"}
    given = set(actions if isinstance(actions, list) else [actions])
    return statement.get("Effect") == "Allow" and bool(names & ours) and bool(given & ADMINISTRATION)


class Alias(EmulatedResource):
    """An alias of a key; its id is its name."""

    token = "aws:kms/alias:Alias"
    auto_name = AutoName(max_length=244, prefix="alias/")
    accepts = frozenset({"name", "targetKeyId"})
    replace_on = frozenset({"name"})
    computed = frozenset({"arn", "targetKeyArn"})
    recomputed = MappingProxyType({"targetKeyArn": frozenset({"targetKeyId"})})
    required = frozenset({"targetKeyId"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what KMS refuses in the name."""
        found, name = super().validate(inputs), str(inputs.get("name", "alias/"))
        if not name.startswith("alias/") or name.startswith("alias/aws/"):
            found.append(
                ("name", f"is {name!r}, it must begin with alias/ and not with alias/aws/, which is AWS's own")
            )
        return found

    def equivalent(self, key: str, old: Any, new: Any) -> bool:
        """Tell whether an id and an ARN mean the same key."""
        return key == "targetKeyId" and str(old).rpartition("/")[2] == str(new).rpartition("/")[2]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the alias."""
        ctx.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the alias with the key it points to, by id or by ARN as the program does."""
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
        with absent(GONE):
            ctx.client("kms").delete_alias(AliasName=resource_id)


def _find_alias(ctx: Context, name: str) -> dict[str, Any] | None:
    for page in ctx.client("kms").get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name and "TargetKeyId" in alias:
                return dict(alias)
    return None


RESOURCES: tuple[Resource, ...] = (Key(), Alias())
