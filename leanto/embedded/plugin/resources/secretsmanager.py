"""Secrets Manager: secrets. Their values are never set here: they are put in from outside the program."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.policy_documents import canonical, problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = "ResourceNotFoundException"
WINDOW_DAYS = (7, 30)


class Secret(EmulatedResource):
    """A secret; its id is its ARN. Deleting it schedules its deletion; from then on it counts as gone."""

    token = "aws:secretsmanager/secret:Secret"
    taggable = True
    auto_name = AutoName()
    accepts = frozenset(
        {"description", "forceOverwriteReplicaSecret", "kmsKeyId", "name", "policy", "recoveryWindowInDays", "tags"}
    )
    defaults = MappingProxyType({"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30})
    input_only = frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays"})
    json_documents = frozenset({"policy"})
    replace_on = frozenset({"name"})
    computed = frozenset({"arn", "policy"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what Secrets Manager refuses."""
        found, days = super().validate(inputs), inputs.get("recoveryWindowInDays", 0)
        low, high = WINDOW_DAYS
        if days and not low <= days <= high:
            found.append(
                ("recoveryWindowInDays", f"is {days} days, allowed are {low} to {high}, or 0 to delete at once")
            )
        return found + [("policy", p) for p in problems(inputs.get("policy"), attached_to_resource=True)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the secret without a value."""
        optional = {"description": "Description", "kmsKeyId": "KmsKeyId"}
        client = ctx.client("secretsmanager")
        try:
            made = client.create_secret(
                Name=inputs["name"],
                Tags=tags.as_list(inputs["tagsAll"]),
                **{api: inputs[key] for key, api in optional.items() if key in inputs},
            )
        except client.exceptions.ResourceExistsException as error:
            raise _refusal(ctx, inputs["name"]) or error from error
        arn = str(made["ARN"])
        if "policy" in inputs:
            with creating(arn):
                client.put_resource_policy(SecretId=arn, ResourcePolicy=inputs["policy"])
        return arn

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the secret, or None when it is gone or about to go."""
        del inputs
        client = ctx.client("secretsmanager")
        with absent(GONE):
            found = client.describe_secret(SecretId=resource_id)
            if "DeletedDate" in found:
                return None
            policy = client.get_resource_policy(SecretId=resource_id).get("ResourcePolicy")
            return {
                "arn": found["ARN"],
                "description": found.get("Description") or None,
                "kmsKeyId": found.get("KmsKeyId") or None,
                "name": found["Name"],
                "policy": canonical(policy) if policy else "",
                "tagsAll": tags.as_map(found.get("Tags")),
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change description, key, policy and tags."""
        client = ctx.client("secretsmanager")
        optional = {"kmsKeyId": "KmsKeyId"}
        client.update_secret(
            SecretId=resource_id,
            Description=news.get("description", ""),
            **{api: news[key] for key, api in optional.items() if key in news},
        )
        if "policy" in news:
            client.put_resource_policy(SecretId=resource_id, ResourcePolicy=news["policy"])
        removed, added = tags.changes(olds, news)
        if removed:
            client.untag_resource(SecretId=resource_id, TagKeys=removed)
        if added:
            client.tag_resource(SecretId=resource_id, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Schedule the deletion, or with a recovery window of 0 delete at once."""
        client, days = ctx.client("secretsmanager"), outputs.get("recoveryWindowInDays", WINDOW_DAYS[1])
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        with absent(GONE):
            if "DeletedDate" not in client.describe_secret(SecretId=resource_id):
                client.delete_secret(SecretId=resource_id, **how)


def _refusal(ctx: Context, name: str) -> Exception | None:
    """Return what AWS says of a name whose secret waits for its deletion; None when the secret simply exists."""
    with absent(GONE):
        if "DeletedDate" in ctx.client("secretsmanager").describe_secret(SecretId=name):
            return RefusedError(
                "InvalidRequestException",
                f"You can't create this secret because a secret with this name is already scheduled for deletion: "
                f"{name!r}. Restore it, wait for its deletion, or choose another name",
            )
    return None


RESOURCES: tuple[Resource, ...] = (Secret(),)
