"""How a transfer tells where it is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    """`say` takes a line for the user; `moved` takes what is under way, how many bytes are done, and of how many."""

    say: Callable[[str], None]
    moved: Callable[[str, int, int], None]


SILENT = Watch(lambda _: None, lambda _what, _done, _total: None)
