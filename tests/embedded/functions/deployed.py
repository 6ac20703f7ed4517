"""Deploys functions written in a test to the embedded AWS, as zips with a wrapper script and the tiny runtime."""

import io
import json
import platform
import textwrap
import zipfile
from pathlib import Path
from typing import Any

from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin.clients import ClientCache

REGION = "eu-west-1"
RUNTIME = f"python{'.'.join(platform.python_version_tuple()[:2])}"
WRAPPER = '#!/bin/sh\nexec "$1" -m tiny_runtime\n'
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["lambda.amazonaws.com", "apigateway.amazonaws.com"]},
            }
        ],
    }
)


def packed(files: dict[str, str]) -> bytes:
    """Return a zip; files named `bootstrap` may be executed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name == "bootstrap" else 0o644) << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def bundle(source: str, **files: str) -> bytes:
    """Return the zip of a function whose `handler.py` is `source`."""
    runtime = Path(__file__).with_name("tiny_runtime.py").read_text(encoding="utf-8")
    return packed({"handler.py": textwrap.dedent(source), "tiny_runtime.py": runtime, "bootstrap": WRAPPER, **files})


class Cloud:
    """The embedded AWS with what tests need to deploy to it."""

    def __init__(self, server: AwsServer) -> None:
        self.server = server
        self.clients = ClientCache(server.url)
        self.role = self.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]

    def client(self, service: str) -> Any:
        return self.clients.get(service, REGION)

    def deploy(self, name: str, source: str, *, variables: dict[str, str] | None = None, **options: Any) -> str:
        """Create a function and return its ARN."""
        concurrency = options.pop("concurrency", None)
        created = self.client("lambda").create_function(
            FunctionName=name,
            Role=self.role,
            Runtime=options.pop("Runtime", RUNTIME),
            Handler="handler.handle",
            Code={"ZipFile": options.pop("code", None) or bundle(source)},
            Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/bootstrap", **(variables or {})}},
            **options,
        )
        if concurrency is not None:
            self.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=concurrency)
        return str(created["FunctionArn"])
