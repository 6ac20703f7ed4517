"""Deploys small APIs to the embedded AWS as the plugin does, and functions for them as the tests write them."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.lifecycle import Backend
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.side import HttpSideStore
from tests.embedded.functions.deployed import REGION, Cloud

ALLOW_ALL = """
import json, os, pathlib
def handle(call):
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(json.dumps(call.event) + "\\n")
    token = call.event["authorizationToken"]
    if "unknown" in token:
        raise Exception("Unauthorized")
    if "broken" in token:
        raise Exception("the table does not answer")
    if "senseless" in token:
        return call.respond({"hello": "world"})
    effect = "Deny" if "denied" in token else "Allow"
    resource = call.event["methodArn"].split("/")[0] + ("/elsewhere/*" if "elsewhere" in token else "/*")
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    call.respond({
        "principalId": "key-1",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"keyId": "key-1", "team": "blue", "number": 7, "truth": True},
    })
"""


class Stack:
    """One API with its parts, made by the plugin's handlers."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self._backend = Backend(cloud.clients, HttpSideStore(cloud.server.url), cloud.server.account_id)
        self._configuration = Configuration(REGION)
        self._paths: dict[str, str] = {}
        self.api = self.make("restApi:RestApi", "api", endpointConfiguration={"types": "REGIONAL"})
        self.api_id = str(self.api["id"])
        self.deployments = 0

    def make(self, kind: str, name: str, **inputs: Any) -> Props:
        """Create a resource of API Gateway and return its outputs and `id`."""
        resource = resource_of(f"aws:apigateway/{kind}")
        full_name = f"{self.name}-{name}"
        checked = lifecycle.check(resource, self._configuration, full_name, {}, inputs, full_name.encode())
        assert checked.failures == ()
        state = lifecycle.create(resource, self._backend, self._configuration, checked.inputs)
        return {**state.outputs, "id": state.resource_id}

    def method(
        self, http_method: str, path: str, function: str, *, streams: bool = False, permit: bool = True, **options: Any
    ) -> None:
        """Put a method with its integration on a path, and let the API invoke the function."""
        resource_id = self._path(path)
        key = {"restApi": self.api_id, "resourceId": resource_id, "httpMethod": http_method}
        authorizer = options.pop("authorizer", None)
        kind = {"authorization": "CUSTOM", "authorizerId": authorizer} if authorizer else {"authorization": "NONE"}
        self.make("method:Method", f"{http_method}{path}", **key, **kind)
        action = (
            "2021-11-15/functions/{}/response-streaming-invocations"
            if streams
            else "2015-03-31/functions/{}/invocations"
        )
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/" + action.format(function)
        mode = {"responseTransferMode": "STREAM", "timeoutMilliseconds": 60_000} if streams else {}
        self.make(
            "integration:Integration",
            f"{http_method}{path}",
            **key,
            **{"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri, **mode, **options},
        )
        if permit:
            self.permit(function, f"{self.api['executionArn']}/*/*")

    def authorizer(self, function: str, *, permit: bool = True, **options: Any) -> str:
        """Create a TOKEN authorizer and return its id."""
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
        made = self.make("authorizer:Authorizer", "key", restApi=self.api_id, authorizerUri=uri, **options)
        if permit:
            self.permit(function, f"{self.api['executionArn']}/authorizers/{made['id']}")
        return str(made["id"])

    def permit(self, function: str, source_arn: str) -> None:
        self.cloud.client("lambda").add_permission(
            FunctionName=function,
            StatementId=f"s{abs(hash((function, source_arn, self.name)))}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source_arn,
        )

    def respond(self, kind: str, template: str = "", **options: Any) -> None:
        """Set a gateway response."""
        templates = {"responseTemplates": {"application/json": template}} if template else {}
        self.make("response:Response", kind, restApiId=self.api_id, responseType=kind, **templates, **options)

    def deploy(self) -> str:
        """Freeze the API as it is; return the deployment's id."""
        self.deployments += 1
        made = self.make("deployment:Deployment", f"d{self.deployments}", restApi=self.api_id, triggers={"n": "1"})
        return str(made["id"])

    def stage(self, name: str = "v1", **options: Any) -> None:
        """Deploy and put a stage on it."""
        self.make("stage:Stage", name, restApi=self.api_id, stageName=name, deployment=self.deploy(), **options)

    def settings(self, path: str = "*/*", **settings: Any) -> None:
        """Set method settings of the stage `v1`."""
        self.make(
            "methodSettings:MethodSettings",
            path,
            restApi=self.api_id,
            stageName="v1",
            methodPath=path,
            settings=settings,
        )

    def _path(self, path: str) -> str:
        parent = str(self.api["rootResourceId"])
        walked = ""
        for part in path.strip("/").split("/") if path.strip("/") else ():
            walked += f"/{part}"
            if walked not in self._paths:
                made = self.make("resource:Resource", walked, restApi=self.api_id, parentId=parent, pathPart=part)
                self._paths[walked] = str(made["id"])
            parent = self._paths[walked]
        return parent


def seen_events(path: Any) -> list[Mapping[str, Any]]:
    """Return what an authorizer of `ALLOW_ALL` was asked."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def raw_exchange(url: str, path: str, method: str = "GET") -> bytes:
    """Return everything that a server sends to one request until it closes the connection."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    everything = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return everything
