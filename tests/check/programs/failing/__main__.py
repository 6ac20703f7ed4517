"""Fails in the way that its setting `how` names."""

import contextlib
import os
import socket
import sys
import time

import pulumi
from ways import deep


class Queue(pulumi.CustomResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("aws:sqs/queue:Queue", name, {"name": name}, opts)


how = pulumi.Config().require("how")
print("about to fail")
thing = Queue("q")
if how == "raise":
    deep({})
elif how == "apply":
    pulumi.Output.from_input(thing.id).apply(lambda name: deep({"size": name}))
elif how == "module":
    import a_package_that_is_nowhere  # noqa: F401
elif how == "network":
    socket.create_connection(("example.com", 443), timeout=1)
elif how == "network-or-not":
    with contextlib.suppress(Exception):
        socket.create_connection(("example.com", 443), timeout=1)
elif how == "exit":
    sys.exit("enough")
elif how == "die":
    os._exit(3)
elif how == "twice":
    Queue("q")
elif how == "told":
    raise pulumi.RunError("set the size")
elif how == "transform":
    Queue("t", pulumi.ResourceOptions(transforms=[lambda args: deep({})]))
elif how == "hang":
    time.sleep(60)
