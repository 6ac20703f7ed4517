"""The environment variables of a function's process: Lambda's own, the deployed ones, and nothing of this machine."""

from collections.abc import Mapping
from pathlib import Path

from leanto.embedded.functions.bundle import Unpacked
from leanto.embedded.functions.configuration import FunctionConfiguration
from leanto.embedded.instances.addresses import Loopback

TASK_ROOT = "/var/task"
OPT = "/opt"
EXEC_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
NODE_NETWORKS = "LEANTO_NODE_NETWORKS"
"""Where the relay finds nodes: networks with commas between."""
CREDENTIAL = "embedded"
"""The box asks nobody who they are."""


def variables(
    function: FunctionConfiguration,
    places: Unpacked,
    *,
    runtime_api: str,
    endpoint_url: str,
    log_stream: str,
    temporary: Path,
    loopback: Loopback | None = None,
) -> dict[str, str]:
    """Return the whole environment of the process.

    Names and meanings are Lambda's (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). Three are
    the box's: `AWS_ENDPOINT_URL` leads to the embedded AWS, `TMPDIR` stands for Lambda's `/tmp`, and
    `PYTHONDONTWRITEBYTECODE` for its read-only `/var/task`. One is changed: the networks of nodes are where the box has
    them on this machine.
    """
    deployed = {name: rerooted(value, places) for name, value in function.variables}
    if loopback is not None and NODE_NETWORKS in deployed:
        deployed[NODE_NETWORKS] = loopback.networks(deployed[NODE_NETWORKS])
    return {
        "PATH": f"{SYSTEM_PATH}:{places.opt / 'bin'}",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": str(places.opt / "python"),
        **deployed,
        **_from_lambda(function, places, runtime_api, log_stream),
        "AWS_ENDPOINT_URL": endpoint_url,
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _from_lambda(
    function: FunctionConfiguration, places: Unpacked, runtime_api: str, log_stream: str
) -> Mapping[str, str]:
    logs_json = {"AWS_LAMBDA_LOG_FORMAT": "JSON"} if function.log_format == "JSON" else {}
    return {
        "AWS_ACCESS_KEY_ID": CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_SESSION_TOKEN": CREDENTIAL,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(places.task_root),
        "_HANDLER": function.handler,
        **logs_json,
    }


def rerooted(value: str, places: Unpacked) -> str:
    """Return a value with a leading `/var/task` or `/opt` replaced by where that lies on this machine."""
    for prefix, place in ((TASK_ROOT, places.task_root), (OPT, places.opt)):
        if value == prefix or value.startswith(f"{prefix}/"):
            return str(place) + value.removeprefix(prefix)
    return value
