"""Types of which the box emulates a part: what it takes, at which values, and how it waits for AWS."""

import ipaddress
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from leanto.embedded.plugin.errors import RefusedError, RunCancelledError
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import NOTHING, Context, Props
from leanto.embedded.plugin.values import same

Problems = list[tuple[str, str]]

POLL_SECONDS = 0.2
"""The embedded AWS is in this machine, so that asking often costs nothing."""


class EmulatedResource(KeptResource):
    """A type that takes some inputs at one value only, because the box does nothing for the others."""

    fixed: ClassVar[Mapping[str, Any]] = NOTHING
    """Inputs that the official provider knows and the box takes at this value only."""

    def validate(self, inputs: Props) -> Problems:
        """Return the inputs, and the values of inputs, that the box does not emulate."""
        return super().validate({key: value for key, value in inputs.items() if key not in self.fixed}) + [
            (key, f"is {inputs[key]!r}, and AWS in a box emulates {self.token} with {value!r} only")
            for key, value in self.fixed.items()
            if key in inputs and not same(inputs[key], value)
        ]


def one_of(inputs: Mapping[str, Any], key: str, allowed: tuple[Any, ...]) -> Problems:
    """Return the problem of a given input that is none of the `allowed` values."""
    if key not in inputs or inputs[key] in allowed:
        return []
    return [(key, f"is {inputs[key]!r}, AWS takes {', '.join(str(value) for value in allowed)}")]


def at_most_one(inputs: Mapping[str, Any], keys: tuple[str, ...]) -> Problems:
    """Return the problem of inputs of which AWS wants one. None given is none here: an unknown one is absent too."""
    given = [key for key in keys if key in inputs]
    return [(key, f"is given together with {given[0]}; give exactly one of {', '.join(keys)}") for key in given[1:]]


def chosen(inputs: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Return which of `keys` is given; raise `RefusedError` unless it is exactly one."""
    given = [key for key in keys if key in inputs]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise RefusedError("MissingParameter", f"give exactly one of {', '.join(keys)}; given: {found}")
    return given[0]


def network_problems(inputs: Mapping[str, Any], key: str, shortest: int = 0, longest: int = 128) -> Problems:
    """Return the problem of an input that must be a network such as `10.0.0.0/16`, with bounds on its prefix length."""
    if key not in inputs:
        return []
    try:
        network = ipaddress.ip_network(inputs[key])
    except ValueError as error:
        return [(key, f"is {inputs[key]!r}, which is no network: {error}")]
    if not shortest <= network.prefixlen <= longest:
        return [(key, f"is {inputs[key]!r}, AWS takes prefix lengths from /{shortest} to /{longest}")]
    return []


def wait_until(ctx: Context, done: Callable[[], bool], seconds: float, code: str, message: str) -> None:
    """Wait until `done`; raise `RefusedError(code, message)` after `seconds`, `RunCancelledError` on cancel."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            raise RefusedError(code, message)
        if ctx.cancelled.wait(POLL_SECONDS):
            raise RunCancelledError(f"cancelled while waiting: {message}")
