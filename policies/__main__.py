"""The pack as a process of Pulumi's engine: run as a folder by the language host, or as a program by `leanto up`.

`LEANTO_POLICY_PROFILE` names the profile where the configuration names none; without it the strictest holds.
`LEANTO_POLICY_ROOT` names the folder with the files of exemptions; without it the folder that the pack lies in.
"""

import datetime as dt
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Run as a folder, Python puts that folder first: `import stack` would then find ours. The package's parent takes its
# place, so that `policies` is found wherever the environment comes from.
sys.path[:] = [str(HERE.parent), *(row for row in sys.path if Path(row or ".").resolve() not in {HERE, HERE.parent})]

import grpc  # noqa: E402 - after the path is set
from pulumi.runtime.proto import analyzer_pb2_grpc  # noqa: E402

from policies.engine import Servicer  # noqa: E402
from policies.exemption_file import read  # noqa: E402
from policies.pack import RULES  # noqa: E402
from policies.profiles import PROFILES, STRICTEST  # noqa: E402
from policies.rule import Rule  # noqa: E402

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
WORKERS = 4
UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def serve(rules: Sequence[Rule]) -> tuple[grpc.Server, int]:
    """Start serving rules on a free loopback port; return the server and the port."""
    today = dt.datetime.now(dt.UTC).date()
    root = Path(os.environ.get("LEANTO_POLICY_ROOT") or HERE.parent)
    servicer = Servicer(rules, profile=profile(), today=today, exemptions=read(root, rules, today))
    server = grpc.server(futures.ThreadPoolExecutor(WORKERS), options=UNLIMITED)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def profile() -> str:
    """Return the profile that the environment names. A wrong name ends the process: nothing weaker is guessed."""
    name = os.environ.get("LEANTO_POLICY_PROFILE") or STRICTEST
    if name not in PROFILES:
        sys.exit(f"LEANTO_POLICY_PROFILE is {name!r}; allowed: {', '.join(PROFILES)}")
    return name


def end_with_the_engine() -> None:
    """End this process when the engine's end of the pipe closes; a killed engine says nothing."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def wait_for_end() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="engine-watch", daemon=True).start()


def main(rules: Sequence[Rule] = RULES) -> None:
    """Serve rules until the engine is done."""
    # Blocked before any thread exists, so that all of them inherit it and the signal waits for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    end_with_the_engine()
    server, port = serve(rules)
    print(port, flush=True)
    signal.sigwait(SIGNALS)
    server.stop(1).wait(2)
    os._exit(0)


if __name__ == "__main__":
    main()
