"""The program behind every stand-in of an instance: asks the box what to print, or what to become.

Run as a script on the standard library alone: `caller.py FILE NAME ARGUMENT...`, where the file says whom to ask. Ends
with 255 when no box answers.
"""

import json
import os
import socket
import sys

UNREACHABLE = 255


def main(path: str, name: str, *argv: str) -> int:
    """Ask, print what is answered, and return the exit status, unless this process becomes another."""
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib takes as long to load as all of this
            port, token = file.read().split()
        question = {"token": token, "name": name, "argv": argv, "pid": os.getpid()}
        with socket.create_connection(("127.0.0.1", int(port))) as connection, connection.makefile("rwb") as stream:
            stream.write(json.dumps(question).encode() + b"\n")
            stream.flush()
            reply = json.loads(stream.readline())
    except (OSError, ValueError):
        sys.stderr.write(f"{name}: the box does not answer\n")
        return UNREACHABLE
    for text, out in ((reply["stdout"], sys.stdout), (reply["stderr"], sys.stderr)):
        if text:
            out.write(text + "\n")
            out.flush()
    if reply["become"]:
        os.execve(reply["become"][0], reply["become"], {**os.environ, **reply["variables"]})  # noqa: S606
    return int(reply["status"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
