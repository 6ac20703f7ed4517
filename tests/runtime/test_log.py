"""Claim: whatever Python or a library would print is told by type and place, never by its text."""

import json
import subprocess
import sys

import pytest

CANARY = "canary-4711"
GUARDED = """
import asyncio, logging, sys, threading, gc
from runtime.log import install_guards
loop = asyncio.new_event_loop()
install_guards(loop)
{code}
"""


def lines_of(code: str) -> list[dict[str, object]]:
    program = GUARDED.format(code=code.replace("CANARY", repr(CANARY)))
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    assert CANARY not in result.stdout + result.stderr
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise ValueError(CANARY)", {"event": "uncaught", "errorType": "ValueError"}),
        (
            "class D:\n    def __del__(self): raise KeyError(CANARY)\nD()",
            {"event": "unraisable", "errorType": "KeyError"},
        ),
        (
            "def f(): raise OSError(CANARY)\nt = threading.Thread(target=f)\nt.start()\nt.join()",
            {"event": "uncaught", "errorType": "OSError"},
        ),
        (
            "logging.getLogger('lib').warning('x %s', CANARY)",
            {"event": "library_warning", "logger": "lib", "level": "warning"},
        ),
        (
            "try:\n    raise ValueError(CANARY)\nexcept ValueError:\n    logging.getLogger('lib').exception(CANARY)",
            {"event": "library_warning", "errorType": "ValueError", "level": "error"},
        ),
        (
            "loop.call_exception_handler({'message': CANARY, 'exception': ValueError(CANARY)})",
            {"event": "event_loop", "errorType": "ValueError"},
        ),
        ("loop.call_exception_handler({'message': CANARY})", {"event": "event_loop"}),
        ("import warnings\nwarnings.warn(CANARY)", {"event": "library_warning", "logger": "py.warnings"}),
    ],
)
def test_the_text_is_withheld(code: str, expected: dict[str, str]) -> None:
    (line,) = lines_of(code)
    assert line.items() >= expected.items()
