"""Runs somebody's Pulumi program with their own interpreter, against a monitor that somebody else serves.

Run by its path, so it imports nothing of ours and keeps to what any SDK since 3.100 has. Arguments: the numbers of two
pipes. It reports on the second one, a line of JSON each: first that it is ready, in the end how the program ended. The
first one gives it what to run, once the monitor is there.
"""

from __future__ import annotations

import asyncio
import faulthandler
import inspect
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

MAXIMUM_MESSAGE = 2000
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")  # noqa: S104 - addresses that are allowed, none bound

REFUSED: set[str] = set()
"""The machines that the program wanted to reach."""


class NetworkRefusedError(Exception):
    """The program wants to talk to another machine, which a check does without."""


def main() -> int:
    """Run the program; the exit code says whether it ended well."""
    instructions, report = int(sys.argv[1]), os.fdopen(int(sys.argv[2]), "w", buffering=1, encoding="utf-8")
    faulthandler.register(signal.SIGUSR1, file=report, all_threads=False)
    try:
        import pulumi  # noqa: PLC0415 - without it there is something to report
        import pulumi.runtime  # noqa: PLC0415
    except ImportError as missing:
        tell(report, {"error": {"kind": "no-sdk", "message": str(missing)}})
        return 1
    tell(report, {"ready": {"path": sys.path}})
    with os.fdopen(instructions, encoding="utf-8") as pipe:
        task = json.loads(pipe.readline())
    prepare(pulumi, task)
    error = run(pulumi, task)
    sys.stdout.flush()
    sys.stderr.flush()
    tell(report, {"error": described(error, task["root"])} if error else {"done": sorted(REFUSED)})
    return 1 if error else 0


def tell(report: Any, what: dict[str, Any]) -> None:
    """Write one line of the report."""
    report.write(json.dumps(what) + "\n")


def prepare(pulumi: Any, task: dict[str, Any]) -> None:
    """Set the runtime up as the official host does, and keep the program from the network."""
    os.environ["PULUMI_CONFIG"] = json.dumps(task["configuration"])
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(task["secret_keys"])
    pulumi.runtime.set_all_config(task["configuration"], task["secret_keys"])
    settings = {
        "monitor": task["address"],
        "engine": task["address"],
        "project": task["project"],
        "stack": task["stack"],
        "organization": task["organization"],
        "root_directory": task["root"],
        "parallel": 16,
        "dry_run": True,
    }
    known = inspect.signature(pulumi.runtime.Settings.__init__).parameters
    pulumi.runtime.configure(pulumi.runtime.Settings(**{key: row for key, row in settings.items() if key in known}))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.argv = [task["program"]]
    sys.path[:] = [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120
    os.chdir(task["cwd"])
    tell_own_lines(task["root"])
    sys.addaudithook(refuse_network)


def tell_own_lines(root: str) -> None:
    """Make SDKs that send no stack trace send the program's own line; some of them send one of a package instead."""
    from pulumi.runtime import resource  # noqa: PLC0415
    from pulumi.runtime.proto import source_pb2  # noqa: PLC0415

    def position(*_: Any) -> Any:
        frame: FrameType | None = inspect.currentframe()
        while frame is not None and not is_own(frame.f_code.co_filename, root):
            frame = frame.f_back
        return frame and source_pb2.SourcePosition(uri=Path(frame.f_code.co_filename).as_uri(), line=frame.f_lineno)

    if hasattr(resource, "_get_source_position") and not hasattr(resource, "_get_stack_trace"):
        setattr(resource, "_get_source_position", position)  # noqa: B010 - its form differs between SDKs


def is_own(file: str, root: str) -> bool:
    """Tell whether a file lies in the project and in no environment of it."""
    return os.path.abspath(file).startswith(root + os.sep) and "site-packages" not in file  # noqa: PTH100


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise when the program looks up or connects to another machine, and keep which."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
    if not text.startswith(LOOPBACK):
        REFUSED.add(text)
        raise NetworkRefusedError(f"the program wants to reach {text}: a check runs without network")


def run(pulumi: Any, task: dict[str, Any]) -> BaseException | None:
    """Run the program as a stack; return what it raised."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        program = lambda: runpy.run_path(task["program"], run_name="__main__") and None  # noqa: E731
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    except SystemExit as error:
        return error if error.code not in {None, 0} else None
    except BaseException as error:
        return error
    finally:
        loop.close()
    return None


def described(error: BaseException, root: str) -> dict[str, Any]:
    """Return what to tell of an error: its kind, its text, and the last line of the program's own that led to it."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    told = next((link for link in chain if type(link).__name__ == "ConfigMissingError"), error)
    places = [place for link in (told, *chain) if (place := own_place(link, root))]
    text = f"ended with exit code {error.code}" if isinstance(error, SystemExit) else str(told)
    return {
        "kind": type(told).__name__,
        "message": text[:MAXIMUM_MESSAGE],
        "key": getattr(told, "key", None),
        "module": getattr(told, "name", None) if isinstance(told, ImportError) else None,
        "file": places[0][0] if places else None,
        "line": places[0][1] if places else None,
    }


def own_place(error: BaseException, root: str) -> tuple[str, int] | None:
    """Return the innermost line of the traceback that lies in the project and in no environment of it."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno
    found = None
    for frame in traceback.extract_tb(error.__traceback__):
        if is_own(frame.filename, root) and frame.lineno:
            found = os.path.abspath(frame.filename), frame.lineno  # noqa: PTH100
    return found


if __name__ == "__main__":
    # Threads that hang must not hold the process up once the report is written.
    code = main()
    sys.stdout.flush()
    os._exit(code)
