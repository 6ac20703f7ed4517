"""Serves a monitor over gRPC on the loopback address, for a program that runs in a process of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf import message_factory
from pulumi.runtime.proto import engine_pb2, resource_pb2

from leanto.check.monitor import Monitor

SERVICES = (
    resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"],
    engine_pb2.DESCRIPTOR.services_by_name["Engine"],
)
WORKERS = 32
"""Calls at a time. A registration with transforms waits for the program to answer, so there must be several."""
UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@dataclass
class Served:
    """A running service: its address, and the first error that a call ended with, if any did."""

    address: str
    error: Exception | None = None


@contextmanager
def serve(monitor: Monitor) -> Iterator[Served]:
    """Serve the methods that `monitor` has on a free port; others are answered as unimplemented, as an engine does."""
    pool = futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="monitor")
    server = grpc.server(pool, options=list(UNLIMITED))
    served = Served("")
    lock = threading.Lock()

    def failed(error: Exception) -> None:
        with lock:
            served.error = served.error or error

    for service in SERVICES:
        handlers = {
            method.name: _handler(method, getattr(monitor, method.name), failed)
            for method in service.methods
            if hasattr(monitor, method.name)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    served.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield served
    finally:
        server.stop(None).wait(2)
        pool.shutdown(wait=False, cancel_futures=True)


def _handler(method: Any, call: Callable[[Any], Any], failed: Callable[[Exception], None]) -> Any:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except Exception as error:
            failed(error)
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=message_factory.GetMessageClass(method.input_type).FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


LEGACY_FEATURES = MappingProxyType(
    {
        "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
        "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
        "replaceWith": resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
        "aliasSpecs": resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
        "transforms": resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
        "invokeTransforms": resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
        "parameterization": resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
        "resourceHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
        "errorHooks": resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    }
)
"""Features by the names under which SDKs before `GetDeploymentInfo` ask for each."""
