"""Inputs of functions and layers as Lambda's API takes them, and the checks of Lambda that need other services."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.assets import archive_bytes
from leanto.embedded.plugin.errors import RefusedError, code_of
from leanto.embedded.plugin.lambda_rules import ACCOUNT_CONCURRENCY, MINIMUM_UNRESERVED_CONCURRENCY
from leanto.embedded.plugin.resource import Context, Props

UNRESERVED = -1
"""The provider's value for "no reserved concurrency"."""

API_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "role": "Role",
        "handler": "Handler",
        "runtime": "Runtime",
        "description": "Description",
        "memorySize": "MemorySize",
        "timeout": "Timeout",
        "kmsKeyArn": "KMSKeyArn",
        "layers": "Layers",
    }
)
"""Inputs whose values the API takes as they are."""
_WHEN_REMOVED: Mapping[str, Any] = MappingProxyType({"description": "", "kmsKeyArn": "", "layers": []})
_BLOCKS: Mapping[str, tuple[str, Callable[[Props], Props]]] = MappingProxyType(
    {
        "environment": ("Environment", lambda block: {"Variables": block.get("variables", {})}),
        "ephemeralStorage": ("EphemeralStorage", lambda block: {"Size": block.get("size", 512)}),
        "tracingConfig": ("TracingConfig", lambda block: {"Mode": block.get("mode", "PassThrough")}),
        "deadLetterConfig": ("DeadLetterConfig", lambda block: {"TargetArn": block.get("targetArn", "")}),
        "loggingConfig": ("LoggingConfig", lambda block: _capitalised({"logFormat": "Text", **block})),
        "vpcConfig": (
            "VpcConfig",
            lambda block: {
                "SubnetIds": block.get("subnetIds", []),
                "SecurityGroupIds": block.get("securityGroupIds", []),
            },
        ),
    }
)
"""Inputs that are objects: the API's name, and how the object is spelt there."""


def configuration(inputs: Props, keys: frozenset[str]) -> Props:
    """Return the API parameters for those of `keys` that belong to a function's configuration.

    A key that is no longer among `inputs` is sent as what resets it.
    """
    plain = {
        api: inputs.get(key, _WHEN_REMOVED.get(key))
        for key, api in API_NAMES.items()
        if key in keys and (key in inputs or key in _WHEN_REMOVED)
    }
    return plain | {api: spell(inputs.get(key, {})) for key, (api, spell) in _BLOCKS.items() if key in keys}


def code_location(inputs: Props) -> Props:
    """Return where the code of a function or layer comes from, as the API takes it."""
    if "code" in inputs:
        return {"ZipFile": archive_bytes(inputs["code"])}
    if "s3Bucket" not in inputs or "s3Key" not in inputs:
        raise RefusedError("InvalidParameterValueException", "no code: set s3Bucket and s3Key, or code")
    names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {api: inputs[key] for key, api in names.items() if key in inputs}


def archive_record(inputs: Props, code_sha256: str) -> Props:
    """Return what is kept of an archive, which cannot be read back: the archive, and the hash of what it became."""
    return {"code": {"archive": inputs["code"], "codeSha256": code_sha256}} if "code" in inputs else {}


def deployed_archive(record: Props | None, code_sha256: str) -> Any:
    """Return the archive that stands for the deployed code; None when it is no longer the code that is deployed."""
    return record["archive"] if record and record["codeSha256"] == code_sha256 else None


def check_role(ctx: Context, role_arn: str) -> None:
    """Refuse a role that does not exist or that Lambda may not assume."""
    name = role_arn.rpartition("/")[2]
    try:
        role = ctx.client("iam").get_role(RoleName=name)["Role"]
    except Exception as error:
        if code_of(error) != "NoSuchEntity":
            raise
        raise RefusedError("InvalidParameterValueException", f"the role {role_arn} does not exist") from None
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    services = [_as_list(statement.get("Principal", {}).get("Service")) for statement in _as_list(statements)]
    if "lambda.amazonaws.com" not in {service for names in services for service in names}:
        message = f"The role defined for the function cannot be assumed by Lambda: {role_arn} does not trust it"
        raise RefusedError("InvalidParameterValueException", message)


def check_concurrency(ctx: Context, function_name: str, reserved: int) -> None:
    """Refuse a reservation that leaves the rest of the account fewer than 100 concurrent executions."""
    if reserved == UNRESERVED:
        return
    client = ctx.client("lambda")
    others = sum(
        client.get_function_concurrency(FunctionName=function["FunctionName"]).get("ReservedConcurrentExecutions", 0)
        for page in client.get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if function["FunctionName"] != function_name
    )
    free = ACCOUNT_CONCURRENCY - MINIMUM_UNRESERVED_CONCURRENCY - others
    if reserved > free:
        raise RefusedError(
            "InvalidParameterValueException",
            f"reservedConcurrentExecutions of {function_name} is {reserved}, but only {max(free, 0)} can be reserved: "
            f"it decreases the account's UnreservedConcurrentExecution below its minimum value of "
            f"{MINIMUM_UNRESERVED_CONCURRENCY} (account limit {ACCOUNT_CONCURRENCY}, others hold {others})",
        )


def reserve(ctx: Context, function_name: str, reserved: int) -> None:
    """Set or take away the reserved concurrency of a function."""
    client = ctx.client("lambda")
    if reserved == UNRESERVED:
        client.delete_function_concurrency(FunctionName=function_name)
    else:
        client.put_function_concurrency(FunctionName=function_name, ReservedConcurrentExecutions=reserved)


def retag(ctx: Context, arn: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Bring the tags of a function from `old` to `new`; tags that are in neither are left alone."""
    client = ctx.client("lambda")
    removed = sorted(old.keys() - new.keys())
    if removed:
        client.untag_resource(Resource=arn, TagKeys=removed)
    if new:
        client.tag_resource(Resource=arn, Tags=dict(new))


def _capitalised(block: Mapping[str, Any]) -> Props:
    return {key[0].upper() + key[1:]: value for key, value in block.items()}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
