"""Images in requests: where they stand, and how many tokens of text they are not; pure.

An image costs tokens by its size, which is not looked at: each is taken at the most that its model's provider bills for
one, whatever its size. `detail` lowers that where the provider says so. What is sent in the request as base64 is no
text, so its bytes are none of the prompt's; what is named by an address the provider fetches, not the gateway.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from runtime.decide.endpoints import CHAT, INPUTS, RESPONSES

PARTS: Mapping[str, str] = MappingProxyType({CHAT: "image_url", RESPONSES: "input_image"})
"""Endpoint -> the type of the parts of messages that are images; elsewhere there are none."""

HOLDERS = ("content", "output")
"""Members of a message or an item that hold parts: what is said, and what a tool gave back."""

_INLINE = re.compile(r"data:image/(png|jpeg|jpg|gif|webp);base64,")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Images:
    """How many images a request holds: at high detail, at low, and at what the provider makes of them.

    `inline_bytes` is how much of the request's text they are.
    """

    high: int = 0
    low: int = 0
    other: int = 0
    inline_bytes: int = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.count)

    @property
    def count(self) -> int:
        """How many there are in all."""
        return self.high + self.low + self.other


def image_parts(fields: Mapping[str, Any], endpoint: str) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a request that are images, wherever they stand in its messages or its input."""
    given = fields.get(INPUTS[endpoint])
    for holder in given if isinstance(given, list) else ():
        for name in HOLDERS if isinstance(holder, Mapping) else ():
            parts = holder.get(name)
            yield from (part for part in parts if is_image(part, endpoint)) if isinstance(parts, list) else ()


def is_image(part: Any, endpoint: str) -> bool:
    """Return whether a part of a message is an image."""
    return isinstance(part, Mapping) and endpoint in PARTS and part.get("type") == PARTS[endpoint]


def is_by_address(part: Mapping[str, Any]) -> bool:
    """Return whether the provider would have to fetch an image."""
    return not _url(part).startswith("data:")


def flaw(part: Mapping[str, Any]) -> str:
    """Return why an image's cost has no bound; empty when it has one."""
    url = _url(part)
    if part.get("file_id") is not None or not url:
        return "an image must be given by its address or as data: URL, not as a file that the provider keeps"
    if url.startswith("data:"):
        known = _INLINE.match(url) and url.isascii()
        return "" if known else "only images of PNG, JPEG, GIF and WebP in base64 are priced, as data:image/…;base64,…"
    return "" if _ADDRESS.match(url) else "an image's address must begin with https:// or http://"


def counted(parts: Iterable[Mapping[str, Any]]) -> Images:
    """Return what images a request holds."""
    details = {"high": 0, "low": 0, "other": 0}
    inline = 0
    for part in parts:
        detail = _detail(part)
        details[detail if detail in ("high", "low") else "other"] += 1
        url = _url(part)
        inline += len(url) if url.startswith("data:") else 0
    return Images(**details, inline_bytes=inline)


def _url(part: Mapping[str, Any]) -> str:
    given = part.get("image_url")
    if isinstance(given, Mapping) and part.get("type") == PARTS[CHAT]:
        given = given.get("url")
    return given if isinstance(given, str) else ""


def _detail(part: Mapping[str, Any]) -> Any:
    """Return the detail that is asked for: beside the address, which chat's parts have in an object with it."""
    holder = part.get("image_url") if part.get("type") == PARTS[CHAT] else part
    return holder.get("detail") if isinstance(holder, Mapping) else None
