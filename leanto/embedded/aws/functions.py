"""Reads deployed functions and layers out of moto, for the function host in the same process. Callers hold the lock."""

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from leanto.embedded.aws.policy import Decision, Question, decide_statements


class FunctionMissingError(LookupError):
    """There is no such function or layer version in the embedded AWS."""


def find(account_id: str, function: str, region: str) -> LambdaFunction:
    """Return a function by name, partial ARN or ARN; raises FunctionMissingError."""
    name = function.rpartition(":function:")[2]
    try:
        return get_backend(account_id, region).get_function(name)
    except UnknownFunctionException as error:
        raise FunctionMissingError(error.message) from error


def layer_code(account_id: str, layer_version_arn: str) -> bytes:
    """Return the zip of a layer version; raises FunctionMissingError."""
    parts = layer_version_arn.split(":")
    if len(parts) != 8 or parts[5] != "layer":
        raise FunctionMissingError(f"{layer_version_arn} is not the ARN of a layer version")
    layer = get_backend(account_id, parts[3]).layers_versions_by_arn(layer_version_arn)
    if layer is None:
        raise FunctionMissingError(f"there is no layer version {layer_version_arn}")
    return layer.code_bytes


def permits(function: LambdaFunction, service: str, source_arn: str, source_account: str) -> bool:
    """Say whether the function's own policy lets `service` invoke it on behalf of `source_arn`."""
    question = Question(
        action="lambda:InvokeFunction",
        resource=function.function_arn,
        service=service,
        context={"aws:sourcearn": (source_arn,), "aws:sourceaccount": (source_account,)},
    )
    return decide_statements(function.policy.statements, question) is Decision.ALLOW
