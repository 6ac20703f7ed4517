"""The content of one message: text and images, from Chat Completions to Converse; pure."""

import base64
import binascii
import re
from typing import Any

from runtime.gateway.converse.refusals import invalid, only_fields, unsupported

PARAM = "messages"
Block = dict[str, Any]

DATA_URL = re.compile(r"data:image/(png|jpeg|jpg|gif|webp);base64,(.+)", re.DOTALL)


def text_blocks(content: Any) -> list[Block]:
    """Return the blocks of a content that may hold text only; blank pieces are left out, as Converse refuses them."""
    return [block for part in _parts(content) for block in _text(part)]


def blocks(content: Any) -> list[Block]:
    """Return the blocks of a content of text and images."""
    return [block for part in _parts(content) for block in (_image(part) if _is_image(part) else _text(part))]


def _parts(content: Any) -> list[Any]:
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise invalid(PARAM, "must have text or a list of parts as content")
    return [{"type": "text", "text": part} if isinstance(part, str) else part for part in content]


def _is_image(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "image_url"


def _text(part: Any) -> list[Block]:
    if not isinstance(part, dict) or part.get("type") not in ("text", "refusal"):
        raise unsupported(PARAM, "takes text and images only, each where it may stand")
    kind = part["type"]
    only_fields(PARAM, part, frozenset({"type", kind}))
    text = part.get(kind)
    if not isinstance(text, str):
        raise invalid(PARAM, "has a part of text without its text")
    return [{"text": text}] if text.strip() else []


def _image(part: dict[str, Any]) -> list[Block]:
    only_fields(PARAM, part, frozenset({"type", "image_url"}))
    image = part.get("image_url")
    if isinstance(image, str):
        image = {"url": image}
    if not isinstance(image, dict) or not isinstance(image.get("url"), str):
        raise invalid(PARAM, "has an image without its url")
    only_fields(PARAM, image, frozenset({"url", "detail"}))
    if image.get("detail") not in (None, "auto"):
        raise unsupported(PARAM, "has no choice of an image's detail")
    return [{"image": _inline(image["url"])}]


def _inline(url: str) -> Block:
    match = DATA_URL.fullmatch(url)
    if match is None:
        raise unsupported(PARAM, "takes images as data:image/png, jpeg, gif or webp in base64 only, no other URL")
    kind, data = match.groups()
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(PARAM, "has an image that is not base64") from None
    return {"format": "jpeg" if kind == "jpg" else kind, "source": {"bytes": data}}
