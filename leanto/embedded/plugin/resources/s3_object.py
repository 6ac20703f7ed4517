"""S3: objects with content from the program."""

import base64
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from leanto.embedded.plugin import assets, tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

GONE = ("404", "NoSuchBucket", "NoSuchKey")
CONTENTS = ("content", "contentBase64", "source")
PARAMETERS = MappingProxyType(
    {
        "bucketKeyEnabled": "BucketKeyEnabled",
        "cacheControl": "CacheControl",
        "contentDisposition": "ContentDisposition",
        "contentEncoding": "ContentEncoding",
        "contentLanguage": "ContentLanguage",
        "contentType": "ContentType",
        "kmsKeyId": "SSEKMSKeyId",
        "metadata": "Metadata",
        "serverSideEncryption": "ServerSideEncryption",
        "storageClass": "StorageClass",
    }
)
"""Inputs by their names in PutObject and HeadObject."""
REWRITES = frozenset({*CONTENTS, *PARAMETERS, "sourceHash"})
MAXIMUM_TAGS = 10


class BucketObject(EmulatedResource):
    """One object; every change of content or settings writes it anew."""

    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    taggable = True
    auto_name = AutoName(property="key", max_length=1024, random=False)
    accepts = frozenset({*CONTENTS, *PARAMETERS, "bucket", "forceDestroy", "key", "sourceHash", "tags"})
    required = frozenset({"bucket"})
    defaults = MappingProxyType({"forceDestroy": False})
    input_only = frozenset({"forceDestroy"})
    replace_on = frozenset({"bucket", "key"})
    computed = frozenset(
        {
            "arn",
            "bucketKeyEnabled",
            "contentType",
            "etag",
            "kmsKeyId",
            "serverSideEncryption",
            "storageClass",
            "versionId",
        }
    )
    recomputed = MappingProxyType({"etag": frozenset(CONTENTS), "versionId": REWRITES})
    side_stored = frozenset({*CONTENTS, "sourceHash", "etag"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what S3 refuses: two contents, too many tags."""
        found, given = super().validate(inputs), [key for key in CONTENTS if key in inputs]
        found += [(key, f"is given together with {given[0]}: give one of {', '.join(CONTENTS)}") for key in given[1:]]
        if len(inputs.get("tagsAll", {})) > MAXIMUM_TAGS:
            found.append(("tags", f"are {len(inputs['tagsAll'])} with the default tags, S3 allows {MAXIMUM_TAGS}"))
        return found

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the object; its id is its key."""
        self._put(ctx, inputs)
        return str(inputs["key"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the object. Its content is the program's as long as the ETag is the one that it was given."""
        bucket = inputs.get("bucket")
        if bucket is None:
            bucket, _, resource_id = resource_id.partition("/")
        with absent(*GONE):
            found = ctx.client("s3").head_object(Bucket=bucket, Key=resource_id)
            kept = self.kept(ctx, _side_id(bucket, resource_id))
            etag = found["ETag"].strip('"')
            settings = {key: found.get(api) for key, api in PARAMETERS.items()}
            content = kept if kept.pop("etag", None) == etag else {}
            return {
                **content,
                **{key: value for key, value in settings.items() if value not in (None, "", {})},
                "arn": f"arn:{ctx.partition}:s3:::{bucket}/{resource_id}",
                "bucket": bucket,
                "bucketKeyEnabled": bool(found.get("BucketKeyEnabled", False)),
                "etag": etag,
                "key": resource_id,
                "kmsKeyId": found.get("SSEKMSKeyId", ""),
                "serverSideEncryption": found.get("ServerSideEncryption", ""),
                "storageClass": found.get("StorageClass", "STANDARD"),
                "tagsAll": self._tags(ctx, bucket, resource_id),
                "versionId": found.get("VersionId", ""),
            }
        return None

    def id_after_import(self, import_id: str, outputs: Props) -> str:
        """Return the key: an object is imported as `<bucket>/<key>`."""
        del import_id
        return str(outputs["key"])

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Write the object anew, or only its tags."""
        if any(olds.get(key) != news.get(key) for key in REWRITES):
            self._put(ctx, news)
        else:
            ctx.client("s3").put_object_tagging(
                Bucket=news["bucket"], Key=resource_id, Tagging={"TagSet": tags.as_list(news["tagsAll"])}
            )

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the object with all its versions, as the official provider does."""
        s3, bucket = ctx.client("s3"), outputs["bucket"]
        with absent(*GONE):
            for version in _versions(ctx, bucket, resource_id):
                s3.delete_object(Bucket=bucket, Key=resource_id, VersionId=version)
        ctx.side.delete(self.token, _side_id(bucket, resource_id))

    def _put(self, ctx: Context, inputs: Props) -> None:
        parameters: dict[str, Any] = {api: inputs[key] for key, api in PARAMETERS.items() if key in inputs}
        if "kmsKeyId" in inputs:
            # The official provider takes a key as a wish for encryption with it.
            parameters.setdefault("ServerSideEncryption", "aws:kms")
        if inputs["tagsAll"]:
            parameters["Tagging"] = urlencode(inputs["tagsAll"])
        made = ctx.client("s3").put_object(
            Bucket=inputs["bucket"], Key=inputs["key"], Body=_content(inputs), **parameters
        )
        self.keep(ctx, _side_id(inputs["bucket"], inputs["key"]), {**inputs, "etag": made["ETag"].strip('"')})

    def _tags(self, ctx: Context, bucket: str, key: str) -> dict[str, str]:
        return tags.as_map(ctx.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"])


def _content(inputs: Props) -> bytes:
    if "source" in inputs:
        source = inputs["source"]
        return assets.archive_bytes(source) if assets.is_archive(source) else assets.asset_bytes(source)
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    return str(inputs.get("content", "")).encode()


def _versions(ctx: Context, bucket: str, key: str) -> list[str]:
    """Return the ids of all versions and delete markers of exactly this key."""
    pages = ctx.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    found = [one for page in pages for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]
    return [str(one["VersionId"]) for one in found if one["Key"] == key]


def _side_id(bucket: str, key: str) -> str:
    """Keys are unique within a bucket only."""
    return f"{bucket}/{key}"


RESOURCES: tuple[Resource, ...] = (BucketObject(),)
