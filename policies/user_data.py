"""Opens what instances run when they start: base64, gzip, parts of a MIME message and what lies encoded inside."""

import base64
import binascii
import email
import re
import zlib
from collections.abc import Iterator
from email.message import Message

from policies.reading import Unread, Value

GZIP = b"\x1f\x8b"
LARGEST_BYTES = 4 * 1024 * 1024
"""AWS takes 16 KiB; nothing that such data opens to needs more, unless it is made to exhaust memory."""

DEEPEST = 5
ENCODED = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}")
WHOLE = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
MULTIPART = re.compile(r"(?im)\A(?:[^\n]*\n){0,20}?content-type:\s*multipart/")
MOSTLY = 0.9


def texts_of(value: Value) -> tuple[str, ...]:
    """Return every text that user data holds: as it is written, and whatever is encoded in it at any depth.

    Raises Unread when it is unknown, or compressed so that it cannot be opened.
    """
    return tuple(dict.fromkeys(_open(value.text(), value.path, 0)))


def _open(text: str, path: str, depth: int) -> Iterator[str]:
    yield text
    if depth >= DEEPEST:
        return
    if MULTIPART.match(text):
        yield from _parts(text, path, depth)
    joined = re.sub(r"[ \t]*[\r\n]+[ \t]*", "", text.strip())
    if WHOLE.fullmatch(joined):
        yield from _encoded(joined, path, depth, whole=True)
    else:
        for match in ENCODED.finditer(text):
            yield from _encoded(match.group(), path, depth, whole=False)


def _encoded(text: str, path: str, depth: int, *, whole: bool) -> Iterator[str]:
    """A word inside a script that does not decode to text is a word; the whole of it is read as far as it goes."""
    data = _decoded(text)
    if data is None:
        return
    if data.startswith(GZIP):
        data = _unzipped(data, path)
    elif not whole and not _readable(data):
        return
    yield from _open(data.decode("utf-8", errors="replace"), path, depth + 1)


def _decoded(text: str) -> bytes | None:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _unzipped(data: bytes, path: str) -> bytes:
    """Open every member of a gzip file: further ones stand behind the first, as cloud-init reads them."""
    opened = b""
    while data.startswith(GZIP):
        opener = zlib.decompressobj(wbits=31)
        try:
            opened += opener.decompress(data, LARGEST_BYTES + 1)
        except zlib.error:
            raise Unread(path, "it looks like gzip, but cannot be opened") from None
        if len(opened) > LARGEST_BYTES:
            raise Unread(path, f"it opens to more than {LARGEST_BYTES} bytes")
        if not opener.eof:
            raise Unread(path, "it looks like gzip, but ends too early")
        data = opener.unused_data
    return opened


def _parts(text: str, path: str, depth: int) -> Iterator[str]:
    for part in email.message_from_string(text.lstrip()).walk():
        payload = _payload(part)
        if payload.startswith(GZIP):
            payload = _unzipped(payload, path)
        if payload:
            yield from _open(payload.decode("utf-8", errors="replace"), path, depth + 1)


def _payload(part: Message) -> bytes:
    payload = None if part.is_multipart() else part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _readable(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text) and sum(letter.isprintable() or letter.isspace() for letter in text) >= MOSTLY * len(text)
