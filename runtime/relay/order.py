"""What the gateway orders of the relay: which node to ask, and how long; only the pool's nodes are asked; pure."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runtime.decide.relaying import ALL_SECONDS, FINGERPRINT, FIRST_BYTE_SECONDS, NODE, PATHS
from runtime.errors import ConfigurationError, SafeError

MAXIMUM_SECONDS = 900.0
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")


class RefusedError(SafeError):
    """An order that the relay does not carry out; the text quotes nothing of it."""


@dataclass(frozen=True)
class Place:
    """Where nodes may be: private networks and the one port on which they listen."""

    networks: tuple[ipaddress.IPv4Network, ...]
    port: int

    @classmethod
    def from_variables(cls, variables: Mapping[str, str]) -> "Place":
        """Read LEANTO_NODE_NETWORKS and LEANTO_NODE_PORT; raises ConfigurationError."""
        try:
            networks = [ipaddress.IPv4Network(one) for one in variables["LEANTO_NODE_NETWORKS"].split(",")]
            return cls(tuple(networks), int(variables["LEANTO_NODE_PORT"]))
        except KeyError as error:
            raise ConfigurationError(f"the environment variable {error.args[0]} is not set; deploy again") from None
        except ValueError:
            wanted = "IPv4 networks such as 10.42.0.0/20 with commas between, and the number of a port"
            raise ConfigurationError(f"LEANTO_NODE_NETWORKS and LEANTO_NODE_PORT must be {wanted}") from None


@dataclass(frozen=True)
class Order:
    """A node to ask, the SHA-256 of the certificate that it must show, the path, and the seconds that are left."""

    address: str
    port: int
    fingerprint: bytes
    path: str
    first_byte_seconds: float
    all_seconds: float


def read_order(method: str, path: str, headers: Iterable[tuple[bytes, bytes]], place: Place) -> Order:
    """Return the order; raises RefusedError for what is not a node of the pool, or not a path of its models."""
    given = _once(headers)
    if method != "POST" or path not in PATHS:
        raise RefusedError(f"only POST to {', '.join(PATHS)} is relayed")
    address, _, port = given.get(NODE, "").partition(":")
    if not _is_in(address, place.networks) or port != str(place.port):
        raise RefusedError("the node is not an IPv4 address of the pool's networks with the nodes' port")
    fingerprint = given.get(FINGERPRINT, "")
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise RefusedError("the fingerprint is not 64 hexadecimal digits in lower case")
    first, whole = (_seconds(given.get(name, "")) for name in (FIRST_BYTE_SECONDS, ALL_SECONDS))
    return Order(address, place.port, bytes.fromhex(fingerprint), path, min(first, whole), whole)


def _once(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by name; raises RefusedError for one of ours that stands twice."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").lower()
        if name in found and name.startswith("x-leanto-"):
            raise RefusedError("an order's header stands twice")
        found[name] = raw_value.decode("latin-1")
    return found


def _is_in(address: str, networks: Iterable[ipaddress.IPv4Network]) -> bool:
    """Whether it is an address in plain decimal form, of one of the networks; names are never looked up."""
    if not _ADDRESS.fullmatch(address):
        return False
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= MAXIMUM_SECONDS:
        raise RefusedError(f"the seconds that are left must be a number above 0 and at most {MAXIMUM_SECONDS:.0f}")
    return seconds
