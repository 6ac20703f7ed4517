"""What Lambda refuses in a function and moto accepts; pure.

Figures: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, API reference of CreateFunction.
"""

import re
from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.resource import Props

Problems = list[tuple[str, str]]

MAXIMUM_TIMEOUT_SECONDS = 900
MEMORY_MIB = (128, 10240)
EPHEMERAL_STORAGE_MIB = (512, 10240)
MAXIMUM_LAYERS = 5
MAXIMUM_ENVIRONMENT_BYTES = 4096
ACCOUNT_CONCURRENCY = 1000
MINIMUM_UNRESERVED_CONCURRENCY = 100
ARCHITECTURES = ("arm64", "x86_64")
LOG_FORMATS = ("JSON", "Text")

RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    }
)  # fmt: skip
"""Variables that Lambda sets itself and lets nobody set (developer guide, reserved environment variables)."""

_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VARIABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")


def function_problems(inputs: Props) -> Problems:
    """Return (property, reason) for everything that Lambda refuses in the known inputs of a function."""
    return [*_size_problems(inputs), *_choice_problems(inputs), *_source_problems(inputs), *_variable_problems(inputs)]


def _size_problems(inputs: Props) -> Problems:
    storage = inputs.get("ephemeralStorage", {})
    bounds = (
        ("timeout", inputs.get("timeout"), 1, MAXIMUM_TIMEOUT_SECONDS, "seconds"),
        ("memorySize", inputs.get("memorySize"), *MEMORY_MIB, "MiB"),
        ("ephemeralStorage", storage.get("size"), *EPHEMERAL_STORAGE_MIB, "MiB"),
        (
            "reservedConcurrentExecutions",
            inputs.get("reservedConcurrentExecutions"),
            -1,
            ACCOUNT_CONCURRENCY,
            "at once",
        ),
    )
    problems = [
        (key, f"is {value}, Lambda takes {low} to {high} {unit}")
        for key, value, low, high, unit in bounds
        if outside(value, low, high)
    ]
    if len(inputs.get("layers", ())) > MAXIMUM_LAYERS:
        problems.append(("layers", f"are {len(inputs['layers'])}, Lambda takes at most {MAXIMUM_LAYERS}"))
    return problems


def _choice_problems(inputs: Props) -> Problems:
    problems: Problems = []
    name = inputs.get("name")
    if isinstance(name, str) and not _FUNCTION_NAME.fullmatch(name):
        problems.append(("name", f"is {name!r}, Lambda takes 1 to 64 letters, digits, hyphens and underscores"))
    for architecture in inputs.get("architectures", ()):
        if architecture not in ARCHITECTURES:
            problems.append(("architectures", f"holds {architecture!r}, Lambda takes {' or '.join(ARCHITECTURES)}"))
    log_format = inputs.get("loggingConfig", {}).get("logFormat", "JSON")
    if log_format not in LOG_FORMATS:
        problems.append(("loggingConfig", f"has logFormat {log_format!r}, Lambda takes {' or '.join(LOG_FORMATS)}"))
    mode = inputs.get("tracingConfig", {}).get("mode", "Active")
    if mode not in {"Active", "PassThrough"}:
        problems.append(("tracingConfig", f"has mode {mode!r}, Lambda takes Active or PassThrough"))
    if inputs.get("packageType", "Zip") != "Zip":
        problems.append(("packageType", f"is {inputs['packageType']!r}, AWS in a box runs Zip packages only"))
    return problems


def _source_problems(inputs: Props) -> Problems:
    problems: Problems = []
    if "code" in inputs and ("s3Bucket" in inputs or "s3Key" in inputs):
        problems.append(("code", "is given together with s3Bucket or s3Key; give either an archive or an S3 object"))
    handler = inputs.get("handler")
    if isinstance(handler, str) and not 1 <= len(handler) <= 128:
        problems.append(("handler", f"has {len(handler)} characters, Lambda takes 1 to 128"))
    return problems


def _variable_problems(inputs: Props) -> Problems:
    variables: Mapping[str, Any] = inputs.get("environment", {}).get("variables", {})
    problems: Problems = []
    reserved = sorted(RESERVED_VARIABLES & variables.keys())
    if reserved:
        problems.append(("environment", f"sets {', '.join(reserved)}, which Lambda reserves for itself"))
    misnamed = sorted(
        name for name in variables if not _VARIABLE_NAME.fullmatch(name) and name not in RESERVED_VARIABLES
    )
    if misnamed:
        rule = "a letter, then letters, digits or underscores, two characters at least"
        problems.append(("environment", f"sets {', '.join(misnamed)}; names are {rule}"))
    size = sum(len(name.encode()) + len(str(value).encode()) for name, value in variables.items())
    if size > MAXIMUM_ENVIRONMENT_BYTES:
        problems.append(("environment", f"holds {size} bytes of variables, Lambda takes {MAXIMUM_ENVIRONMENT_BYTES}"))
    return problems
