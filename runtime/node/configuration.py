"""What the boot script tells the agent: one JSON file, read once at start."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runtime.errors import ConfigurationError

ENGINES = ("llama.cpp", "vllm")


@dataclass(frozen=True)
class NodeConfiguration:
    """Where the agent listens, which engine it stands before, and where it writes down its state.

    Times are in seconds. `slots` is how many requests the engine works on at once, `queue_per_slot` how many may wait
    for each. `drain_seconds` is how long running requests are left after the order to drain, `spot_drain_seconds` after
    the notice that a spot instance ends. `engine_restart_file` is touched to have the engine started anew.
    """

    table: str
    region: str
    model: str
    engine: str
    engine_url: str
    engine_key_file: Path
    engine_restart_file: Path
    certificate_file: Path
    key_file: Path
    phases_file: Path
    address: str
    port: int
    slots: int
    listen: str = "0.0.0.0"  # noqa: S104 - the security group lets the relay in and nobody else
    queue_per_slot: int = 1
    start_seconds: float = 300.0
    drain_seconds: float = 120.0
    spot_drain_seconds: float = 90.0
    heartbeat_seconds: float = 5.0
    probe_seconds: float = 30.0


def load_configuration(path: Path) -> NodeConfiguration:
    """Read the file at `path`; raises ConfigurationError naming the file and the key that is wrong."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the agent's configuration {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"the agent's configuration {path} is not JSON") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"the agent's configuration {path} is no JSON object")
    return _checked(NodeConfiguration(**_values(path, document)), path)


def _values(path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {field.name: field.type for field in fields(NodeConfiguration)}
    defaults = {field.name for field in fields(NodeConfiguration) if field.default is not MISSING}
    if unknown := sorted(document.keys() - kinds.keys()):
        raise ConfigurationError(f"the agent's configuration {path} has {', '.join(unknown)}, which nobody reads")
    if missing := sorted(kinds.keys() - document.keys() - defaults):
        raise ConfigurationError(f"the agent's configuration {path} lacks {', '.join(missing)}")
    return {name: _value(path, name, kinds[name], value) for name, value in document.items()}


def _value(path: Path, name: str, kind: Any, value: Any) -> Any:
    wanted: tuple[type, ...] = {Path: (str,), float: (int, float)}.get(kind, (kind,))
    if isinstance(value, bool) or not isinstance(value, wanted) or value == "":
        names = " or ".join(one.__name__ for one in wanted)
        raise ConfigurationError(f"{name} in the agent's configuration {path} is {value!r}; it must be {names}")
    return kind(value)


def _checked(read: NodeConfiguration, path: Path) -> NodeConfiguration:
    url = urlsplit(read.engine_url)
    problems = {
        "engine": read.engine in ENGINES or f"one of {', '.join(ENGINES)}",
        "engine_url": (url.scheme == "http" and _is_loopback(url.hostname)) or "http://127.0.0.1:<port>",
        "port": 0 <= read.port <= 65535 or "a port",
        "slots": read.slots >= 1 or "at least 1",
        "queue_per_slot": read.queue_per_slot >= 0 or "at least 0",
        "heartbeat_seconds": read.heartbeat_seconds > 0 or "more than 0",
        "probe_seconds": read.probe_seconds > 0 or "more than 0",
    }
    for name, allowed in problems.items():
        if allowed is not True:
            value = getattr(read, name)
            raise ConfigurationError(f"{name} in the agent's configuration {path} is {value!r}; it must be {allowed}")
    return read


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
