"""The process `pulumi-resource-aws` of AWS in a box: started by the engine, gone with it.

The engine reads the port from the first line of standard output, and holds standard input open as long as it lives.
At the end it sends Cancel and then SIGINT to the whole group. A killed engine sends nothing, but its end of the pipe
closes.
"""

import os
import signal
import stat
import sys
import threading
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from leanto.embedded.plugin.servicer import Provider

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
WORKERS = 32
"""Calls at a time; the engine sends as many as the resource graph allows."""
GRACE_SECONDS = 1.0


def serve(provider: Provider) -> tuple[grpc.Server, int]:
    """Start serving on a free loopback port; return the server and the port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKERS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def watch_standard_input() -> None:
    """End this process when the engine's end of the pipe closes. A terminal or a file as input is left alone."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def wait_for_end() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="engine-watch", daemon=True).start()


def main() -> None:
    """Serve until the engine says so, is gone, or a signal comes."""
    # Blocked before any thread exists, so that all of them inherit it and the signal waits for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    watch_standard_input()
    provider = Provider(os.environ)
    server, port = serve(provider)
    print(port, flush=True)
    signal.sigwait(SIGNALS)
    provider.cancelled.set()
    server.stop(GRACE_SECONDS).wait(GRACE_SECONDS * 2)
    sys.stdout.flush()
    # Threads that still wait for an answer of AWS must not hold the process up.
    os._exit(0)


if __name__ == "__main__":
    main()
