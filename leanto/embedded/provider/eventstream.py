"""Writes AWS's binary event stream, as the stand-in for Bedrock sends it: see https://smithy.io/2.0/aws/amazon-eventstream.html."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

TEXT = 7


def event(kind: str, document: Any) -> bytes:
    """Return a message that holds an event."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(document).encode())


def exception(kind: str, text: str) -> bytes:
    """Return a message that ends a stream with one of the service's exceptions."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, json.dumps({"message": text}).encode())


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return a message with headers that are texts."""
    written = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(written) + len(payload), len(written))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + written + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def _header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + bytes([TEXT]) + struct.pack(">H", len(value)) + value
