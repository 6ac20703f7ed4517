"""Errors of the code that runs in AWS, and how one is told without telling what a client sent.

An exception may carry anything in its message: a piece of a prompt that did not parse, a header, a key. So only
messages of `SafeError` are ever logged or returned to Lambda; of every other exception the type and the places in the
code are told.
"""

import traceback
from typing import TypedDict


class SafeError(Exception):
    """An error whose message holds no request content and no secret, so it may be logged and returned."""


class ConfigurationError(SafeError):
    """The function was deployed with an environment or a document that it cannot work with."""


class ErrorReport(TypedDict):
    """An error as the Lambda Runtime API takes it, and as our log lines show it."""

    errorType: str
    errorMessage: str
    stackTrace: list[str]


WITHHELD = "details are withheld because they may hold request content; see errorType and stackTrace"


def report_error(error: BaseException, *, show_message: bool = False) -> ErrorReport:
    """Return what may be told about an error: type and code places, and the message if it is safe.

    `show_message` is for the time before the first request, when no message can hold request content.
    """
    safe = show_message or isinstance(error, SafeError)
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error) if safe else WITHHELD,
        "stackTrace": [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames],
    }
