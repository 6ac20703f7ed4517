"""Speaks the provider protocol as the engine does, in plain values, to a plugin in this process or one of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from leanto.embedded.plugin.main import serve
from leanto.embedded.plugin.marshal import decode, encode
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.servicer import Provider

PROJECT = "urn:pulumi:dev::demo::"


@dataclass(frozen=True)
class Made:
    """What the engine would keep of a resource."""

    urn: str
    resource_id: str
    inputs: Props
    outputs: Props


class Plugin:
    """One plugin, configured for one region."""

    def __init__(self, port: int, process: subprocess.Popen[str] | None = None) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.process = process

    def configure(self, region: str = "eu-west-1", default_tags: str = '{"tags": {"owner": "platform"}}') -> None:
        args = {"region": region, "defaultTags": default_tags, "version": "7.51.1"}
        self.stub.Configure(pb.ConfigureRequest(args=encode(args)))

    def check(self, token: str, name: str, news: Props, olds: Props | None = None) -> Props:
        request = pb.CheckRequest(
            urn=f"{PROJECT}{token}::{name}", news=encode(news), olds=encode(olds or {}), randomSeed=os.urandom(32)
        )
        response = self.stub.Check(request)
        assert list(response.failures) == []
        return decode(response.inputs)

    def plan(self, token: str, name: str, inputs: Props) -> Props:
        request = pb.CreateRequest(urn=f"{PROJECT}{token}::{name}", properties=encode(inputs), preview=True)
        response = self.stub.Create(request)
        assert response.id == ""
        return decode(response.properties)

    def create(self, token: str, name: str, inputs: Props) -> Made:
        urn = f"{PROJECT}{token}::{name}"
        response = self.stub.Create(pb.CreateRequest(urn=urn, properties=encode(inputs)))
        return Made(urn, response.id, inputs, decode(response.properties))

    def make(self, token: str, name: str, news: Props | None = None) -> Made:
        """Check and create."""
        return self.create(token, name, self.check(token, name, news or {}))

    def diff(self, made: Made, news: Props, ignored: tuple[str, ...] = ()) -> Any:
        return self.stub.Diff(
            pb.DiffRequest(
                id=made.resource_id,
                urn=made.urn,
                olds=encode(made.outputs),
                old_inputs=encode(made.inputs),
                news=encode(news),
                ignoreChanges=ignored,
            )
        )

    def update(self, made: Made, news: Props, *, preview: bool = False) -> Props:
        response = self.stub.Update(
            pb.UpdateRequest(
                id=made.resource_id,
                urn=made.urn,
                olds=encode(made.outputs),
                old_inputs=encode(made.inputs),
                news=encode(news),
                preview=preview,
            )
        )
        return decode(response.properties)

    def read(self, made: Made) -> tuple[str, Props, Props]:
        """Return id, outputs and inputs."""
        response = self.stub.Read(
            pb.ReadRequest(
                id=made.resource_id, urn=made.urn, inputs=encode(made.inputs), properties=encode(made.outputs)
            )
        )
        return response.id, decode(response.properties), decode(response.inputs)

    def delete(self, made: Made) -> None:
        self.stub.Delete(pb.DeleteRequest(id=made.resource_id, urn=made.urn, properties=encode(made.outputs)))

    def invoke(self, token: str, args: Props | None = None) -> Props:
        response = self.stub.Invoke(pb.InvokeRequest(tok=token, args=encode(args or {})))
        return decode(getattr(response, "return"))

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty())


@contextmanager
def in_process(environment: Mapping[str, str]) -> Iterator[Plugin]:
    """Serve a plugin from this process."""
    server, port = serve(Provider(environment))
    plugin = Plugin(port)
    try:
        yield plugin
    finally:
        plugin.channel.close()
        server.stop(None).wait()


@contextmanager
def own_process(environment: Mapping[str, str]) -> Iterator[Plugin]:
    """Start a plugin as the engine does: port from its first line, standard input held open."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "leanto.embedded.plugin.main", "--logtostderr", "-v=3", "127.0.0.1:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
    )
    assert process.stdout is not None
    plugin = Plugin(int(process.stdout.readline()), process)
    try:
        yield plugin
    finally:
        plugin.channel.close()
        if process.poll() is None:
            process.kill()
        process.communicate()
