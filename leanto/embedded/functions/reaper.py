"""Ends process groups when whoever watches over them is gone. Run as a script, on nothing but the standard library.

Reads lines from standard input: `+PGID` for a group to watch, `-PGID` for one that has ended. When the input ends, its
writer is dead or done, and every group that is still watched is killed. This covers a writer that was killed itself.
"""

import os
import signal
import sys


def main() -> int:
    """Watch until the input ends, then kill what is left."""
    # A terminal's Ctrl-C goes to everybody in the foreground; the reaper has to outlive those it watches.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        if line.startswith("+"):
            watched.add(int(line[1:]))
        elif line.startswith("-"):
            watched.discard(int(line[1:]))
    for group in watched:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return 0


if __name__ == "__main__":
    sys.exit(main())
