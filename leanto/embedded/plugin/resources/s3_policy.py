"""S3: the policy of a bucket."""

import json
from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.policy_documents import canonical, problems
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.s3_settings import BucketSetting, Problems


class BucketPolicy(BucketSetting):
    """Who may do what with a bucket and its objects."""

    token = "aws:s3/bucketPolicy:BucketPolicy"
    accepts = frozenset({"bucket", "policy"})
    required = frozenset({"bucket", "policy"})
    json_documents = frozenset({"policy"})
    missing = ("NoSuchBucketPolicy",)

    def validate(self, inputs: Props) -> Problems:
        """Return what S3 refuses in the document."""
        found = problems(inputs.get("policy"), attached_to_resource=True)
        return super().validate(inputs) + [("policy", problem) for problem in found]

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put the policy; refuse one about another bucket, and a public one where the bucket blocks those."""
        document = json.loads(inputs["policy"])
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        for statement in statements:
            _require_own_bucket(ctx, bucket, statement)
        if any(map(_is_public, statements)) and _blocks_public_policies(ctx, bucket):
            raise RefusedError(
                "AccessDenied",
                f"the policy makes {bucket!r} public and its public access block forbids that (BlockPublicPolicy)",
            )
        ctx.client("s3").put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return the policy."""
        del inputs
        return {"policy": canonical(ctx.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Delete the policy."""
        ctx.client("s3").delete_bucket_policy(Bucket=bucket)


def _require_own_bucket(ctx: Context, bucket: str, statement: Mapping[str, Any]) -> None:
    arn = f"arn:{ctx.partition}:s3:::{bucket}"
    named = statement.get("Resource", statement.get("NotResource", []))
    for resource in named if isinstance(named, list) else [named]:
        if resource not in {"*", arn} and not str(resource).startswith(f"{arn}/"):
            raise RefusedError(
                "MalformedPolicy",
                f"Policy has invalid resource {resource!r}: a bucket's policy speaks of the bucket itself, {arn}",
            )


def _is_public(statement: Mapping[str, Any]) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        and not statement.get("Condition")
    )


def _blocks_public_policies(ctx: Context, bucket: str) -> bool:
    with absent("NoSuchPublicAccessBlockConfiguration"):
        found = ctx.client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        return bool(found["BlockPublicPolicy"])
    return False


RESOURCES: tuple[Resource, ...] = (BucketPolicy(),)
