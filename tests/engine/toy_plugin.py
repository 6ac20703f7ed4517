"""A resource plugin whose things live nowhere: what they do is told by their own inputs. Run as `-m toy_plugin`."""

# ruff: noqa: N802 - the names are those of the protocol

import os
import signal
import stat
import threading
import time
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


def decoded(struct: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(struct)


def encoded(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


class Toy(provider_pb2_grpc.ResourceProviderServicer):
    """Inputs: `value` (read back as `$TOY_DRIFT`), `key` (replaces), `seconds` (to create), `fail` (message)."""

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        old, new = decoded(request.old_inputs), decoded(request.news)
        keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        kind = provider_pb2.DiffResponse.DIFF_SOME if keys else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=keys, replaces=[k for k in keys if k == "key"])

    def Invoke(self, request, context):
        context.abort(grpc.StatusCode.UNKNOWN, "the account does not answer")

    def Create(self, request, context):
        inputs = decoded(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=request.properties)
        time.sleep(inputs.get("seconds", 0))
        if inputs.get("fail"):
            context.abort(grpc.StatusCode.UNKNOWN, inputs["fail"])
        seen = {name: os.environ[name] for name in inputs.get("show", "").split(",") if name in os.environ}
        return provider_pb2.CreateResponse(id=request.name, properties=encoded({**inputs, "seen": seen}))

    def Read(self, request, context):
        inputs, drift = decoded(request.inputs), os.environ.get("TOY_DRIFT")
        if drift == "gone":
            return provider_pb2.ReadResponse()
        if drift:
            inputs["value"] = drift
        return provider_pb2.ReadResponse(id=request.id, properties=encoded(inputs), inputs=encoded(inputs))

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def end_with_the_engine() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    ENDS = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=end_with_the_engine, daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Toy(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    signal.sigwait(ENDS)
    server.stop(1).wait(2)
    os._exit(0)
