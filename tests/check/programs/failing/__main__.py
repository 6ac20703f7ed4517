"""Fails in the way that its setting `how` names."""

import os
import socket
import sys
import time

import pulumi
from ways import deep

how = pulumi.Config().require("how")
print("about to fail")
thing = pulumi.CustomResource("aws:sqs/queue:Queue", "q", {"name": "q"})
if how == "raise":
    deep({})
elif how == "apply":
    pulumi.Output.from_input(thing.id).apply(lambda name: deep({"size": name}))
elif how == "module":
    import a_package_that_is_nowhere  # noqa: F401
elif how == "network":
    socket.create_connection(("example.com", 443), timeout=1)
elif how == "exit":
    sys.exit("enough")
elif how == "die":
    os._exit(3)
elif how == "twice":
    pulumi.CustomResource("aws:sqs/queue:Queue", "q", {"name": "q"})
elif how == "told":
    raise pulumi.RunError("set the size")
elif how == "transform":
    pulumi.CustomResource("aws:sqs/queue:Queue", "t", {}, pulumi.ResourceOptions(transforms=[lambda args: deep({})]))
elif how == "hang":
    time.sleep(60)
