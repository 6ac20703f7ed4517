"""What benchmarks aim at, how it is told, and on which machine they ran."""

import datetime as dt
import os
import platform
from dataclasses import dataclass

from benchmarks.gateway_rounds import Spread


@dataclass(frozen=True)
class Aim:
    """One line of a page: what was aimed at, what was found, and whether that is it; None = not measured."""

    what: str
    aim: str
    found: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """The last column."""
        return {True: "met", False: "**missed**", None: "not measured"}[self.met]


def adds(what: str, aim: float, found: Spread) -> Aim:
    """Return an aim for milliseconds that something adds."""
    text = f"{found.middle:.2f} ms ({found.least:.2f} to {found.most:.2f})"
    return Aim(what, f"≤ {aim} ms", text, found.middle <= aim)


def at_most(what: str, aim: float, found: float, unit: str) -> Aim:
    """Return an aim for something that was measured once."""
    return Aim(what, f"≤ {aim} {unit}", f"{found:.2f} {unit}" if found < 10 else f"{found:.0f} {unit}", found <= aim)


def machine() -> str:
    """Return on what this runs."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def today() -> str:
    """Return the date in ISO's form."""
    return dt.datetime.now(dt.UTC).date().isoformat()
