"""The loopback addresses of one box: the private address 10.42.3.4 of an instance is 127.n.3.4 on this machine.

The number n belongs to one box at a time, so boxes side by side do not meet. Linux has the whole of 127.0.0.0/8; other
systems have 127.0.0.1 alone, and no instances.
"""

import ipaddress
import os
import socket

NUMBERS = 254
CLAIM_HOST, CLAIM_PORT = "255.254", 8442
"""A box holds its number by holding this place; no node listens there."""


class Loopback:
    """The addresses of a box, held until `close`."""

    def __init__(self, number: int, claim: socket.socket | None = None) -> None:
        self.number = number
        self._claim = claim

    @classmethod
    def claim(cls) -> "Loopback | None":
        """Return addresses that no other box has; None where the system has no such ones."""
        first = os.getpid()
        for step in range(NUMBERS):
            number = (first + step) % NUMBERS + 1
            held = socket.socket()
            try:
                held.bind((f"127.{number}.{CLAIM_HOST}", CLAIM_PORT))
            except OSError:
                held.close()
            else:
                return cls(number, held)
        return None

    def address(self, private: str) -> str:
        """Return where an instance with a private IPv4 address listens."""
        third, fourth = private.split(".")[2:]
        return f"127.{self.number}.{third}.{fourth}"

    def networks(self, private: str) -> str:
        """Return what networks, with commas between, are here; one larger than /16 is the whole of the box."""
        parsed = [ipaddress.IPv4Network(one) for one in private.split(",")]
        return ",".join(
            f"{self.address(str(one.network_address))}/{one.prefixlen}" if one.prefixlen >= 16 else self._all
            for one in parsed
        )

    def close(self) -> None:
        """Give the number up."""
        if self._claim is not None:
            self._claim.close()

    @property
    def _all(self) -> str:
        return f"127.{self.number}.0.0/16"
