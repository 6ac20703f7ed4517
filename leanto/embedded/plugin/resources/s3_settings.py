"""S3: the settings of a bucket, each a type of its own with the bucket's name as id."""

from abc import abstractmethod
from types import MappingProxyType
from typing import ClassVar

from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props, Resource
from leanto.embedded.plugin.resources.s3_bucket import GONE, NEW_BUCKET_ENCRYPTION

Problems = list[tuple[str, str]]


class BucketSetting(EmulatedResource):
    """A setting is put as a whole, so creating and updating it are one."""

    replace_on = frozenset({"bucket"})
    missing: ClassVar[tuple[str, ...]] = ()
    """The error codes that say that the bucket has no such setting."""

    @abstractmethod
    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put the setting on the bucket."""

    @abstractmethod
    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return the setting as properties, without the bucket's name; None when it is none."""

    @abstractmethod
    def remove(self, ctx: Context, bucket: str) -> None:
        """Bring the bucket back to what it is without the setting."""

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the setting."""
        self.put(ctx, inputs["bucket"], inputs)
        return str(inputs["bucket"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the setting, or None when it or its bucket is gone."""
        with absent(*GONE, *self.missing):
            found = self.get(ctx, resource_id, inputs)
            return None if found is None else {"bucket": resource_id, **found}
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the new setting in the place of the old one."""
        del olds
        self.put(ctx, resource_id, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Remove the setting."""
        del outputs
        with absent(*GONE, *self.missing):
            self.remove(ctx, resource_id)


class PublicAccessBlock(BucketSetting):
    """What keeps a bucket from being public."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    names: ClassVar = MappingProxyType(
        {
            "blockPublicAcls": "BlockPublicAcls",
            "blockPublicPolicy": "BlockPublicPolicy",
            "ignorePublicAcls": "IgnorePublicAcls",
            "restrictPublicBuckets": "RestrictPublicBuckets",
        }
    )
    accepts = frozenset({"bucket", *names})
    required = frozenset({"bucket"})
    defaults = MappingProxyType(dict.fromkeys(names, False))
    missing = ("NoSuchPublicAccessBlockConfiguration",)

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put all four switches."""
        switches = {api: inputs[key] for key, api in self.names.items()}
        ctx.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return all four switches."""
        del inputs
        found = ctx.client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        return {key: found[api] for key, api in self.names.items()}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Remove the block, which opens the bucket as far as its policy says."""
        ctx.client("s3").delete_public_access_block(Bucket=bucket)


class OwnershipControls(BucketSetting):
    """Who owns objects that others put."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    accepts = frozenset({"bucket", "rule"})
    required = frozenset({"bucket", "rule"})
    missing = ("OwnershipControlsNotFoundError",)
    allowed: ClassVar = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")

    def validate(self, inputs: Props) -> Problems:
        """Return what S3 refuses."""
        given = inputs.get("rule", {}).get("objectOwnership", self.allowed[0])
        wrong = [] if given in self.allowed else [("rule", f"is {given!r}, S3 takes {', '.join(self.allowed)}")]
        return super().validate(inputs) + wrong

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put the one rule."""
        rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
        ctx.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return the one rule."""
        del inputs
        found = ctx.client("s3").get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        return {"rule": {"objectOwnership": found["Rules"][0]["ObjectOwnership"]}}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Remove the rule."""
        ctx.client("s3").delete_bucket_ownership_controls(Bucket=bucket)


class Versioning(BucketSetting):
    """Whether a bucket keeps old versions. AWS never forgets it: removing it suspends it."""

    token = "aws:s3/bucketVersioning:BucketVersioning"
    accepts = frozenset({"bucket", "versioningConfiguration"})
    required = frozenset({"bucket", "versioningConfiguration"})
    allowed: ClassVar = ("Enabled", "Suspended", "Disabled")

    def validate(self, inputs: Props) -> Problems:
        """Return what S3 refuses; deleting with a second factor is not emulated."""
        found, given = super().validate(inputs), inputs.get("versioningConfiguration", {})
        if given.get("status", "Enabled") not in self.allowed:
            found.append(
                ("versioningConfiguration", f"status is {given['status']!r}, S3 takes {', '.join(self.allowed)}")
            )
        if given.get("mfaDelete", "Disabled") != "Disabled":
            found.append(("versioningConfiguration", "mfaDelete is not emulated by AWS in a box"))
        return found

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put the status; a bucket that was never versioned stays so as `Disabled`."""
        status, s3 = inputs["versioningConfiguration"]["status"], ctx.client("s3")
        if status != "Disabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        elif "Status" in s3.get_bucket_versioning(Bucket=bucket):
            raise RefusedError("InvalidArgument", "a bucket that was versioned can only be Suspended, never Disabled")

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return the status."""
        del inputs
        status = ctx.client("s3").get_bucket_versioning(Bucket=bucket).get("Status", "Disabled")
        return {"versioningConfiguration": {"status": status}}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Suspend versioning if it was on."""
        s3 = ctx.client("s3")
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


class Encryption(BucketSetting):
    """How objects are encrypted that do not say so themselves. Without it AWS encrypts with its own keys."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    accepts = frozenset({"bucket", "rules"})
    required = frozenset({"bucket", "rules"})
    unordered = frozenset({"rules"})
    missing = ("ServerSideEncryptionConfigurationNotFoundError",)
    side_stored = frozenset({"rules.blockedEncryptionTypes"})
    allowed: ClassVar = ("AES256", "aws:kms", "aws:kms:dsse")

    def validate(self, inputs: Props) -> Problems:
        """Return what S3 refuses."""
        found = super().validate(inputs)
        for default in (rule.get("applyServerSideEncryptionByDefault", {}) for rule in inputs.get("rules", [])):
            algorithm = default.get("sseAlgorithm", "AES256")
            if algorithm not in self.allowed:
                found.append(("rules", f"sseAlgorithm is {algorithm!r}, S3 takes {', '.join(self.allowed)}"))
            if "kmsMasterKeyId" in default and algorithm == "AES256":
                found.append(("rules", "kmsMasterKeyId goes with the algorithm aws:kms or aws:kms:dsse only"))
        return found

    def put(self, ctx: Context, bucket: str, inputs: Props) -> None:
        """Put the rule; moto drops the blocked kinds of encryption."""
        rules = [_encryption_rule(rule) for rule in inputs["rules"]]
        ctx.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
        blocked = [rule["blockedEncryptionTypes"] for rule in inputs["rules"] if "blockedEncryptionTypes" in rule]
        self.keep(ctx, bucket, {"rules.blockedEncryptionTypes": blocked[0]} if blocked else {})

    def get(self, ctx: Context, bucket: str, inputs: Props) -> Props | None:
        """Return the rule."""
        del inputs
        found = ctx.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        blocked = self.kept(ctx, bucket).get("rules.blockedEncryptionTypes")
        extra = {} if blocked is None else {"blockedEncryptionTypes": blocked}
        return {"rules": [_encryption_props(rule) | extra for rule in found["Rules"]]}

    def remove(self, ctx: Context, bucket: str) -> None:
        """Bring back what each new bucket has."""
        ctx.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration=dict(NEW_BUCKET_ENCRYPTION)
        )


def _encryption_rule(rule: Props) -> Props:
    default = rule.get("applyServerSideEncryptionByDefault", {})
    names = {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
    return {
        "ApplyServerSideEncryptionByDefault": {api: default[key] for key, api in names.items() if key in default},
        "BucketKeyEnabled": rule.get("bucketKeyEnabled", False),
    }


def _encryption_props(rule: Props) -> Props:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    key_id = default.get("KMSMasterKeyID")
    return {
        "applyServerSideEncryptionByDefault": {
            "sseAlgorithm": default.get("SSEAlgorithm"),
            **({"kmsMasterKeyId": key_id} if key_id else {}),
        },
        **({"bucketKeyEnabled": True} if rule.get("BucketKeyEnabled") else {}),
    }


RESOURCES: tuple[Resource, ...] = (PublicAccessBlock(), OwnershipControls(), Versioning(), Encryption())
