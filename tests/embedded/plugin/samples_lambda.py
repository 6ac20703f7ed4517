"""Samples of Lambda: a function from S3 and from an archive, its permissions, its layers, its event settings."""

import io
import json
import zipfile

from leanto.embedded.plugin.marshal import ARCHIVE, ASSET, SIGNATURE
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World

FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
LAYER = "aws:lambda/layerVersion:LayerVersion"
EVENTS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
ROLE = "aws:iam/role:Role"
BUCKET = "function-code"


def archive(**files: str) -> Props:
    """Return an archive as the protocol carries it, with `__` in a name standing for a dot."""
    assets = {name.replace("__", "."): {SIGNATURE: ASSET, "text": text} for name, text in files.items()}
    return {SIGNATURE: ARCHIVE, "assets": assets}


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo("handler.py"), text)
    return buffer.getvalue()


def role_for(world: World, service: str = "lambda.amazonaws.com", name: str = "role") -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(world.make(ROLE, name, assumeRolePolicy=trust)["arn"])


def uploaded(world: World, text: str) -> Props:
    """Upload code to a versioned bucket; return the inputs that point to that version."""
    client = world.client("s3")
    if BUCKET not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put = client.put_object(Bucket=BUCKET, Key="code.zip", Body=zipped(text))
    return {"s3Bucket": BUCKET, "s3Key": "code.zip", "s3ObjectVersion": put["VersionId"], "sourceCodeHash": text}


def _next_version(world: World) -> Props:
    new = uploaded(world, "second")
    return {key: new[key] for key in ("s3ObjectVersion", "sourceCodeHash")}


def a_function(world: World) -> str:
    return str(world.make(FUNCTION, **_from_archive(world))["name"])


def _from_archive(world: World) -> Props:
    return {
        "role": role_for(world),
        "runtime": "python3.13",
        "handler": "handler:handle",
        "code": archive(handler__py="first"),
    }


def _from_s3(world: World) -> Props:
    layer = world.make(LAYER, layerName="document", code=archive(document__json="{}"))
    return {
        "role": role_for(world),
        "runtime": "python3.13",
        "handler": "handler:handle",
        **uploaded(world, "first"),
        "architectures": ["arm64"],
        "deadLetterConfig": {"targetArn": "arn:aws:sns:eu-west-1:123456789012:dead"},
        "description": "answers",
        "environment": {"variables": {"LEANTO_STACK": "dev"}},
        "ephemeralStorage": {"size": 1024},
        "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/0",
        "layers": [layer["arn"]],
        "loggingConfig": {"logFormat": "JSON", "logGroup": "/leanto/gateway", "applicationLogLevel": "INFO"},
        "memorySize": 512,
        "reservedConcurrentExecutions": 20,
        "tags": {"part": "gateway"},
        "timeout": 900,
        "tracingConfig": {"mode": "Active"},
    }


def _change_memory(world: World, name: str) -> None:
    world.client("lambda").update_function_configuration(FunctionName=name, MemorySize=2048, Timeout=7)


def _change_code(world: World, name: str) -> None:
    world.client("lambda").update_function_code(FunctionName=name, ZipFile=zipped("from elsewhere"))


def _permission(world: World) -> Props:
    return {
        "action": "lambda:InvokeFunction",
        "function": a_function(world),
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:eu-west-1:123456789012:abc/*/*",
    }


def _retry_more(world: World, name: str) -> None:
    client = world.client("lambda")
    client.delete_function_event_invoke_config(FunctionName=name)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=2)


SAMPLES = (
    Sample(
        FUNCTION,
        _from_s3,
        update=lambda world: {
            **_next_version(world),
            "architectures": ["x86_64"],
            "deadLetterConfig": None,
            "description": None,
            "environment": {"variables": {"LEANTO_STACK": "prod", "MORE": "1"}},
            "ephemeralStorage": {"size": 2048},
            "kmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
            "layers": None,
            "loggingConfig": {"logFormat": "JSON", "logGroup": "/leanto/other", "systemLogLevel": "WARN"},
            "memorySize": 1024,
            "reservedConcurrentExecutions": 0,
            "role": role_for(world, name="other"),
            "runtime": "python3.12",
            "tags": {"stage": "dev"},
            "timeout": 60,
            "tracingConfig": {"mode": "PassThrough"},
        },
        replace={"name": "other"},
        drift=_change_memory,
        drifted=frozenset({"memorySize", "timeout"}),
    ),
    Sample(
        FUNCTION,
        _from_archive,
        variant="archive",
        update={"code": archive(handler__py="second"), "reservedConcurrentExecutions": 7},
        drift=_change_code,
        drifted=frozenset({"code"}),
    ),
    Sample(
        PERMISSION,
        _permission,
        replace={"action": "lambda:GetFunction", "principal": "sns.amazonaws.com", "sourceArn": "arn:aws:sns:::other"},
    ),
    Sample(
        LAYER,
        lambda _: {
            "layerName": "document",
            "code": archive(document__json="{}"),
            "compatibleRuntimes": ["python3.13", "python3.12"],
            "compatibleArchitectures": ["x86_64", "arm64"],
            "description": "what the gateway serves",
        },
        replace={"code": archive(document__json="[]"), "description": "other", "layerName": "other"},
    ),
    Sample(LAYER, lambda world: {"layerName": "from-s3", **uploaded(world, "layer")}, variant="s3"),
    Sample(
        EVENTS,
        lambda world: {"functionName": a_function(world), "maximumRetryAttempts": 0},
        update={"maximumRetryAttempts": 1, "maximumEventAgeInSeconds": 60},
        replace={"functionName": "other"},
        drift=_retry_more,
        drifted=frozenset({"maximumRetryAttempts"}),
    ),
)
