"""What the embedded AWS asks of whoever runs functions, and what it gets back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class InvokeResult:
    """The outcome of one invocation: the function's answer, or its error object as payload."""

    payload: bytes
    function_error: str | None = None
    """None, or what the header `X-Amz-Function-Error` says: `Unhandled` (a crash, a timeout) or `Handled`."""
    log_tail: str = ""
    """The last lines that the function wrote; sent when the caller asked for `LogType=Tail`."""
    executed_version: str = "$LATEST"


class InvokeRefusedError(Exception):
    """The function was not run; the caller sees this as an error of the Lambda API.

    `code` is Lambda's own, such as `TooManyRequestsException` with HTTP `status` 429.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


InvokeHook = Callable[[str, bytes, str], InvokeResult]
"""Called with (function name or ARN, payload, region), outside every lock of the embedded AWS, so it may call it."""


class InvokeBrokenError(Exception):
    """The function failed, perhaps after a part of its response: `code` and `details` are those of its error object."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


InvokeStreamHook = Callable[[str, bytes, str], Iterator[bytes]]
"""As `InvokeHook`, for a response that is read while it is written.

Raises InvokeRefusedError at once; the iterator raises InvokeBrokenError where the function fails.
"""
