"""`aws:lambda/function:Function`: code from S3 or an archive, configuration, reserved concurrency, tags."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.lambda_calls import (
    API_NAMES,
    UNRESERVED,
    archive_record,
    check_concurrency,
    check_role,
    code_location,
    configuration,
    deployed_archive,
    reserve,
    retag,
)
from leanto.embedded.plugin.lambda_rules import function_problems
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

MISSING = "ResourceNotFoundException"
LATEST = "$LATEST"
CODE_INPUTS = frozenset(
    {"architectures", "code", "codeSha256", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash"}
)


class Function(KeptResource):
    """A Lambda function of package type Zip."""

    token = "aws:lambda/function:Function"
    replace_on = frozenset({"name", "packageType"})
    computed = frozenset(
        {
            "arn", "codeSha256", "invokeArn", "lastModified", "qualifiedArn", "qualifiedInvokeArn",
            "responseStreamingInvokeArn", "signingJobArn", "signingProfileVersionArn", "sourceCodeSize", "version",
        }
    )  # fmt: skip
    recomputed = MappingProxyType(dict.fromkeys(("codeSha256", "lastModified", "sourceCodeSize"), CODE_INPUTS))
    auto_name = AutoName(max_length=64)
    taggable = True
    required = frozenset({"role"})
    input_only = frozenset({"publish", "skipDestroy"})
    computed_fields = frozenset({"loggingConfig.logGroup", "vpcConfig.vpcId", "vpcConfig.ipv6AllowedForDualStack"})
    defaults = MappingProxyType(
        {
            "memorySize": 128,
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": UNRESERVED,
            "skipDestroy": False,
            "timeout": 3,
        }
    )
    accepts = frozenset(
        {
            "architectures", "code", "codeSha256", "deadLetterConfig", "description", "environment", "ephemeralStorage",
            "handler", "kmsKeyArn", "layers", "loggingConfig", "memorySize", "name", "packageType", "publish",
            "reservedConcurrentExecutions", "role", "runtime", "s3Bucket", "s3Key", "s3ObjectVersion", "skipDestroy",
            "sourceCodeHash", "tags", "timeout", "tracingConfig", "vpcConfig",
        }
    )  # fmt: skip
    side_stored = frozenset(
        {
            # Lambda does not tell where code came from; the official provider keeps these in its state only.
            # An archive is kept with the hash of what it became.
            "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "code",
            # moto drops these two,
            "loggingConfig", "deadLetterConfig",
            # and takes these when the function is made, but not when it is changed.
            "architectures", "ephemeralStorage", "kmsKeyArn", "tracingConfig",
        }
    )  # fmt: skip

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what Lambda or the box refuses."""
        return [*super().validate(inputs), *function_problems(inputs)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the function, then reserve its concurrency."""
        client, name = ctx.client("lambda"), str(inputs["name"])
        check_role(ctx, inputs["role"])
        check_concurrency(ctx, name, inputs["reservedConcurrentExecutions"])
        created = client.create_function(
            FunctionName=name,
            PackageType="Zip",
            Publish=False,
            Code=code_location(inputs),
            Tags=inputs.get("tagsAll", {}),
            **configuration(inputs, frozenset(inputs)),
            **({"Architectures": inputs["architectures"]} if "architectures" in inputs else {}),
        )
        with creating(name, undo=lambda: client.delete_function(FunctionName=name)):
            self._remember(ctx, name, inputs, created["CodeSha256"])
            if inputs["reservedConcurrentExecutions"] != UNRESERVED:
                reserve(ctx, name, inputs["reservedConcurrentExecutions"])
        return name

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the function as it is."""
        client = ctx.client("lambda")
        with absent(MISSING):
            found = client.get_function(FunctionName=resource_id)
            concurrency = client.get_function_concurrency(FunctionName=resource_id)
            reserved = concurrency.get("ReservedConcurrentExecutions", UNRESERVED)
            return self.shown(inputs, self._outputs(ctx, found) | {"reservedConcurrentExecutions": reserved})
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change configuration, code, concurrency and tags, in the order of the official provider."""
        client = ctx.client("lambda")
        changed = frozenset(key for key in {*olds, *news} if olds.get(key) != news.get(key))
        reserved = news["reservedConcurrentExecutions"]
        if "role" in changed:
            check_role(ctx, news["role"])
        if "reservedConcurrentExecutions" in changed:
            check_concurrency(ctx, resource_id, reserved)
        settings = configuration(news, changed)
        if settings:
            client.update_function_configuration(FunctionName=resource_id, **settings)
        if changed & CODE_INPUTS:
            client.update_function_code(FunctionName=resource_id, **code_location(news))
        found = client.get_function(FunctionName=resource_id)["Configuration"]
        self._remember(ctx, resource_id, news, found["CodeSha256"])
        if "reservedConcurrentExecutions" in changed:
            reserve(ctx, resource_id, reserved)
        retag(ctx, found["FunctionArn"], olds.get("tagsAll", {}), news.get("tagsAll", {}))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the function, unless the program said to leave it."""
        if outputs.get("skipDestroy"):
            return
        with absent(MISSING):
            ctx.client("lambda").delete_function(FunctionName=resource_id)

    def _remember(self, ctx: Context, name: str, inputs: Props, code_sha256: str) -> None:
        self.keep(ctx, name, inputs | archive_record(inputs, code_sha256))

    def _outputs(self, ctx: Context, found: Props) -> Props:
        config = found["Configuration"]
        kept = self.kept(ctx, config["FunctionName"])
        archive = deployed_archive(kept.pop("code", None), config["CodeSha256"])
        plain = API_NAMES.keys() - self.side_stored - {"layers"}
        return {
            **_defaults(config),
            **kept,
            **{key: config[api] for key, api in API_NAMES.items() if key in plain and api in config},
            **_arns(ctx, config["FunctionArn"]),
            "name": config["FunctionName"],
            "packageType": config["PackageType"],
            "layers": [layer["Arn"] for layer in config.get("Layers", ())],
            "codeSha256": config["CodeSha256"],
            "sourceCodeSize": config["CodeSize"],
            "lastModified": config["LastModified"],
            "signingJobArn": "",
            "signingProfileVersionArn": "",
            "version": LATEST,
            "tagsAll": found.get("Tags", {}),
            **({"environment": {"variables": config["Environment"]["Variables"]}} if "Environment" in config else {}),
            **({"vpcConfig": _vpc_config(ctx, config["VpcConfig"])} if config.get("VpcConfig") else {}),
            **({"code": archive} if archive else {}),
        }


def _defaults(config: Props) -> Props:
    """Return the outputs of inputs that the program may leave out."""
    return {
        "architectures": config["Architectures"],
        "ephemeralStorage": {"size": config["EphemeralStorage"]["Size"]},
        "kmsKeyArn": "",
        "loggingConfig": {"logFormat": "Text", "logGroup": f"/aws/lambda/{config['FunctionName']}"},
        "sourceCodeHash": config["CodeSha256"],
        "tracingConfig": {"mode": config["TracingConfig"]["Mode"]},
    }


def _arns(ctx: Context, arn: str) -> Props:
    prefix = f"arn:{ctx.partition}:apigateway:{ctx.region}:lambda:path"
    return {
        "arn": arn,
        "qualifiedArn": f"{arn}:{LATEST}",
        "invokeArn": f"{prefix}/2015-03-31/functions/{arn}/invocations",
        "qualifiedInvokeArn": f"{prefix}/2015-03-31/functions/{arn}:{LATEST}/invocations",
        "responseStreamingInvokeArn": f"{prefix}/2021-11-15/functions/{arn}/response-streaming-invocations",
    }


def _vpc_config(ctx: Context, config: Props) -> Props:
    """Return the VPC block; the VPC is looked up, because moto reports a constant."""
    subnets: list[str] = config["SubnetIds"]
    found: list[Any] = ctx.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"] if subnets else []
    return {
        "subnetIds": subnets,
        "securityGroupIds": config["SecurityGroupIds"],
        "ipv6AllowedForDualStack": False,
        "vpcId": found[0]["VpcId"] if found else "",
    }


RESOURCES: tuple[Resource, ...] = (Function(),)
