"""Starts a function as Lambda does: deployed wrapper script, shim, a Runtime API, and hardly any environment."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.runtime.fake_runtime_api import FakeRuntimeApi

ROOT = Path(__file__).resolve().parents[2]


class Function:
    """A running function: its Runtime API and its process."""

    def __init__(self, api: FakeRuntimeApi, process: asyncio.subprocess.Process):
        self.api = api
        self.process = process
        self.output = ""

    async def call(self, path: str, body: str = "", **options: Any) -> Any:
        return await self.api.invoke(json.dumps(proxy_event(path, body)).encode(), **options)

    async def end(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(self.process.communicate(), 10)
        self.output = output.decode()
        return self.process.returncode or 0


def proxy_event(path: str, body: str = "") -> dict[str, Any]:
    """Return what API Gateway's proxy integration sends for a POST."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "requestContext": {"requestId": "gateway-id", "authorizer": {"keyId": "k1"}, "identity": {"sourceIp": "::1"}},
        "body": body,
        "isBase64Encoded": False,
    }


@asynccontextmanager
async def started(handler: str, variables: dict[str, str] | None = None, **options: Any) -> AsyncIterator[Function]:
    """Start the shim through the deployed wrapper script, with nothing in its environment but what Lambda sets."""
    api = FakeRuntimeApi(**options)
    await api.start()
    lambdas = {
        "PATH": os.environ["PATH"],
        "LAMBDA_TASK_ROOT": str(ROOT),
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "_HANDLER": handler,
        "PYTHONWARNINGS": "error",
    }
    process = await asyncio.create_subprocess_exec(
        ROOT / "runtime" / "bootstrap",
        sys.executable,
        "/var/runtime/bootstrap.py",
        env={**lambdas, **(variables or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    function = Function(api, process)
    try:
        yield function
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await api.close()
