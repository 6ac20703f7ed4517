"""The real llama.cpp server on the CPU, taking the command line of `llama-server` as the nodes' units give it.

`python -m leanto.embedded.instances.llama_server --model FILE --port N ...` serves until it is ended. The server is the
C++ one of the package xllamacpp; only its command line is read here. Flags that mean nothing without a GPU are taken
and left out, unknown ones are refused as the real program refuses them, with exit status 1.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from xllamacpp import CommonParams, Server

GPU_ONLY = ("--n-gpu-layers", "--fit", "--flash-attn", "--cache-ram")
WITHOUT_VALUE = ("--no-kv-unified", "--no-slots", "--no-ui", "--offline", "--no-cors-credentials")


class _Parser(argparse.ArgumentParser):
    """Ends with 1 for a wrong command line, as llama-server does, not with 2."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        sys.stderr.write(f"error: {message}\n")
        raise SystemExit(1)


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    found = _Parser(prog="llama-server", allow_abbrev=False, description=__doc__)
    found.add_argument("--model", type=Path, required=True)
    found.add_argument("--alias", default="")
    found.add_argument("--host", default="127.0.0.1")
    found.add_argument("--port", type=int, default=8080)
    found.add_argument("--api-key-file", type=Path)
    found.add_argument("--ctx-size", type=int, default=0)
    found.add_argument("--parallel", type=int, default=1)
    found.add_argument("--threads", type=int, default=1)
    found.add_argument("--timeout", type=int, default=600)
    found.add_argument("--sse-ping-interval", type=int, default=30)
    found.add_argument("--cors-origins", default="")
    found.add_argument("--metrics", action="store_true")
    for name in GPU_ONLY:
        found.add_argument(name)
    for name in WITHOUT_VALUE:
        found.add_argument(name, action="store_true")
    return found


def parameters(options: argparse.Namespace) -> CommonParams:
    """Return what the server is started with; ends with exit status 1 for files that are not there, as it does."""
    if not options.model.is_file():
        raise SystemExit("error: the model cannot be loaded")
    params = CommonParams()
    params.model.path = str(options.model)
    params.model_alias = {options.alias} if options.alias else set()
    params.hostnames = [options.host]
    params.port = options.port
    params.n_ctx = options.ctx_size
    params.n_parallel = options.parallel
    params.kv_unified = not options.no_kv_unified
    params.timeout_read = params.timeout_write = options.timeout
    params.sse_ping_interval = options.sse_ping_interval
    params.warmup = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.endpoint_metrics = options.metrics
    params.ui = False
    if options.api_key_file is not None:
        # An empty file is a server open to everybody, with the real program too.
        params.api_keys = options.api_key_file.read_text("utf-8").split()
    return params


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM."""
    options = parser().parse_args(arguments)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server = Server(parameters(options))
    sys.stderr.write(f"listening on {server.listening_address}\n")
    ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
