"""The gateway with its death planned: when it comes to a named point for the n-th time, the process kills itself.

The environment variable DIE_AT names both, such as `settling:3`. The points are `reserved` (money is put aside),
`sending` (the request is about to leave), `answering` (a piece has gone to the client), `settling` and `settled`.
`python -m tests.runtime.mortal ...` is then `leanto gateway ...`, and `tests.runtime.mortal:app` is what the function
serves.
"""

import itertools
import os
import signal
from typing import Any

from runtime.gateway.app import app
from runtime.gateway.meter import Meter
from runtime.gateway.reply import Reply
from runtime.state.budgets import Budgets

__all__ = ["app"]

VARIABLE = "DIE_AT"

_point, _, _times = os.environ.get(VARIABLE, ":0").partition(":")
_come = itertools.count(1)


def _come_to(point: str) -> None:
    if point == _point and next(_come) == int(_times):
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(owner: type, name: str, *, before: str = "", after: str = "") -> None:
    original = getattr(owner, name)

    async def watched(*arguments: Any, **options: Any) -> Any:
        _come_to(before)
        result = await original(*arguments, **options)
        _come_to(after)
        return result

    setattr(owner, name, watched)


def _note(meter: Meter, name: str, value: object) -> None:
    object.__setattr__(meter, name, value)
    if name == "sent" and value is True:
        _come_to("sending")


_watch(Budgets, "reserve", after="reserved")
_watch(Budgets, "settle", before="settling", after="settled")
_watch(Reply, "start", after="answering")
_watch(Reply, "write", after="answering")
Meter.__setattr__ = _note  # type: ignore[method-assign, assignment]

if __name__ == "__main__":
    from leanto.cli.gateway import command

    command()
